// A process that uses the vendor's client the naive way, to show from outside what becomes of it. Run by traps.spec.ts.
import esdb from '@eventstore/db-client';
import { numbered, openClient } from './clients.js';

const [, , misuse, url = '', otherUrl = ''] = process.argv;
const say = (text: string) => process.stdout.write(`${text}\n`);

/** One client's transport error rejects what another client has in flight; the answer that comes then ends the process. */
async function lateReply(): Promise<void> {
  const innocent = openClient(url).appendToStream('innocent', numbered(1));
  innocent.then(
    () => say('innocent: written'),
    () => say('innocent: refused'),
  );
  await new Promise((resolve) => setTimeout(resolve, 200));
  await openClient(otherUrl)
    .appendToStream('guilty', numbered(1))
    .catch(() => say('guilty: refused'));
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  say('survived');
}

/** What JSON cannot hold rejects a promise that nobody holds, and leaves the append pending. */
async function unserialisable(): Promise<void> {
  const event = esdb.jsonEvent({ type: 'bad', data: { number: 1n as unknown as number } });
  openClient(url)
    .appendToStream('bad', event)
    .then(
      () => say('append: written'),
      () => say('append: refused'),
    );
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  say('survived');
}

/** Everything is done, nothing is pending, and only `dispose` lets the process end. */
async function forgotten(): Promise<void> {
  await openClient(url).appendToStream('forgotten', numbered(1));
  say('done');
}

const misuses: Readonly<Record<string, () => Promise<void>>> = { lateReply, unserialisable, forgotten };
await misuses[misuse ?? '']?.();
