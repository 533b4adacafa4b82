// Statements on PostgreSQL, wherever they run: on any connection of the pool, or on the one of a transaction.
import type { QueryResult, QueryResultRow } from 'pg';
import { faultOf, sqlState } from './postgres.faults.js';
import { StoreError } from './store-error.js';

export type PostgresValue = string | number | bigint | boolean | null | Date | Uint8Array | readonly PostgresValue[];

/** With a name the server keeps the plan for as long as the connection lives: for texts that never vary. */
export type PostgresStatement = string | { readonly name: string; readonly text: string };

/**
 * Values are `$1`, `$2`, ... Numbers of 64 bits come as numbers; one beyond 2^53 is an error, ask for `::text`. Sums of them
 * (`numeric`) come as text. Throws StoreError (StoreUnavailable, AccessDenied, Corrupt, Closed) or PostgresError.
 */
export interface PostgresSession {
  /** The rows as objects. */
  query<Row extends object>(statement: PostgresStatement, values?: readonly PostgresValue[]): Promise<Row[]>;
  /** The rows as arrays in column order: cheaper where there are many. */
  rows<Row extends readonly unknown[]>(statement: PostgresStatement, values?: readonly PostgresValue[]): Promise<Row[]>;
  /** How many rows were changed. Without values the text may hold several statements; then it is the last one's. */
  execute(statement: PostgresStatement, values?: readonly PostgresValue[]): Promise<number>;
}

export interface DriverQuery {
  readonly text: string;
  readonly name?: string;
  readonly values?: unknown[];
  readonly rowMode?: 'array';
  /** The driver's own limit, for the case that the server does not enforce its own. */
  readonly query_timeout?: number;
}

/** With several statements in one text the driver answers with a list. */
export type DriverAnswer = QueryResult<QueryResultRow> | readonly QueryResult<QueryResultRow>[];

/** The longest time the driver can count: no limit. */
export const UNLIMITED_MS = 2_147_483_647;

export class DriverSession implements PostgresSession {
  /** The connection is in an unknown state: it must not be used for anything else. */
  broken = false;
  /** Set once a transaction has ended: its connection belongs to somebody else by then. */
  ended = false;

  constructor(
    private readonly send: (query: DriverQuery) => Promise<DriverAnswer>,
    private readonly place: string,
    /** How long the driver waits for an answer, in milliseconds. */
    private readonly answerMs: number,
  ) {}

  async query<Row extends object>(statement: PostgresStatement, values?: readonly PostgresValue[]): Promise<Row[]> {
    const { rows } = await this.run(statement, values);
    return rows as Row[];
  }

  async rows<Row extends readonly unknown[]>(
    statement: PostgresStatement,
    values?: readonly PostgresValue[],
  ): Promise<Row[]> {
    const { rows } = await this.run(statement, values, 'array');
    return rows as unknown as Row[];
  }

  async execute(statement: PostgresStatement, values?: readonly PostgresValue[]): Promise<number> {
    const { rowCount } = await this.run(statement, values);
    return rowCount ?? 0;
  }

  /** The command that was done, as the server calls it: a COMMIT of a failed transaction is a ROLLBACK. */
  async command(text: string): Promise<string> {
    return (await this.run(text)).command;
  }

  private async run(
    statement: PostgresStatement,
    values?: readonly PostgresValue[],
    rowMode?: 'array',
  ): Promise<QueryResult<QueryResultRow>> {
    if (this.ended) throw new StoreError('Closed', 'a statement came after the end of its transaction');
    const named = typeof statement === 'string' ? { text: statement } : statement;
    try {
      const answer = await this.send({
        ...named,
        ...(values === undefined ? {} : { values: [...values] }),
        ...(rowMode ? { rowMode } : {}),
        query_timeout: this.answerMs,
      });
      const last = 'rows' in answer ? answer : answer.at(-1);
      if (!last) throw new StoreError('InvalidArgument', 'there was no statement');
      return last;
    } catch (error) {
      if (sqlState(error) === undefined) this.broken = true;
      throw faultOf(error, this.place);
    }
  }
}
