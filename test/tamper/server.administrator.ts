// The administrator of an EventStoreDB (its double: a real node has no row that one could edit) and of a PostgreSQL.
import pg from 'pg';
import type { EventStore } from '@app/event-store';
import { EsdbEventStore, PostgresDatabase } from '@app/event-store/nest';
import type { EvidenceStore } from '@app/evidence';
import { openSharedEvidence } from '@app/evidence/nest';
import type { EsdbDouble, StoredEvent } from '../esdb-double/index.js';
import type { Administrator } from './administrator.js';
import type { EventRow, Rows } from './rows.js';

const TICKS_PER_MS = 10_000n;
const silent = { error: () => undefined };

export class ServerAdministrator implements Administrator {
  private readonly system: readonly StoredEvent[];

  private constructor(
    private readonly double: EsdbDouble,
    private readonly schema: string,
    private readonly database: PostgresDatabase,
    private readonly client: pg.Client,
  ) {
    this.system = double.log.filter(({ stream }) => stream.startsWith('$'));
  }

  /** @param schema of the evidence; nobody else uses it */
  static async open(double: EsdbDouble, url: string, schema: string): Promise<ServerAdministrator> {
    const client = new pg.Client(url);
    await client.connect();
    const database = await PostgresDatabase.open({ url, applicationName: 'tamper', schema, log: silent });
    return new ServerAdministrator(double, schema, database, client);
  }

  async read(): Promise<Rows> {
    const table = (name: string, order: string) =>
      this.client.query(`SELECT * FROM ${this.schema}.evidence_${name} ORDER BY ${order}`);
    const leaves = await table('leaves', 'leaf_index');
    const nodes = await table('nodes', 'level, node_index');
    const checkpoints = await table('checkpoints', 'size');
    const sequenced = await table('sequenced', 'one');
    return {
      events: this.double.log.filter(({ stream }) => !stream.startsWith('$')).map(eventRow),
      leaves: leaves.rows.map((row: Record<string, unknown>) => ({
        index: Number(row['leaf_index']),
        hash: bytes(row['hash']),
        entry: bytes(row['entry']),
        eventId: String(row['event_id']),
        stream: String(row['stream']),
        revision: Number(row['revision']),
        position: String(row['position']),
      })),
      nodes: nodes.rows.map((row: Record<string, unknown>) => ({
        level: Number(row['level']),
        index: Number(row['node_index']),
        hash: bytes(row['hash']),
      })),
      checkpoints: checkpoints.rows.map((row: Record<string, unknown>) => ({
        size: Number(row['size']),
        note: String(row['note']),
        signedAtMs: Number(row['signed_at']),
      })),
      position: (sequenced.rows[0] as { position: string | null } | undefined)?.position ?? undefined,
    };
  }

  async write(rows: Rows): Promise<void> {
    const events = [...this.system, ...rows.events.map(storedEvent)];
    events.sort((one, other) => (one.commit < other.commit ? -1 : 1));
    // What a test sees of the double is its own array: whoever holds the machine may write there.
    (this.double.log as StoredEvent[]).splice(0, this.double.log.length, ...events);
    await this.client.query('BEGIN');
    for (const name of ['leaves', 'nodes', 'checkpoints', 'marks']) await this.run(`DELETE FROM $.evidence_${name}`);
    const { leaves, nodes, checkpoints } = rows;
    await this.run(
      `INSERT INTO $.evidence_leaves (leaf_index, hash, entry, event_id, stream, revision, position)
        SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::text[], $5::text[], $6::bigint[], $7::text[])`,
      [
        leaves.map(({ index }) => index),
        leaves.map(({ hash }) => Buffer.from(hash)),
        leaves.map(({ entry }) => Buffer.from(entry)),
        leaves.map(({ eventId }) => eventId),
        leaves.map(({ stream }) => stream),
        leaves.map(({ revision }) => revision),
        leaves.map(({ position }) => position),
      ],
    );
    for (const { level, index, hash } of nodes) {
      await this.run('INSERT INTO $.evidence_nodes VALUES ($1, $2, $3)', [level, index, Buffer.from(hash)]);
    }
    for (const { size, note, signedAtMs } of checkpoints) {
      await this.run('INSERT INTO $.evidence_checkpoints VALUES ($1, $2, $3)', [size, note, signedAtMs]);
    }
    const size = (leaves.at(-1)?.index ?? -1) + 1;
    await this.run('UPDATE $.evidence_sequenced SET size = $1, position = $2', [size, rows.position ?? null]);
    await this.client.query('COMMIT');
  }

  openLog(): Promise<EventStore> {
    return EsdbEventStore.open({ connectionString: this.double.url });
  }

  openEvidence(): Promise<EvidenceStore> {
    return openSharedEvidence(this.database);
  }

  positionText(position: number): string {
    const digits = String(position).padStart(20, '0');
    return `esdb:${digits}/${digits}`;
  }

  async close(): Promise<void> {
    await this.database.close();
    await this.client.query(`DROP SCHEMA IF EXISTS ${this.schema} CASCADE`);
    await this.client.end();
  }

  private async run(sql: string, values: readonly unknown[] = []): Promise<void> {
    await this.client.query(sql.replace('$.', `${this.schema}.`), [...values]);
  }
}

function eventRow({ commit, stream, revision, id, type, createdTicks, data, metadata }: StoredEvent): EventRow {
  return {
    position: Number(commit),
    stream,
    revision,
    id,
    type,
    recordedAtMs: Number(createdTicks / TICKS_PER_MS),
    data: Buffer.from(data).toString(),
    metadata: Buffer.from(metadata).toString(),
  };
}

function storedEvent({ position, stream, revision, id, type, recordedAtMs, data, metadata }: EventRow): StoredEvent {
  return {
    stream,
    revision,
    id,
    type,
    contentType: 'application/json',
    data: Buffer.from(data ?? ''),
    metadata: Buffer.from(metadata ?? ''),
    createdTicks: BigInt(recordedAtMs) * TICKS_PER_MS,
    commit: BigInt(position),
    prepare: BigInt(position),
  };
}

function bytes(value: unknown): Uint8Array {
  return new Uint8Array(value as Buffer);
}
