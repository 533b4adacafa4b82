// Nothing was tampered with: however many write, and however often a server starts, stops or is broken off, nobody finds anything.
import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { EventStore } from '@app/event-store';
import { isStoreError } from '@app/event-store';
import { openKnown, verifyBundle } from '@app/evidence';
import { evidenceWatching, verifyEd25519 } from '@app/evidence/nest';
import { nodeProgram } from '../support/event-store-node.js';
import { logSigner, sampleEvent } from '../support/sample-log.js';
import { storeConfigurations } from '../support/store-configurations.js';
import type { TestStores } from '../support/store-configurations.js';
import type { Administrator } from './administrator.js';
import { exhibitsOf } from './exhibits.js';
import { auditorsOf, judge } from './judge.js';
import { administratorOf, allEvents, clock, openForWriting, placing } from './subject.js';
import { checkSignature } from './watch.js';

const { CheckpointSigner, EvidenceFailure, FileSignerMemory, Scrub, Sequencer } = await evidenceWatching();

/** TAMPER_EVENTS=100000 is what was promised; fewer show most of it. */
const EVENTS = Number(process.env['TAMPER_EVENTS'] ?? 6_000);
const WRITERS = 16;
const RESTARTS = 20;
const PER_STREAM = 5;
const RATE = 1_000_000;
// TAMPER_STORES=all: on servers too, which takes minutes; on a double, for nobody can edit the rows of a real node from outside.
const onServers = process.env['TAMPER_STORES'] === 'all' && nodeProgram === undefined;
const configurations = storeConfigurations().filter(({ shared }) => !shared || onServers);

describe.each(configurations)('on $name', ({ open, shared }) => {
  let stores: TestStores;
  let administrator: Administrator;
  const directory = mkdtempSync(join(tmpdir(), 'runledger-alarms-'));
  const memoryPath = join(directory, 'signed');

  beforeAll(async () => {
    stores = await open();
    // There must be a log before one can be read.
    await openForWriting(stores).then((log) => log.close());
    administrator = await administratorOf(stores);
  }, 120_000);
  afterAll(async () => {
    await administrator.close();
    await stores.remove();
    await rm(directory, { recursive: true, force: true });
  }, 60_000);

  // The double is a program for tests, and slow.
  const events = shared ? Math.ceil(EVENTS / 3) : EVENTS;

  it(`${events} events by ${WRITERS} writers over ${RESTARTS} restarts raise no alarm`, async () => {
    const rounds = RESTARTS + 1;
    const perWriter = Math.ceil(events / rounds / WRITERS / PER_STREAM);
    for (let round = 0; round < rounds; round += 1) await oneLife(perWriter, round);
    const all = await allEvents(administrator);
    const leaves = all.filter(({ stream }) => !stream.startsWith('$'));
    expect(leaves).toHaveLength(rounds * WRITERS * perWriter * PER_STREAM);
    const rows = await administrator.read();
    expect([rows.leaves.length, rows.checkpoints.at(-1)?.size]).toEqual([leaves.length, leaves.length]);
    const [whole] = await exhibitsOf({ witnessed: new Map() }, rows, all);
    const kept = await openKnown('kept', rows.checkpoints[0]?.note ?? '', logSigner.key, verifyEd25519);
    const withoutWitness = auditorsOf({ kept, witnessedAtMs: clock.nowMs() }).slice(0, 3);
    expect(await judge(whole?.bytes ?? new Uint8Array(0), withoutWitness, verifyBundle)).toEqual({
      level: 'none',
      code: '',
    });
  }, 1_200_000);

  /** From a start to an end, which is an orderly one every other time. */
  async function oneLife(perWriter: number, round: number): Promise<void> {
    const [log, events, store] = [
      await openForWriting(stores),
      await administrator.openLog(),
      await administrator.openEvidence(),
    ];
    const stop = new AbortController();
    try {
      const pause = (ms: number, signal: AbortSignal) => wait(ms, undefined, { signal }).catch(() => undefined);
      const parts = {
        store,
        events,
        placing,
        clock,
        pause,
        checkSignature,
        patienceMs: 0,
        progressed: () => undefined,
      };
      const signer = await CheckpointSigner.open(placing.hasher, logSigner, new FileSignerMemory(memoryPath));
      const sequencer = new Sequencer({ ...parts, signer, held: [] });
      await sequencer.open(stop.signal);
      const scrub = new Scrub({ ...parts, rate: () => RATE, sequenced: () => sequencer.size });
      const watching = [sequencer.run(stop.signal), scrub.run(stop.signal)];
      const watched = Promise.all(watching.map((loop) => loop.catch(unlessStopped(stop.signal))));
      await Promise.race([
        Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(log, perWriter, round * WRITERS + writer))),
        watched.then(() => Promise.reject(new Error('the sequencer and the scrub ended by themselves'))),
      ]);
      stop.abort();
      await watched;
      const isLast = round === RESTARTS;
      if (isLast || round % 2 === 0) await sequencer.finish(600_000);
    } finally {
      stop.abort();
      await Promise.all([log.close(), events.close(), store.close()]);
    }
  }
});

/** What a store says when it is left in the midst of something is no alarm. */
function unlessStopped(stop: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (error instanceof EvidenceFailure || !stop.aborted || !isStoreError(error)) throw error;
  };
}

async function write(log: EventStore, streams: number, seed: number): Promise<void> {
  for (let number = 0; number < streams; number += 1) {
    const stream = `execution-${randomUUID()}`;
    // The events of one run, as the sample has them eight apart.
    const block = (seed + number) % 8;
    const added = Array.from({ length: PER_STREAM }, (_, revision) => {
      const { type, data, metadata } = sampleEvent(block + revision * 8);
      return { id: randomUUID(), type, data: data as object, metadata };
    });
    await log.append(stream, added.slice(0, 2), { expectedRevision: 'no_stream' });
    await log.append(stream, added.slice(2), { expectedRevision: 1 });
  }
}
