// Everything that the stores hold, as an administrator of their databases sees it: rows, free of every rule.

export interface EventRow {
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly recordedAtMs: number;
  /** Text as it is stored. */
  readonly data: string | null;
  readonly metadata: string | null;
}

export interface LeafRow {
  readonly index: number;
  readonly hash: Uint8Array;
  readonly entry: Uint8Array;
  readonly eventId: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: string;
}

export interface NodeRow {
  readonly level: number;
  readonly index: number;
  readonly hash: Uint8Array;
}

export interface CheckpointRow {
  readonly size: number;
  readonly note: string;
  readonly signedAtMs: number;
}

export interface Rows {
  readonly events: readonly EventRow[];
  readonly leaves: readonly LeafRow[];
  readonly nodes: readonly NodeRow[];
  readonly checkpoints: readonly CheckpointRow[];
  /** How far the sequencer says it has looked; undefined: nowhere. */
  readonly position: string | undefined;
}

/** The most rows that are told one by one. */
const MANY = 99;

/** What differs, table by table, as in `events -1 +1`; empty when nothing does. */
export function differenceOf(before: Rows, after: Rows): string {
  const tables = ['events', 'leaves', 'nodes', 'checkpoints'] as const;
  const told = tables.map((table) => [table, tableDifference(before[table], after[table])] as const);
  const changed = told.filter(([, difference]) => difference !== '').map(([table, how]) => `${table} ${how}`);
  if (before.position !== after.position) changed.push('how far it looked');
  return changed.join(', ');
}

function tableDifference(before: readonly object[], after: readonly object[]): string {
  const counts = new Map<string, number>();
  for (const row of before) counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) - 1);
  for (const row of after) counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) + 1);
  const differences = [...counts.values()];
  const removed = -sum(differences.filter((count) => count < 0));
  const added = sum(differences.filter((count) => count > 0));
  return [
    ...(removed > 0 ? [`-${removed > MANY ? 'many' : removed}`] : []),
    ...(added > 0 ? [`+${added > MANY ? 'many' : added}`] : []),
  ].join(' ');
}

function keyOf(row: object): string {
  return JSON.stringify(row, (_name, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
