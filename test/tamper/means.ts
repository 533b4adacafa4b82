// What an attacker may have, and what he can make of it: leaves, trees and checkpoints for any history he likes.
import type { NoteSigner } from '@app/evidence';
import { isLeafStream } from '@app/evidence';
import type { RecordedEvent } from '@app/kernel';
import { SampleLog, signed } from '../support/sample-log.js';
import type { CheckpointRow, EventRow, LeafRow, NodeRow, Rows } from './rows.js';

export interface Forged extends Pick<Rows, 'leaves' | 'nodes' | 'position'> {
  readonly log: SampleLog;
}

/** Level of the subtrees that are stored. */
const STORED_LEVEL = 8;
const STORED_WIDTH = 256;

/** Leaves and subtrees of any events, as if they had always been so. */
export function hashedAgain(events: readonly RecordedEvent[], origin: string): Forged {
  const told = events.filter(({ stream }) => isLeafStream(stream));
  const log = new SampleLog(told, origin);
  const leaves: LeafRow[] = log.leaves.map(({ entry, hash, parsed }, index) => ({
    index,
    hash,
    entry,
    eventId: parsed.id,
    stream: parsed.stream,
    revision: Number(parsed.rev),
    position: told[index]?.position ?? '',
  }));
  return { log, leaves, nodes: storedNodes(log), position: events.at(-1)?.position };
}

function storedNodes(log: SampleLog): NodeRow[] {
  const count = Math.floor(log.size / STORED_WIDTH);
  const places = Array.from({ length: count }, (_, index) => ({ level: STORED_LEVEL, index }));
  return log.hashesOf(places).map((hash, index) => ({ level: STORED_LEVEL, index, hash }));
}

/** A checkpoint of the forged log, of each size that the true one had a checkpoint of. */
export async function signedAgain(
  log: SampleLog,
  like: readonly CheckpointRow[],
  signer: NoteSigner,
): Promise<CheckpointRow[]> {
  const rows: CheckpointRow[] = [];
  for (const { size, signedAtMs } of like) {
    const reached = Math.min(size, log.size);
    rows.push({ size: reached, note: await signed(log.checkpointText(reached), { log: signer }), signedAtMs });
  }
  return rows;
}

/** The row that `choose` finds is another one; a row that is not there is a bug of the attack. */
export function changed<T>(rows: readonly T[], choose: (row: T) => boolean, change: (row: T) => T): T[] {
  const at = rows.findIndex(choose);
  if (at === -1) throw new Error('the attack found no row to change');
  return rows.with(at, change(rows[at] as T));
}

export function without<T>(rows: readonly T[], choose: (row: T) => boolean): T[] {
  const left = rows.filter((row) => !choose(row));
  if (left.length === rows.length) throw new Error('the attack found no row to remove');
  return left;
}

/** JSON text with one member changed at the top. */
export function withMember(json: string | null, change: (members: Record<string, unknown>) => object): string {
  return JSON.stringify(change(JSON.parse(json ?? '{}') as Record<string, unknown>));
}

/** Everything from that position on stands one place later. */
export function shifted(events: readonly EventRow[], from: number): EventRow[] {
  return events.map((event) => (event.position >= from ? { ...event, position: event.position + 1 } : event));
}
