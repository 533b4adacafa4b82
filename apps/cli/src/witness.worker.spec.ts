import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatConsistency, formatVerifierKey, openKnown, verifyBundle, writeBundle } from '@app/evidence';
import { evidenceServer, verifyEd25519 } from '@app/evidence/nest';
import { sha256 } from '@app/kernel';
import {
  bytesOf,
  logSigner,
  ORIGIN,
  otherWitness,
  recorded,
  SampleLog,
  START_MS,
  witnessSigner,
} from '../../../test/support/sample-log.js';
import { FileWitnessRecord } from './file.witness-record.js';
import type { Listening } from './http.witness-server.js';
import { serveWitness } from './http.witness-server.js';
import { Witness } from './witness.worker.js';

const SHARED = 10;
/** Two histories with the same first ten events. */
const history = (told: string) =>
  new SampleLog(
    Array.from({ length: 30 }, (_, at) =>
      recorded(at, 'access-20260502', at, 'AccessDenied', { told: at < SHARED ? 'both' : told }),
    ),
  );
const log = history('true');
const fork = history('rewritten');

let state: string;
let told: string[];
let listening: Listening[];
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'runledger-witness-'));
  told = [];
  listening = [];
});
afterEach(async () => {
  await Promise.all(listening.map((each) => each.close()));
  await rm(state, { recursive: true });
});

const open = (signer = witnessSigner, folder = state): Promise<Witness> =>
  Witness.open({
    signer,
    logs: [logSigner.key],
    state: folder,
    nowMs: () => START_MS,
    tell: (line) => void told.push(line),
  });

async function submission(from: number, size: number, by = log): Promise<Uint8Array> {
  const proof = from === 0 || from === size ? [] : by.consistency(from, size);
  return new TextEncoder().encode(formatConsistency({ size1: from, proof, checkpoint: await by.checkpoint(size) }));
}

const bring = async (witness: Witness, from: number, size: number, by = log) =>
  witness.addCheckpoint(await submission(from, size, by));

const recordOf = (): Promise<FileWitnessRecord> => FileWitnessRecord.open(state, ORIGIN);

/** What an auditor concludes who kept a checkpoint from before the two histories parted. */
async function verified(by: SampleLog, cosignature: string) {
  const contents = await by.contents();
  const checkpoints = new Map([[by.size, (await by.checkpoint()) + cosignature]]);
  const bytes = await bytesOf(writeBundle({ ...contents, checkpoints }, by.leaves, sha256));
  return verifyBundle([bytes], {
    sha256,
    verify: verifyEd25519,
    key: logSigner.key,
    known: [await openKnown('kept', await log.checkpoint(SHARED), logSigner.key, verifyEd25519)],
    witnesses: [witnessSigner.key],
    nowMs: START_MS,
  });
}

describe('a witness', () => {
  it('cosigns one of two histories, and only that one reaches L4', async () => {
    const witness = await open();
    await bring(witness, 0, SHARED);
    const taken = await bring(witness, SHARED, 30);
    const refused = [await bring(witness, SHARED, 30, fork), await bring(witness, 30, 30, fork)];
    expect([taken.status, ...refused.map(({ status }) => status)]).toEqual([200, 409, 409]);
    expect((await verified(log, taken.body)).level).toBe('L4');
    const forked = await verified(fork, '');
    expect([forked.level, forked.verdict]).toEqual(['L2', 'incomplete']);
    const stolen = await verified(fork, taken.body);
    expect(stolen.verdict).toBe('tampered');
  });

  it('keeps the proof that a log contradicts itself, once', async () => {
    const witness = await open();
    await bring(witness, 0, 30);
    await bring(witness, 30, 30, fork);
    await bring(witness, 0, 30, fork);
    const { path } = await recordOf();
    expect(await readFile(join(path, 'contradiction.checkpoint'), 'utf8')).toBe(await fork.checkpoint());
    expect(told[1]).toMatch(/HAS SIGNED TWO DIFFERENT TREES OF SIZE 30/);
  });

  it('knows where it stands after a start, and cosigns the same tree again', async () => {
    await bring(await open(), 0, 12);
    const again = await open();
    expect(await again.heads()).toEqual([{ origin: ORIGIN, size: 12 }]);
    expect(await bring(again, 0, 20)).toEqual({ status: 409, type: 'text/x.tlog.size', body: '12\n' });
    expect((await bring(again, 12, 12)).status).toBe(200);
    expect((await bring(again, 12, 20, fork)).status).toBe(422);
    expect((await bring(again, 12, 20)).status).toBe(200);
    expect((await readdir((await recordOf()).path)).length).toBe(1);
  });

  it('takes requests of one log one after the other', async () => {
    const witness = await open();
    const bodies = await Promise.all(Array.from({ length: 20 }, (_, at) => submission(0, at + 1, at % 2 ? log : fork)));
    const answers = await Promise.all(bodies.map((body) => witness.addCheckpoint(body)));
    expect(answers.map(({ status }) => status)).toEqual([200, ...Array<number>(19).fill(409)]);
    expect(new Set(answers.slice(1).map(({ body }) => body))).toEqual(new Set(['1\n']));
  });

  it('never lets two processes on one folder cosign two histories', async () => {
    for (let round = 0; round < 10; round += 1) {
      const folder = join(state, String(round));
      await bring(await open(witnessSigner, folder), 0, SHARED);
      const both = await Promise.all([open(witnessSigner, folder), open(witnessSigner, folder)]);
      const bodies = await Promise.all([submission(SHARED, 20), submission(SHARED, 25, fork)]);
      const answers = await Promise.all(both.map((witness, at) => witness.addCheckpoint(bodies[at]!)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    }
  });

  it('refuses to start on a state that says nothing it signed', async () => {
    await bring(await open(), 0, 12);
    const { path } = await recordOf();
    const [name] = await readdir(path);
    const file = join(path, name!);
    const note = await readFile(file, 'utf8');
    for (const spoilt of ['', note.slice(0, 40), note.replace('\n12\n', '\n11\n'), 'hello\n']) {
      await writeFile(file, spoilt);
      await expect(open()).rejects.toThrow(/does not say what was cosigned last/);
    }
    await writeFile(file, note);
    await expect(open(otherWitness)).resolves.toBeDefined();
  });

  it('goes on after a crash, whatever was on the disk by then', async () => {
    await bring(await open(), 0, 12);
    const record = await recordOf();
    const [name] = await readdir(record.path);
    // Killed while the next step was written, and after it was taken but before the one before was cleared away.
    await writeFile(join(record.path, `${name}.x.partial`), 'half a no');
    expect((await bring(await open(), 12, 13)).status).toBe(200);
    await writeFile(join(record.path, name!), await log.checkpoint(12));
    const witness = await open();
    expect(await witness.heads()).toEqual([{ origin: ORIGIN, size: 13 }]);
    expect((await bring(witness, 13, 14)).status).toBe(200);
  });
});

describe('the record of a witness', () => {
  it('takes each step once, and none behind the last', async () => {
    const record = await recordOf();
    expect(await record.last()).toBeUndefined();
    expect(await record.take({ number: 0, note: 'a' })).toBe(true);
    expect(await record.take({ number: 0, note: 'b' })).toBe(false);
    expect(await record.take({ number: 1, note: 'c' })).toBe(true);
    expect(await record.take({ number: 0, note: 'd' })).toBe(false);
    expect(await record.last()).toEqual({ number: 1, note: 'c' });
    expect(await readdir(record.path)).toEqual(['000000000001.checkpoint']);
    expect((await stat(join(record.path, '000000000001.checkpoint'))).mode & 0o777).toBe(0o600);
  });
});

describe('a witness over HTTP', () => {
  const serve = async (): Promise<string> => {
    const served = await serveWitness(await open(), { host: '127.0.0.1', port: 0 }, (line) => void told.push(line));
    listening.push(served);
    return served.url;
  };
  const post = (url: string, body: Uint8Array | string, path = '/add-checkpoint') =>
    fetch(`${url}${path}`, { method: 'POST', body: body as Uint8Array<ArrayBuffer> | string });

  it('answers as the specification says', async () => {
    const url = await serve();
    const taken = await post(url, await submission(0, 12));
    expect([taken.status, taken.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(await taken.text()).toMatch(/^\u2014 witness\.example [A-Za-z0-9+/]+=*\n$/);
    const behind = await post(url, await submission(0, 14));
    expect([behind.status, behind.headers.get('content-type')]).toEqual([409, 'text/x.tlog.size']);
    expect(await behind.text()).toBe('12\n');
    expect((await post(url, 'hello')).status).toBe(400);
    expect((await post(url, await submission(12, 13, fork))).status).toBe(422);
    expect((await post(url, '', '/other')).status).toBe(404);
    const got = await fetch(`${url}/add-checkpoint`);
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await post(url, await submission(12, 12))).status).toBe(200);
  });

  it('is what the anchor of a log talks to', async () => {
    const { HttpAnchor } = await evidenceServer();
    const anchor = new HttpAnchor({ url: await serve(), vkey: formatVerifierKey(witnessSigner.key) });
    const publication = async (size: number, by: SampleLog) => ({
      size,
      note: await by.checkpoint(size),
      consistencyFrom: async (size1: number) => by.consistency(size1, size),
    });
    const never = new AbortController().signal;
    const [cosignature] = await anchor.publish(await publication(12, log), never);
    expect(cosignature?.atMs).toBe(START_MS);
    await anchor.publish(await publication(20, log), never);
    await expect(anchor.publish(await publication(21, fork), never)).rejects.toThrow(/does not find that our tree/);
    await expect(anchor.publish(await publication(20, fork), never)).rejects.toThrow(/two histories/);
    await expect(anchor.publish(await publication(15, log), never)).rejects.toThrow(/larger than ours/);
  });

  it('reads no long bodies, and goes on', async () => {
    const url = await serve();
    const answer = await post(url, 'x'.repeat(100_000)).then(
      ({ status }) => status,
      () => 'cut off',
    );
    expect([413, 'cut off']).toContain(answer);
    expect((await post(url, await submission(0, 12))).status).toBe(200);
  });

  it('goes on when a caller breaks off', async () => {
    const url = await serve();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write('POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nold 0\n');
    socket.destroy();
    expect((await post(url, await submission(0, 12))).status).toBe(200);
    expect(told).toEqual([`cosigned ${ORIGIN} at size 12`]);
  });

  it('cosigns nothing that it cannot keep, and says so to its operator only', async () => {
    const url = await serve();
    const { path } = await recordOf();
    await rm(path, { recursive: true });
    const answer = await post(url, await submission(0, 12));
    expect([answer.status, await answer.text()]).toEqual([500, 'the witness cannot cosign now\n']);
    expect(told).toEqual([expect.stringMatching(/^a request failed: ENOENT/)]);
  });
});
