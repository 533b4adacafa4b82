import { randomUUID } from 'node:crypto';
import type { NewEvent } from '@app/kernel';
import { isRefusal, sha256 } from '@app/kernel';
import type { EventStore } from '@app/event-store';
import { openDatabase, SqliteEventStore } from '@app/event-store/nest';
import { hexOf, joinedBytes } from './byte-text.js';
import { EvidenceExport } from './evidence-export.js';
import { EvidenceKeeper } from './evidence-keeper.js';
import { openEvidencePlace } from './evidence-parts.thread.js';
import { EvidenceReader, placeKey } from './evidence-reader.js';
import type { EvidenceStatus } from './evidence-status.js';
import type { EvidenceStore } from './evidence-store.js';
import { appendRun, KeptLog, newEvent } from './keeping-fixture.contract.js';
import { verifyEd25519 } from './node.signature.js';
import { parseVerifierKey } from './note-key.js';
import { treeHasher } from './tree-hasher.js';
import { verifyBundle } from './verify-bundle.js';
import type { VerifyReport } from './verify-report.js';

const hasher = treeHasher(sha256);

/** Looks once: nobody makes evidence any more. */
class StoppedKeeper extends EvidenceKeeper {
  readonly suspected: number[] = [];
  constructor(private readonly last: EvidenceStatus) {
    super();
  }
  status(): EvidenceStatus {
    return this.last;
  }
  async waitUntil(isSo: () => Promise<boolean>): Promise<boolean> {
    return isSo();
  }
  suspect(index: number): void {
    this.suspected.push(index);
  }
}

let kept: KeptLog;
let events: EventStore;
let store: EvidenceStore;
let keeper: StoppedKeeper;
let reader: EvidenceReader;
let exports: EvidenceExport;
let stream: string;

/** Evidence of so many events is made, and then of no more. */
async function made(size: number): Promise<EvidenceStatus> {
  const keeping = await kept.keep();
  const status = await keeping.until(({ signed }) => signed?.size === size);
  await keeping.stop();
  return status;
}

/** One more event, which gets its leaf just after somebody has looked for that, for the so-many-th time, in vain. */
async function sequencedAfterLook(which: number): Promise<{ recorded: NewEvent; looks: () => number }> {
  const recorded = newEvent();
  await events.append(stream, [recorded], { expectedRevision: 3 });
  const look = store.leafOfEvent.bind(store);
  let looks = 0;
  store.leafOfEvent = async (eventId) => {
    const leaf = await look(eventId);
    if ((looks += 1) === which) await made(7);
    return leaf;
  };
  return { recorded, looks: () => looks };
}

beforeEach(async () => {
  kept = new KeptLog();
  events = await kept.events();
  stream = await appendRun(events, 4);
  await appendRun(events, 2);
  keeper = new StoppedKeeper(await made(6));
  store = await openEvidencePlace(kept.start().place);
  reader = new EvidenceReader({ store, events, keeper, hasher, isSigned: () => Promise.resolve(true) });
  exports = new EvidenceExport(reader, { keys: () => keys() });
});
afterEach(async () => {
  await store.close();
  await kept.remove();
});

const keys = () => keeper.status().keys.map(({ vkey }) => parseVerifierKey(vkey, sha256));
const codeOf = (answer: unknown): string | undefined => (isRefusal(answer) ? answer.code : undefined);
const idAt = async (index: number): Promise<string> => (await store.leaves(index, index + 1))[0]?.eventId ?? '';

function tamper(sql: string): void {
  const database = openDatabase(kept.logPath);
  database.exec('DROP TRIGGER events_refuse_update; DROP TRIGGER events_refuse_delete;');
  database.exec(sql);
  database.close();
}

async function reportOf(bundle: Awaited<ReturnType<EvidenceExport['stretch' | 'stream']>>): Promise<VerifyReport> {
  if (bundle === undefined || isRefusal(bundle)) throw new Error(`no bundle: ${codeOf(bundle)}`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of bundle.chunks) chunks.push(chunk);
  const [key] = keys();
  const options = { sha256, verify: verifyEd25519, nowMs: Date.now(), ...(key ? { key } : {}) };
  return verifyBundle([joinedBytes(chunks)], options);
}

describe('the reader of evidence', () => {
  it('has the facts of events that are sequenced, and none of others', async () => {
    await events.append(stream, [newEvent()], { expectedRevision: 3 });
    const places = [0, 1, 4].map((revision) => ({ stream, revision }));
    const facts = await reader.factsOf(places);
    const [first, second] = await store.leaves(0, 2);
    expect(facts.size).toBe(2);
    expect(facts.get(placeKey(places[0] ?? { stream, revision: 0 }))).toEqual({ leafIndex: 0, hash: first?.hash });
    const { hash, previousHash } = facts.get(placeKey({ stream, revision: 1 })) ?? {};
    expect([hash, previousHash].map((one) => hexOf(one as Uint8Array))).toEqual(
      [second?.hash, first?.hash].map((one) => hexOf(one as Uint8Array)),
    );
  });

  it('says that an event is not signed yet, and that another never was recorded', async () => {
    expect(codeOf(await reader.eventProof(randomUUID()))).toBe('EVIDENCE_NOT_FOUND');
    await events.append(stream, [newEvent()], { expectedRevision: 3 });
    // It may be the event that was recorded just now.
    expect(codeOf(await reader.eventProof(randomUUID()))).toBe('EVIDENCE_PENDING');
    expect(codeOf(await reader.verify(randomUUID()))).toBe('EVIDENCE_PENDING');
  });

  it('waits for the leaf of an event that is sequenced while it looks', async () => {
    const { recorded, looks } = await sequencedAfterLook(1);
    keeper.waitUntil = async (isSo) => {
      for (let left = 5; left > 0; left -= 1) if (await isSo()) return true;
      return false;
    };
    expect(await reader.verify(recorded.id)).toMatchObject({ isValid: true, leafIndex: 6, treeSize: 7 });
    expect(looks()).toBe(2);
  });

  it('takes no event for unknown that is sequenced while it looks', async () => {
    const { recorded, looks } = await sequencedAfterLook(2);
    expect(codeOf(await reader.eventProof(recorded.id))).toBe('EVIDENCE_PENDING');
    expect([looks(), (await store.sequencedTo()).size]).toEqual([2, 7]);
  });

  it('has nothing to show before anything was signed, and while leaves are derived again', async () => {
    await store.forgetLeaves();
    expect(await reader.latest()).toBeUndefined();
    for (const answer of [reader.checkpoint(), reader.consistency(1, undefined), exports.stretch()]) {
      expect(codeOf(await answer)).toBe('EVIDENCE_PENDING');
    }
    expect(await reader.tile({ level: 0, index: 0, width: 1 })).toBeUndefined();
    expect(await reader.entries({ index: 0, width: 1 })).toBeUndefined();
  });

  it('finds that an event is what was recorded', async () => {
    expect(await reader.verify(await idAt(2))).toMatchObject({ isValid: true, leafIndex: 2, treeSize: 6 });
    expect(keeper.suspected).toEqual([]);
  });

  it.each([
    ['was changed', 'UPDATE events SET data = \'{"step":9}\' WHERE position = 3', /data changed/],
    ['is gone', 'DELETE FROM events WHERE position = 3', /not in the log any more/],
    ['is another', `UPDATE events SET id = '${randomUUID()}' WHERE position = 3`, /id changed/],
    [
      'is no JSON that anybody wrote',
      'UPDATE events SET data = \'{"a":"\\ud800"}\' WHERE position = 3',
      /not strict JSON/,
    ],
  ])('finds that an event %s, and has it looked at', async (_what, sql, message) => {
    const id = await idAt(2);
    tamper(sql);
    expect(await reader.verify(id)).toMatchObject({
      isValid: false,
      firstInvalidId: id,
      message: expect.stringMatching(message),
      leafIndex: 2,
    });
    expect(keeper.suspected).toEqual([2]);
  });

  it('does not believe a checkpoint that nobody signed', async () => {
    const doubtful = new EvidenceReader({ ...reader.parts, isSigned: () => Promise.resolve(false) });
    expect(await doubtful.verify(await idAt(2))).toMatchObject({
      isValid: false,
      message: expect.stringMatching(/not signed by this log/),
    });
  });
});

describe('an export of evidence', () => {
  it.each([
    [undefined, undefined, 'log', 6],
    [0, 6, 'log', 6],
    [0, 3, 'range', 3],
    [1, 2, 'range', 1],
    [5, undefined, 'range', 1],
  ])('of leaves %s to %s verifies', async (from, to, kind, leaves) => {
    const report = await reportOf(await exports.stretch(from, to));
    expect([report.defects, report.verdict, report.level]).toEqual([[], 'verified', 'L1']);
    expect(report).toMatchObject({ bundle: { kind }, counts: { leaves } });
  });

  it('of one stream verifies', async () => {
    const report = await reportOf(await exports.stream(stream, []));
    expect([report.defects, report.verdict, report.level]).toEqual([[], 'verified', 'L1']);
    expect(report).toMatchObject({ bundle: { kind: 'streams', from: 0, to: 4 }, counts: { leaves: 4 } });
    expect(await exports.stream('execution-nobody', [])).toBeUndefined();
  });

  it('of several hundred events goes through in shards', async () => {
    for (let index = 0; index < 14; index += 1) {
      const batch = Array.from({ length: 50 }, () => newEvent());
      await events.append(`execution-${randomUUID()}`, batch, { expectedRevision: 'no_stream' });
    }
    await events.append(
      stream,
      Array.from({ length: 400 }, () => newEvent()),
      { expectedRevision: 3 },
    );
    await made(1_106);
    for (const bundle of [exports.stretch(), exports.stretch(3, 900), exports.stream(stream, [])]) {
      const report = await reportOf(await bundle);
      expect([report.defects, report.verdict]).toEqual([[], 'verified']);
    }
  });

  it.each([
    ['changed', 'UPDATE events SET data = \'{"step":9}\' WHERE position = 3', 'data_changed'],
    ['gone', 'DELETE FROM events WHERE position = 3', 'data_changed'],
  ])('shows an auditor that an event was %s', async (_what, sql, code) => {
    tamper(sql);
    for (const bundle of [exports.stretch(), exports.stretch(1, 5), exports.stream(stream, [])]) {
      const report = await reportOf(await bundle);
      expect(report.verdict).toBe('tampered');
      expect(report.defects).toContainEqual(expect.objectContaining({ code, index: 2 }));
    }
  });

  it('is measured against what witnesses have signed when that is nearly as new', async () => {
    const later = await appendRun(events, 1);
    expect(later).toBeTruthy();
    await store.saveCosignatures(6, [{ key: 'w+1', line: '\u2014 w AAAAAQAAAAAAAAAA\n', atMs: 1 }]);
    await made(7);
    expect(await exports.stretch()).toMatchObject({ size: 6 });
    expect(await exports.stretch(0, 7)).toMatchObject({ size: 7, kind: 'log' });
    expect((await reportOf(await exports.stretch(2, 7))).counts.checkpoints).toBe(2);
  });

  it('has bounds', async () => {
    const fieldsOf = async (from: number, to: number): Promise<unknown> => {
      const answer = await exports.stretch(from, to);
      return isRefusal(answer) ? answer.fields?.map(({ field }) => field) : undefined;
    };
    expect([await fieldsOf(3, 3), await fieldsOf(4, 3), await fieldsOf(0, 7)]).toEqual([['from'], ['from'], ['to']]);
  });
});

it('is made from a log that others write', async () => {
  const other = await SqliteEventStore.openReader({ directory: kept.directory });
  const elsewhere = new EvidenceReader({ ...reader.parts, events: other });
  expect(codeOf(await elsewhere.eventProof(randomUUID()))).toBe('EVIDENCE_NOT_FOUND');
  await other.close();
});
