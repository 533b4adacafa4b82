// Evidence in PostgreSQL, where several servers share it: one sequences, the others read what it wrote.
import { StoreError } from '@app/event-store';
import type { PostgresDatabase, PostgresSession, PostgresValue } from '@app/event-store/nest';
import { PostgresError, UNIQUE_VIOLATION } from '@app/event-store/nest';
import { joinedBytes } from './byte-text.js';
import type {
  EventPlace,
  EvidenceClaim,
  LeafBatch,
  SequencedTo,
  StoredCheckpoint,
  StoredCosignature,
  StoredLeaf,
  StoreMark,
} from './evidence-store.js';
import { EvidenceStore } from './evidence-store.js';
import { evidenceSteps } from './postgres.evidence-steps.js';

const LOCK = 'evidence sequencer';

const columns = 'leaf_index, hash, entry, event_id, stream, revision, position';
const select = `SELECT ${columns} FROM evidence_leaves`;
/** The row is locked by it: of two servers that both believe they sequence, one finds another size. */
const ADVANCE = {
  name: 'evidence_advance',
  text: 'UPDATE evidence_sequenced SET size = $2, position = $3 WHERE size = $1',
};
const INSERT_LEAVES = {
  name: 'evidence_leaves_insert',
  text: `INSERT INTO evidence_leaves (${columns}) SELECT * FROM
    unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::text[], $5::text[], $6::bigint[], $7::text[])`,
};
const INSERT_NODES = {
  name: 'evidence_nodes_insert',
  text: 'INSERT INTO evidence_nodes SELECT * FROM unnest($1::integer[], $2::bigint[], $3::bytea[])',
};
const LEAVES_AT = {
  name: 'evidence_leaves_at',
  text: `SELECT ${columns} FROM unnest($1::text[], $2::bigint[]) AS wanted (stream, revision)
    JOIN evidence_leaves USING (stream, revision)`,
};
const ENDS = {
  name: 'evidence_ends',
  text: `SELECT ${columns} FROM unnest($1::text[]) AS wanted (name) CROSS JOIN LATERAL
    (${select} WHERE stream = wanted.name ORDER BY revision DESC LIMIT 1) AS last`,
};

type LeafRow = readonly [number, Uint8Array, Uint8Array, string, string, number, string];

export class PostgresEvidenceStore extends EvidenceStore {
  private constructor(
    private readonly database: PostgresDatabase,
    private readonly ownsDatabase: boolean,
  ) {
    super();
  }

  /** Makes its tables when they are missing. The database stays the caller's to close unless it is handed over. */
  static async open(database: PostgresDatabase, { owned = false } = {}): Promise<PostgresEvidenceStore> {
    await database.migrate('evidence', evidenceSteps);
    return new PostgresEvidenceStore(database, owned);
  }

  async claim(): Promise<EvidenceClaim | undefined> {
    const lock = await this.database.tryLock(LOCK);
    return lock && { lost: lock.lost, release: () => lock.release() };
  }

  async sequencedTo(): Promise<SequencedTo> {
    const [row] = await this.database.query<{ size: number; position: string | null }>(
      'SELECT size, position FROM evidence_sequenced',
    );
    if (!row) throw new StoreError('Corrupt', 'the evidence in PostgreSQL has lost its only row of evidence_sequenced');
    return { size: row.size, position: row.position ?? undefined };
  }

  async append({ from, leaves, nodes, position }: LeafBatch): Promise<void> {
    try {
      await this.database.transaction(async (session) => {
        const advanced = await session.execute(ADVANCE, [from, from + leaves.length, position]);
        if (advanced !== 1) throw conflict(`there are not ${from} leaves`);
        await insertLeaves(session, leaves);
        if (nodes.length === 0) return;
        const lists = [nodes.map(({ level }) => level), nodes.map(({ index }) => index), nodes.map(({ hash }) => hash)];
        await session.execute(INSERT_NODES, lists);
      });
    } catch (error) {
      if (!(error instanceof PostgresError) || error.sqlState !== UNIQUE_VIOLATION) throw error;
      throw conflict('one of the events is in the evidence already');
    }
  }

  async leaves(from: number, to: number): Promise<StoredLeaf[]> {
    const text = `${select} WHERE leaf_index >= $1 AND leaf_index < $2 ORDER BY leaf_index`;
    return this.found({ name: 'evidence_leaves', text }, [from, to]);
  }

  async hashes(level: number, from: number, to: number): Promise<Uint8Array> {
    const text =
      level === 0
        ? 'SELECT hash FROM evidence_leaves WHERE leaf_index >= $1 AND leaf_index < $2 ORDER BY leaf_index'
        : 'SELECT hash FROM evidence_nodes WHERE node_index >= $1 AND node_index < $2 AND level = $3 ORDER BY node_index';
    const values = level === 0 ? [from, to] : [from, to, level];
    const rows = await this.database.rows<[Uint8Array]>(text, values);
    return joinedBytes(rows.map(([hash]) => hash));
  }

  async leafOfEvent(eventId: string): Promise<StoredLeaf | undefined> {
    const statement = { name: 'evidence_leaf_of_event', text: `${select} WHERE event_id = $1` };
    return (await this.found(statement, [eventId]))[0];
  }

  async leavesAt(places: readonly EventPlace[]): Promise<StoredLeaf[]> {
    if (places.length === 0) return [];
    return this.found(LEAVES_AT, [places.map(({ stream }) => stream), places.map(({ revision }) => revision)]);
  }

  async leavesOfStream(stream: string, from: number, limit: number): Promise<StoredLeaf[]> {
    const text = `${select} WHERE stream = $1 AND revision >= $2 ORDER BY revision LIMIT $3`;
    return this.found({ name: 'evidence_stream', text }, [stream, from, limit]);
  }

  async ends(streams: readonly string[]): Promise<StoredLeaf[]> {
    return streams.length === 0 ? [] : this.found(ENDS, [streams]);
  }

  async checkpoint(size?: number): Promise<StoredCheckpoint | undefined> {
    const from = 'SELECT size, note, signed_at FROM evidence_checkpoints';
    if (size !== undefined) return this.checkpointBy(`${from} WHERE size = $1`, [size]);
    return this.checkpointBy(`${from} ORDER BY size DESC LIMIT 1`);
  }

  async checkpointsAfter(size: number, limit: number): Promise<StoredCheckpoint[]> {
    const text = 'SELECT size, note, signed_at FROM evidence_checkpoints WHERE size > $1 ORDER BY size LIMIT $2';
    return this.checkpointsBy(text, [size, limit]);
  }

  async cosignedCheckpoint(): Promise<StoredCheckpoint | undefined> {
    return this.checkpointBy(`SELECT size, note, signed_at FROM evidence_checkpoints
      WHERE size = (SELECT max(size) FROM evidence_cosignatures)`);
  }

  async saveCheckpoint(checkpoint: StoredCheckpoint): Promise<void> {
    await this.saveCheckpoints([checkpoint]);
  }

  async saveCheckpoints(checkpoints: readonly StoredCheckpoint[]): Promise<void> {
    const text = `INSERT INTO evidence_checkpoints SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[])
      ON CONFLICT DO NOTHING`;
    const sizes = checkpoints.map(({ size }) => size);
    const notes = checkpoints.map(({ note }) => note);
    const times = checkpoints.map(({ signedAtMs }) => signedAtMs);
    await this.database.execute(text, [sizes, notes, times]);
  }

  async cosignatures(size: number): Promise<StoredCosignature[]> {
    const rows = await this.database.query<{ key: string; line: string; signed_at: number }>(
      'SELECT key, line, signed_at FROM evidence_cosignatures WHERE size = $1 ORDER BY key',
      [size],
    );
    return rows.map(({ key, line, signed_at: atMs }) => ({ key, line, atMs }));
  }

  async saveCosignatures(size: number, cosignatures: readonly StoredCosignature[]): Promise<void> {
    const text = `INSERT INTO evidence_cosignatures (size, key, line, signed_at) VALUES ($1, $2, $3, $4)
      ON CONFLICT (size, key) DO UPDATE SET line = excluded.line, signed_at = excluded.signed_at`;
    await this.database.transaction(async (session) => {
      for (const { key, line, atMs } of cosignatures) await session.execute(text, [size, key, line, atMs]);
    });
  }

  async forgetLeaves(): Promise<void> {
    await this.database.transaction(async (session) => {
      await session.execute('UPDATE evidence_sequenced SET size = 0, position = NULL');
      await session.execute('TRUNCATE evidence_leaves, evidence_nodes');
    });
  }

  async mark(name: StoreMark): Promise<string | undefined> {
    const [row] = await this.database.query<{ text: string }>('SELECT text FROM evidence_marks WHERE name = $1', [
      name,
    ]);
    return row?.text;
  }

  async keepMark(name: StoreMark, text: string): Promise<string> {
    const insert = 'INSERT INTO evidence_marks (name, text) VALUES ($1, $2) ON CONFLICT DO NOTHING';
    await this.database.execute(insert, [name, text]);
    return (await this.mark(name)) ?? text;
  }

  async setMark(name: StoreMark, text: string | undefined): Promise<void> {
    if (text === undefined) {
      await this.database.execute('DELETE FROM evidence_marks WHERE name = $1', [name]);
      return;
    }
    const upsert = `INSERT INTO evidence_marks (name, text) VALUES ($1, $2)
      ON CONFLICT (name) DO UPDATE SET text = excluded.text`;
    await this.database.execute(upsert, [name, text]);
  }

  async close(): Promise<void> {
    if (this.ownsDatabase) await this.database.close();
  }

  private async checkpointBy(
    text: string,
    values: readonly PostgresValue[] = [],
  ): Promise<StoredCheckpoint | undefined> {
    return (await this.checkpointsBy(text, values))[0];
  }

  private async checkpointsBy(text: string, values: readonly PostgresValue[]): Promise<StoredCheckpoint[]> {
    const rows = await this.database.query<{ size: number; note: string; signed_at: number }>(text, values);
    return rows.map(({ size, note, signed_at: signedAtMs }) => ({ size, note, signedAtMs }));
  }

  private async found(
    statement: { readonly name: string; readonly text: string },
    values: readonly PostgresValue[],
  ): Promise<StoredLeaf[]> {
    const rows = await this.database.rows<LeafRow>(statement, values);
    return rows.map(([index, hash, entry, eventId, stream, revision, position]) => ({
      index,
      hash,
      entry,
      eventId,
      stream,
      revision,
      position,
    }));
  }
}

async function insertLeaves(session: PostgresSession, leaves: readonly StoredLeaf[]): Promise<void> {
  if (leaves.length === 0) return;
  await session.execute(INSERT_LEAVES, [
    leaves.map(({ index }) => index),
    leaves.map(({ hash }) => hash),
    leaves.map(({ entry }) => entry),
    leaves.map(({ eventId }) => eventId),
    leaves.map(({ stream }) => stream),
    leaves.map(({ revision }) => revision),
    leaves.map(({ position }) => position),
  ]);
}

function conflict(message: string): StoreError {
  return new StoreError('WrongExpectedRevision', `the evidence was not written: ${message}`);
}
