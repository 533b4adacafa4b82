// The stores on which the product must do the same: files of its own, and servers that several share. One test body for both.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { RecordedEvent } from '@app/kernel';
import type { EventStore } from '@app/event-store';
import { EsdbEventStore, SqliteLogReader } from '@app/event-store/nest';
import { formatSignerKey } from '@app/evidence';
import { ed25519Signer, newSeed } from '@app/evidence/nest';
import { announce } from './announce.js';
import type { EventStoreNode } from './event-store-node.js';
import { nodeProgram, startEventStoreNode, startNodeDouble } from './event-store-node.js';
import { postgresForTests } from './postgres.js';
import { noStores } from './server-process.js';

export type ServerEnv = Readonly<Record<string, string>> & { readonly DATA_DIR: string };

/** Stores that nobody has written to yet. */
export interface TestStores {
  /** Of the first server; another one on the same stores needs another. */
  readonly directory: string;
  /** What a server is to be told of them, DATA_DIR too. */
  readonly env: ServerEnv;
  /** Undefined: the log is a file. */
  readonly node?: EventStoreNode;
  /** What stands in the log, oldest first; of a file only while no server holds it. */
  wholeLog(): Promise<RecordedEvent[]>;
  /** What of it is nobody's business. */
  readonly passwords: readonly string[];
  /** `<text> in <place>` for each file, stream or table in which one of the texts stands: all that a thief would have. */
  placesOf(texts: readonly string[]): Promise<string[]>;
  /** The views are unreadable at the next start. No server may be running. */
  spoilViews(): Promise<void>;
  remove(): Promise<void>;
}

/** Stores that several servers can use at once. */
export interface SharedStores extends TestStores {
  readonly node: EventStoreNode;
  /** `env` for one more server: with files of its own, and the keys that servers have in common. */
  anotherEnv(): ServerEnv;
  /** What a query over the schema of the views finds. */
  rows<T extends object>(sql: string): Promise<T[]>;
}

export interface StoreConfiguration<Stores extends TestStores = TestStores> {
  readonly name: string;
  /** Whether servers can share them. */
  readonly shared: boolean;
  readonly open: (options?: StoreOptions) => Promise<Stores>;
}

export interface StoreOptions {
  /** EventStoreDB is the double, whatever there is: what the test needs of it no node does when it is told to. */
  readonly onDouble?: boolean;
  /** Default: the PostgreSQL that all tests share. */
  readonly viewsUrl?: string;
}

/** For `describe.each`; says on the console what is not the real thing. */
export function storeConfigurations(): readonly StoreConfiguration[] {
  return [inFiles, inServers()];
}

const inFiles: StoreConfiguration = {
  name: '(SQLite, SQLite)',
  shared: false,
  open: () => Promise.resolve(new FileStores()),
};

/** The second of them alone. */
export function inServers(): StoreConfiguration<SharedStores> {
  if (nodeProgram === undefined) {
    announce(
      'EVENTSTORE_NODE is not set: for (EventStoreDB, PostgreSQL) a TEST DOUBLE stands in for EventStoreDB; PostgreSQL is real.',
    );
  }
  const log = nodeProgram === undefined ? 'a double of EventStoreDB' : 'EventStoreDB';
  return { name: `(${log}, PostgreSQL)`, shared: true, open: (options = {}) => ServerStores.open(options) };
}

/** As `runledger keys generate` would make it: servers that share a log sign it with one key. */
function newLogKey(): string {
  const [name, seed] = ['runledger.test/log', newSeed()];
  const { algorithm, keyId } = ed25519Signer(name, seed).key;
  return formatSignerKey({ name, keyId, algorithm, seed });
}

class FileStores implements TestStores {
  readonly directory = mkdtempSync(join(tmpdir(), 'runledger-stores-'));
  readonly env = { ...noStores, DATA_DIR: this.directory };
  readonly passwords = [];

  async wholeLog(): Promise<RecordedEvent[]> {
    const log = await SqliteLogReader.open({ directory: this.directory });
    try {
      return await all(log);
    } finally {
      await log.close();
    }
  }

  placesOf(texts: readonly string[]): Promise<string[]> {
    return Promise.resolve(filesWith(this.directory, texts));
  }

  async spoilViews(): Promise<void> {
    await writeFile(join(this.directory, 'views.db'), 'nonsense'.repeat(1_000));
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

class ServerStores implements SharedStores {
  readonly directory = mkdtempSync(join(tmpdir(), 'runledger-stores-'));
  readonly env: ServerEnv;
  readonly passwords: readonly string[];
  private readonly directories = [this.directory];
  private readonly keys = {
    SECRETS_KEY: randomBytes(32).toString('base64'),
    API_KEY_PEPPER: randomBytes(32).toString('hex'),
    EVIDENCE_KEY: newLogKey(),
  };

  private constructor(
    readonly node: EventStoreNode,
    private readonly viewsUrl: string,
    private readonly schema: string,
  ) {
    const stores = { EVENTSTORE_URL: node.url, VIEWS_URL: viewsUrl, VIEWS_SCHEMA: schema };
    this.env = { ...stores, ...this.keys, DATA_DIR: this.directory };
    this.passwords = [new URL(viewsUrl).password, ...Object.values(this.keys)];
  }

  static async open({ onDouble = false, viewsUrl }: StoreOptions): Promise<ServerStores> {
    const schema = `test_${randomBytes(8).toString('hex')}`;
    const url = viewsUrl ?? (await postgresForTests()).url;
    return new ServerStores(await (onDouble ? startNodeDouble() : startEventStoreNode()), url, schema);
  }

  anotherEnv(): ServerEnv {
    const directory = mkdtempSync(join(tmpdir(), 'runledger-stores-'));
    this.directories.push(directory);
    return { ...this.env, DATA_DIR: directory };
  }

  rows<T extends object>(sql: string): Promise<T[]> {
    return this.asked(async (client) => (await client.query<T>(sql)).rows);
  }

  async wholeLog(): Promise<RecordedEvent[]> {
    const log = await EsdbEventStore.open({ connectionString: this.node.url });
    try {
      return await all(log);
    } finally {
      await log.close();
    }
  }

  async placesOf(texts: readonly string[]): Promise<string[]> {
    const streams = new Map<string, string>();
    for (const event of await this.wholeLog()) {
      streams.set(event.stream, `${streams.get(event.stream) ?? ''}${JSON.stringify(event)}`);
    }
    const inStreams = [...streams].flatMap(([stream, events]) => found(texts, stream, (text) => events.includes(text)));
    const inFiles = this.directories.flatMap((directory) => filesWith(directory, texts));
    return [...inFiles, ...inStreams, ...(await this.tablesWith(texts))];
  }

  async spoilViews(): Promise<void> {
    await this.rows('UPDATE view_generations SET format = 0');
  }

  async remove(): Promise<void> {
    for (const directory of this.directories) await rm(directory, { recursive: true, force: true });
    await this.node.remove();
    await this.asked((client) => client.query(`DROP SCHEMA IF EXISTS ${this.schema} CASCADE`));
  }

  /** Bytes are searched as well: PostgreSQL shows them in hexadecimal. */
  private tablesWith(texts: readonly string[]): Promise<string[]> {
    return this.asked(async (client) => {
      const tables = await client.query<{ name: string }>(
        'SELECT tablename AS name FROM pg_tables WHERE schemaname = $1',
        [this.schema],
      );
      const places: string[] = [];
      for (const { name } of tables.rows) {
        const rows = await client.query<{ row: string }>(`SELECT one::text AS row FROM ${name} AS one`);
        const all = rows.rows.map(({ row }) => row).join('\n');
        const hex = (text: string): string => Buffer.from(text).toString('hex');
        places.push(...found(texts, name, (text) => all.includes(text) || all.includes(hex(text))));
      }
      return places;
    });
  }

  private async asked<T>(ask: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client(this.viewsUrl);
    await client.connect();
    await client.query(`SET search_path TO ${this.schema}`);
    try {
      return await ask(client);
    } finally {
      await client.end();
    }
  }
}

async function all(log: Pick<EventStore, 'readAll'>): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const event of log.readAll()) events.push(event);
  return events;
}

function filesWith(directory: string, texts: readonly string[]): string[] {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.flatMap(({ parentPath, name }) => {
    // The lock must not be opened by anybody but its holder; it is empty.
    if (name.startsWith('server.lock')) return [];
    const bytes = readFileSync(join(parentPath, name));
    return found(texts, name, (text) => bytes.includes(text));
  });
}

function found(texts: readonly string[], place: string, isThere: (text: string) => boolean): string[] {
  return texts.filter(isThere).map((text) => `${text} in ${place}`);
}
