// The tables of the evidence in PostgreSQL, step by step.
import type { Migration } from '@app/event-store/nest';

export const evidenceSteps: readonly Migration[] = [
  {
    name: 'evidence',
    sql: `
      CREATE TABLE evidence_leaves (
        leaf_index bigint PRIMARY KEY,
        hash bytea NOT NULL,
        entry bytea NOT NULL,
        event_id text COLLATE "C" NOT NULL UNIQUE,
        stream text COLLATE "C" NOT NULL,
        revision bigint NOT NULL,
        position text COLLATE "C" NOT NULL,
        UNIQUE (stream, revision)
      );
      ALTER TABLE evidence_leaves ALTER entry SET STORAGE MAIN;
      CREATE TABLE evidence_nodes (
        level integer NOT NULL,
        node_index bigint NOT NULL,
        hash bytea NOT NULL,
        PRIMARY KEY (level, node_index)
      );
      CREATE TABLE evidence_checkpoints (
        size bigint PRIMARY KEY,
        note text NOT NULL,
        signed_at bigint NOT NULL
      );
      CREATE TABLE evidence_cosignatures (
        size bigint NOT NULL,
        key text COLLATE "C" NOT NULL,
        line text NOT NULL,
        signed_at bigint NOT NULL,
        PRIMARY KEY (size, key)
      );
      CREATE TABLE evidence_marks (name text COLLATE "C" PRIMARY KEY, text text NOT NULL);
      CREATE TABLE evidence_sequenced (
        one boolean PRIMARY KEY DEFAULT true CHECK (one),
        size bigint NOT NULL,
        position text COLLATE "C"
      );
      INSERT INTO evidence_sequenced (size) VALUES (0)`,
  },
];
