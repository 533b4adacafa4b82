// Positions of EventStoreDB's log: `esdb:<commit, 20 digits>/<prepare, 20 digits>`, so that text order is log order.
import type { GlobalPosition } from '@app/kernel';
import { StoreError } from './store-error.js';

/** Decimal numbers below 2^64, without leading zeros: too large for a `number`, and never counted with. */
export interface LogPosition {
  readonly commit: string;
  readonly prepare: string;
}

const shape = /^esdb:(\d{20})\/(\d{20})$/;
const LARGEST = 2n ** 63n - 1n;

export function esdbPosition({ commit, prepare }: LogPosition): GlobalPosition {
  return `esdb:${commit.padStart(20, '0')}/${prepare.padStart(20, '0')}`;
}

/** Throws InvalidPosition for text that this store never gave out. */
export function parseEsdbPosition(position: GlobalPosition): LogPosition {
  const [, commit, prepare] = shape.exec(position) ?? [];
  if (commit === undefined || prepare === undefined || BigInt(prepare) > BigInt(commit) || BigInt(commit) > LARGEST) {
    throw new StoreError('InvalidPosition', `"${position.slice(0, 80)}" is not a position of this log (esdb:...)`);
  }
  return { commit: BigInt(commit).toString(), prepare: BigInt(prepare).toString() };
}
