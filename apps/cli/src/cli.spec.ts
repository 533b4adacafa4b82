import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BundleContents, BundledLeaf, VerifyReport } from '@app/evidence';
import { formatConsistency, formatVerifierKey, writeBundle } from '@app/evidence';
import { sha256 } from '@app/kernel';
import {
  bytesOf,
  logSigner,
  ORIGIN,
  otherSigner,
  recorded,
  SampleLog,
  sampleEvent,
  sampleEvents,
  START_MS,
  uuid,
  witnessSigner,
} from '../../../test/support/sample-log.js';
import { runCli } from './cli.command.js';
import type { CliWorld } from './cli-world.js';

const log = new SampleLog(sampleEvents(400));
const run = `execution-${uuid(3)}`;
const vkey = formatVerifierKey(logSigner.key);
const API_KEY = 'rl_secret-of-the-auditor';

let directory: string;
let server: Server;
let url: string;
type Answer = (request: IncomingMessage, response: ServerResponse, query: URLSearchParams) => void;
/** What the server answers, by path. */
let answers: Record<string, Answer>;
let asked: { path: string; key: string | undefined }[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'runledger-cli-'));
  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://server');
    asked.push({ path: request.url ?? '', key: request.headers['x-api-key'] as string | undefined });
    const answer = answers[pathname];
    if (answer) answer(request, response, searchParams);
    else response.writeHead(404).end(JSON.stringify({ code: 'FLK-0404', message: 'there is no such route\u001b[2J' }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  await rm(directory, { recursive: true });
});
beforeEach(() => {
  answers = {};
  asked = [];
});

interface Outcome {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

async function cli(args: readonly string[], about: Partial<CliWorld> = {}): Promise<Outcome> {
  let [out, err] = ['', ''];
  const world: CliWorld = {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    isTerminal: false,
    columns: 80,
    env: { RUNLEDGER_API_KEY: API_KEY, RUNLEDGER_SERVER: url },
    nowMs: () => START_MS,
    untilStopped: async () => undefined,
    stopSignal: () => new AbortController().signal,
    ...about,
  };
  const exit = await runCli(args, world, '1.2.3');
  expect(out + err).not.toContain(API_KEY);
  return { exit, out, err };
}

const path = (name: string): string => join(directory, name);

async function file(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(path(name), content);
  return path(name);
}

async function bundle(name: string, contents: BundleContents, leaves: Iterable<BundledLeaf> = log.leaves) {
  return file(name, await bytesOf(writeBundle(contents, leaves, sha256)));
}

describe('runledger', () => {
  it('says what it can do, and what version it is', async () => {
    const help = await cli(['--help']);
    expect(help).toMatchObject({ exit: 0, err: '' });
    expect(help.out).toMatch(/verify.*\n.*export.*\n.*replay.*\n.*checkpoint.*\n[^]*keys[^]*Exit codes[^]*Examples:/);
    expect(await cli(['--version'])).toEqual({ exit: 0, out: '1.2.3\n', err: '' });
  });

  it.each(['verify', 'export', 'replay', 'checkpoint', 'keys generate', 'keys show', 'keys vkey', 'witness'])(
    '%s --help shows an example',
    async (command) => {
      const { exit, out } = await cli([...command.split(' '), '--help']);
      expect(exit).toBe(0);
      expect(out).toMatch(/Examples?:\n {2}runledger /);
    },
  );

  it.each<[string, string[], RegExp]>([
    ['an unknown command', ['prove'], /unknown command/],
    ['an unknown option', ['verify', 'x', '--kye', 'x'], /unknown option/],
    ['no bundle', ['verify'], /missing required argument/],
    ['a bundle that is not there', ['verify', '/nowhere/x.tar'], /there is no \/nowhere\/x.tar/],
    ['a folder', ['verify', tmpdir()], /is not a file/],
    ['a key that is none', ['verify', 'x', '--key', 'a+00000000+b'], /--key: /],
    ['a key file that is not there', ['verify', 'x', '--key', 'nowhere.vkey'], /there is no nowhere.vkey/],
    ['an empty key', ['verify', 'x', '--key', ''], /--key wants/],
    ['two keys', ['verify', 'x', '--key', vkey, '--key', vkey], /once only/],
    [
      'a key of a witness as that of the log',
      ['verify', 'x', '--key', formatVerifierKey(witnessSigner.key)],
      /the key of a log/,
    ],
    ['a key of a log as that of a witness', ['verify', 'x', '--witness', vkey], /the key of a witness/],
    ['a private key', ['verify', 'x', '--key', 'PRIVATE+KEY+a+00000000+secret'], /private/],
    ['no level', ['verify', 'x', '--require', 'L9'], /L9 is no level/],
    ['no time', ['verify', 'x', '--fresh', 'soon'], /--fresh is a time/],
    ['no address', ['export', '--out', '/nowhere/x', '--server', 'ftp://x'], /address of a server/],
    [
      'a password in the address',
      ['export', '--out', '/nowhere/x', '--server', 'http://a:pass@x'],
      /RUNLEDGER_API_KEY/,
    ],
    ['a run and a part', ['export', '--out', 'x', '--run', uuid(1), '--from', '1'], /either --run/],
    ['a part that ends before it begins', ['export', '--out', 'x', '--from', '2', '--to', '1'], /less than/],
    ['no number', ['export', '--out', 'x', '--from', '-1'], /integer of at least 0|argument missing/],
    ['no run', ['export', '--out', '/nowhere/x', '--run', 'x'], /wants a UUID/],
    ['no stream', ['replay', '../x'], /no name of a stream/],
    ['two sources', ['replay', run, '--bundle', 'x', '--server', 'http://x'], /either --server/],
    ['no log to witness', ['witness', '--state', '/nowhere/x'], /required option '--log/],
    ['no address to listen on', ['witness', '--state', '/nowhere/x', '--log', vkey, '--listen', '4022'], /as in 127/],
    ['no port', ['witness', '--state', '/nowhere/x', '--log', vkey, '--listen', 'localhost:70000'], /as in 127/],
    [
      'a witness as a log',
      ['witness', '--state', '/nowhere/x', '--log', formatVerifierKey(witnessSigner.key)],
      /the key of a log/,
    ],
    ['no name for a key', ['keys', 'generate', '--name', 'a b', '--out', '/nowhere/x'], /without blanks/],
  ])('ends with 3 for %s', async (_name, args, message) => {
    const { exit, out, err } = await cli(args);
    expect([exit, out]).toEqual([3, '']);
    expect(err).toMatch(message);
    expect(err).not.toContain('pass@');
    expect(err).not.toContain('secret');
  });
});

describe('runledger verify', () => {
  it('tells how far the proof reaches and what was not shown', async () => {
    const bundled = await bundle('log.tar', await log.contents([100], { witness: witnessSigner }));
    const known = await file('known', await log.checkpoint(50));
    const keyFile = await file('log.vkey', `${vkey}\n`);
    const witness = formatVerifierKey(witnessSigner.key);
    const { exit, out, err } = await cli(['verify', bundled, '--key', keyFile, '--known', known, '--witness', witness]);
    expect([exit, err]).toEqual([0, '']);
    expect(out.split('\n')[0]).toBe(`VERIFIED ${bundled}: L4 (witnessed and fresh) was reached`);
    expect(out).toMatch(/\[x\] L0 .*400 events[^]*\[x\] L2 [^]*cosigned by|cosigned by[^]*\[x\] L4/);
    expect(out).toMatch(/not shown:\n {2}- that the log did not go on after its first 400 leaves/);
    expect(out).toMatch(/80 streams \(80 replayed\)/);
  });

  it('gives the whole report as JSON, and reads standard input under a dash elsewhere', async () => {
    const bundled = await bundle('run.tar', await log.streamsContents([run]), log.leavesOf([run]));
    const { exit, out } = await cli(['verify', bundled, '--key', vkey, '--json']);
    const report = JSON.parse(out) as VerifyReport;
    expect([exit, report.verdict, report.level, report.counts.leaves]).toEqual([0, 'verified', 'L1', 5]);
  });

  it('ends with 1 for what was changed, with the place', async () => {
    const leaves = log.leaves.with(7, { ...log.leaves[7]!, data: new TextEncoder().encode('{}') });
    const bundled = await bundle('changed.tar', await log.contents(), leaves);
    const { exit, out } = await cli(['verify', bundled, '--key', vkey]);
    expect(exit).toBe(1);
    expect(out).toMatch(/^TAMPERED .*: 1 defect; no level was reached/);
    expect(out).toMatch(/tampered data_changed at data\/000000000000.ndjson:8: the data of leaf 7/);
  });

  it('says of how many events it saw only the hash of their content', async () => {
    const started = sampleEvent(3);
    const inputBlob = { sha256: 'c'.repeat(64), bytes: 70_000 };
    const large = new SampleLog([
      recorded(0, run, 0, started.type, { ...(started.data as object), input: null, inputBlob }),
    ]);
    const { exit, out } = await cli([
      'verify',
      await bundle('large.tar', await large.contents(), large.leaves),
      '--key',
      vkey,
    ]);
    expect(exit).toBe(0);
    expect(out).toMatch(/not shown:[^]*- the large contents that 1 event names by SHA-256: they are not in the bundle/);
  });

  it('ends with 1 for a run that does what no run does', async () => {
    const forged = new SampleLog([recorded(0, run, 0, 'ExecutionCompleted', { workflowId: 'w', workflowVersion: 1 })]);
    const bundled = await bundle('forged.tar', await forged.contents(), forged.leaves);
    const { exit, out } = await cli(['verify', bundled, '--key', vkey]);
    expect(exit).toBe(1);
    expect(out).toMatch(/run_not_begun/);
  });

  it.each<[string, string[], number, RegExp]>([
    ['without a key', [], 2, /no_key/],
    ['with another key', ['--key', formatVerifierKey(otherSigner.key)], 1, /not_signed/],
    ['with more asked than shown', ['--key', vkey, '--require', 'l3'], 2, /level L3 was asked for; L1 was reached/],
  ])('%s', async (_name, args, expected, message) => {
    const bundled = await bundle('plain.tar', await log.contents());
    const { exit, out } = await cli(['verify', bundled, ...args]);
    expect(exit).toBe(expected);
    expect(out).toMatch(message);
  });

  it('ends with 2 for a bundle that is cut off, and 1 for a file that is none', async () => {
    const bytes = await bytesOf(writeBundle(await log.contents(), log.leaves, sha256));
    const cut = await cli(['verify', await file('cut.tar', bytes.subarray(0, 100_000)), '--key', vkey]);
    expect([cut.exit, cut.out]).toEqual([2, expect.stringMatching(/truncated_archive/)]);
    const other = await cli(['verify', await file('other.tar', 'hello\n'.repeat(1000)), '--key', vkey]);
    expect([other.exit, other.out]).toEqual([1, expect.stringMatching(/malformed_archive/)]);
  });

  it('ends with 3 for a kept checkpoint that is not of this key', async () => {
    const bundled = await bundle('plain.tar', await log.contents());
    const known = await file('foreign', await log.checkpoint(50, { log: otherSigner }));
    const { exit, err } = await cli(['verify', bundled, '--key', vkey, '--known', known]);
    expect([exit, err]).toEqual([3, expect.stringMatching(/--known .*no signature/)]);
  });

  it('draws a bar on a terminal only, and leaves none behind', async () => {
    const bundled = await bundle('plain.tar', await log.contents());
    let nowMs = START_MS;
    const drawn = await cli(['verify', bundled, '--key', vkey], { isTerminal: true, nowMs: () => (nowMs += 200) });
    expect(drawn.err).toMatch(/^\r\u001b\[Kverified \[=+ *\] *\d+ % .*\r\u001b\[K$/);
    const piped = await cli(['verify', bundled, '--key', vkey], { nowMs: () => (nowMs += 20_000) });
    expect(piped.err).toMatch(/^verified .* %: .* MB.*\n$/);
  });
});

describe('runledger export', () => {
  const serve =
    (bytes: Uint8Array, more: Record<string, string | number> = {}): Answer =>
    (_request, response) =>
      response.writeHead(200, { 'content-type': 'application/x-tar', ...more }).end(bytes);

  it('writes the whole log, a part, or a run, with the key from the environment', async () => {
    const bytes = await bytesOf(writeBundle(await log.contents(), log.leaves, sha256));
    answers = { '/v1/evidence/export': serve(bytes), [`/v1/executions/${uuid(3)}/evidence`]: serve(bytes) };
    const whole = await cli(['export', '--out', path('e1.tar')]);
    expect(whole).toMatchObject({ exit: 0, out: `wrote ${path('e1.tar')}, ${bytes.length} bytes; not verified yet\n` });
    expect(new Uint8Array(await readFile(path('e1.tar')))).toEqual(bytes);
    const part = await cli(['export', '--from', '5', '--to', '9', '--out', path('e2.tar'), '--json']);
    expect(JSON.parse(part.out)).toEqual({ file: path('e2.tar'), bytes: bytes.length });
    await cli(['export', '--run', uuid(3).toUpperCase(), '--out', path('e3.tar')]);
    expect(asked).toEqual([
      { path: '/v1/evidence/export', key: API_KEY },
      { path: '/v1/evidence/export?from=5&to=9', key: API_KEY },
      { path: `/v1/executions/${uuid(3)}/evidence`, key: API_KEY },
    ]);
  });

  it('replaces no file unless it is told to', async () => {
    answers = { '/v1/evidence/export': serve(Uint8Array.of(2)) };
    const kept = await file('kept.tar', 'mine');
    const refused = await cli(['export', '--out', kept]);
    expect([refused.exit, await readFile(kept, 'utf8'), asked]).toEqual([3, 'mine', []]);
    expect((await cli(['export', '--out', kept, '--force'])).exit).toBe(0);
    expect(await readFile(kept)).toEqual(Buffer.of(2));
  });

  it.each<[string, Answer, RegExp]>([
    ['breaks off', (_q, r) => void r.writeHead(200).write('half', () => r.destroy()), /broke off/],
    [
      'sends less than it said',
      (_q, r) => void r.writeHead(200, { 'content-length': 9 }).write('half', () => r.destroy()),
      /broke off/,
    ],
    [
      'says no',
      (_q, r) => r.writeHead(403).end('{"code":"FLK-0403","message":"auditors only"}'),
      /answered 403 FLK-0403: auditors only/,
    ],
    ['wants a key', (_q, r) => r.writeHead(401).end(), /answered 401; give an API key/],
    ['points elsewhere', (_q, r) => r.writeHead(302, { location: 'http://evil.example' }).end(), /points elsewhere/],
    ['fails without a word', (_q, r) => r.writeHead(500).end('<html>'), /answered 500$/m],
  ])('leaves nothing behind when the server %s', async (_name, answer, message) => {
    answers = { '/v1/evidence/export': answer };
    const { exit, out, err } = await cli(['export', '--out', path('none.tar')]);
    expect([exit, out, err]).toEqual([2, '', expect.stringMatching(message)]);
    expect((await readdir(directory)).filter((name) => name.startsWith('none.tar'))).toEqual([]);
  });

  it.each<[string, Answer]>([
    ['before anything came', () => undefined],
    ['in the midst', (_request, response) => void response.writeHead(200, { 'content-length': 9 }).write('half')],
  ])('leaves nothing behind when it is interrupted %s, and does not wait for the server', async (_name, answer) => {
    const controller = new AbortController();
    answers = {
      '/v1/evidence/export': (request, response, query) => {
        answer(request, response, query);
        setTimeout(() => controller.abort(), 50);
      },
    };
    const { exit, out, err } = await cli(['export', '--out', path('none.tar')], {
      stopSignal: () => controller.signal,
    });
    expect([exit, out, err]).toEqual([
      2,
      '',
      `runledger: interrupted; ${path('none.tar')} was not written, and what had come is gone\n`,
    ]);
    expect((await readdir(directory)).filter((name) => name.startsWith('none.tar'))).toEqual([]);
  });

  it('keeps the file that was there when its replacement is interrupted', async () => {
    const kept = await file('kept-on.tar', 'mine');
    const controller = new AbortController();
    answers = { '/v1/evidence/export': (_request, response) => response.write('half', () => controller.abort()) };
    const { exit } = await cli(['export', '--force', '--out', kept], { stopSignal: () => controller.signal });
    expect([exit, await readFile(kept, 'utf8')]).toEqual([2, 'mine']);
  });

  it('says when there is no server', async () => {
    const { exit, err } = await cli(['export', '--out', path('none.tar'), '--server', 'http://127.0.0.1:9']);
    expect([exit, err]).toEqual([2, expect.stringMatching(/cannot be reached/)]);
  });

  it('shows no control characters of a server', async () => {
    const { exit, err } = await cli(['export', '--out', path('none.tar')]);
    expect([exit, err]).toEqual([2, expect.stringMatching(/FLK-0404: there is no such route \[2J/)]);
  });
});

describe('runledger replay', () => {
  const events = [...sampleEvents(400)].filter(({ stream }) => stream === run);
  const pages: Answer = (_request, response, query) => {
    const from = Number(query.get('from'));
    const items = events.slice(from, from + 2);
    const hasMore = from + 2 < events.length;
    response.end(JSON.stringify({ stream: run, items, hasMore, ...(hasMore ? { nextFrom: from + 2 } : {}) }));
  };

  it('tells a stream in sentences, from a server as from a bundle', async () => {
    answers = { [`/v1/streams/${run}/events`]: pages };
    const told = await cli(['replay', run]);
    expect([told.exit, told.err]).toEqual([0, '']);
    expect(told.out.split('\n').slice(0, -1)).toEqual([
      '   0  2026-05-02T13:00:00.003Z  Jos\u00e9 "the" Auditor started a run of *screening* version 1',
      '   1  2026-05-02T13:00:00.011Z  Step *Screen* called *http.request*',
      '   2  2026-05-02T13:00:00.019Z  Step *Screen* was answered 200 in 11 ms',
      '   3  2026-05-02T13:00:00.027Z  Step *Refuse* was skipped: no edge that was taken leads to it',
      '   4  2026-05-02T13:00:00.035Z  Run of *screening* completed in 20 ms',
    ]);
    const bundled = await bundle('replay.tar', await log.contents());
    expect((await cli(['replay', run, '--bundle', bundled])).out).toBe(told.out);
  });

  it('folds a stream up to a revision', async () => {
    const bundled = await bundle('replay.tar', await log.streamsContents([run]), log.leavesOf([run]));
    const { exit, out } = await cli(['replay', run, '--bundle', bundled, '--to', '1', '--state', '--json']);
    expect(exit).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      stream: run,
      revision: 1,
      state: { status: 'running', steps: { screen: { status: 'running', input: { amount: 3.5 } } } },
    });
    const whole = await cli(['replay', run, '--bundle', bundled, '--state']);
    expect(JSON.parse(whole.out)).toMatchObject({
      revision: 4,
      state: { status: 'completed', output: { approved: true } },
    });
  });

  it('gives the events word for word as JSON', async () => {
    const bundled = await bundle('replay.tar', await log.contents());
    const { out } = await cli(['replay', run, '--bundle', bundled, '--json']);
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(events);
  });

  it.each<[string, string[], number, RegExp]>([
    ['a stream that is not there', [`execution-${uuid(9999)}`], 2, /holds no events/],
    ['a revision behind the end', [run, '--to', '9'], 2, /ends at revision 4/],
    ['a stream without a state', [`access-20260502`, '--state'], 3, /has no state/],
  ])('says what is wrong with %s', async (_name, args, expected, message) => {
    const bundled = await bundle('replay.tar', await log.contents());
    const { exit, err } = await cli(['replay', ...args, '--bundle', bundled]);
    expect([exit, err]).toEqual([expected, expect.stringMatching(message)]);
  });

  it('refuses what a server or a bundle has changed', async () => {
    answers = { [`/v1/streams/${run}/events`]: (_request, response) => response.end('{"items":[{"type":7}]}') };
    expect(await cli(['replay', run])).toMatchObject({ exit: 2, err: expect.stringMatching(/not a page of events/) });
    answers = { [`/v1/streams/${run}/events`]: (_request, response) => response.end('<html>') };
    expect(await cli(['replay', run])).toMatchObject({ exit: 2, err: expect.stringMatching(/is not JSON/) });
    const leaves = log.leaves.with(3, { ...log.leaves[3]!, data: new TextEncoder().encode('{}') });
    const bundled = await bundle('replay.tar', await log.contents(), leaves);
    expect(await cli(['replay', run, '--bundle', bundled])).toMatchObject({
      exit: 1,
      err: expect.stringMatching(/line 4 is not what its leaf says/),
    });
  });
});

describe('runledger checkpoint', () => {
  function serveLog(of: SampleLog, size: number): void {
    answers = {
      '/v1/evidence/checkpoint': (_request, response) => void of.checkpoint(size).then((note) => response.end(note)),
      '/v1/evidence/consistency': (_request, response, query) => {
        const size1 = Number(query.get('from'));
        void of.checkpoint(size).then((checkpoint) => {
          response.end(formatConsistency({ size1, proof: of.consistency(size1, size), checkpoint }));
        });
      },
    };
  }
  const compare = (name: string): Promise<Outcome> => cli(['checkpoint', '--key', vkey, '--keep', path(name)]);

  it('is kept, and must be continued from then on', async () => {
    serveLog(log, 100);
    expect(await compare('c1')).toMatchObject({ exit: 0, out: expect.stringMatching(/size 100.*\nsigned and kept/) });
    expect(await readFile(path('c1'), 'utf8')).toBe(await log.checkpoint(100));
    expect((await compare('c1')).out).toMatch(/the same as the one that was kept/);
    serveLog(log, 300);
    const { exit, out } = await compare('c1');
    expect([exit, out]).toEqual([0, expect.stringMatching(/continues the one that was kept, of size 100/)]);
    expect(asked.at(-1)?.path).toBe('/v1/evidence/consistency?from=100&to=300');
    expect(await readFile(path('c1'), 'utf8')).toBe(await log.checkpoint(300));
  });

  it('is told as JSON, and compared with nothing unless one is kept', async () => {
    serveLog(log, 100);
    const { exit, out } = await cli(['checkpoint', '--key', vkey, '--json']);
    expect([exit, JSON.parse(out)]).toEqual([
      0,
      expect.objectContaining({
        log: ORIGIN,
        size: 100,
        keptSize: null,
        sentence: expect.stringMatching(/nothing was compared/),
      }),
    ]);
  });

  it.each<[string, () => void, number, RegExp]>([
    [
      'shows another history',
      () => serveLog(new SampleLog([...sampleEvents(300)].with(5, recorded(5, 'workflow-x', 0, 'X', {}))), 300),
      1,
      /another history/,
    ],
    [
      'shows another tree of the same size',
      () => serveLog(new SampleLog([...sampleEvents(200)].with(5, recorded(5, 'workflow-x', 0, 'X', {}))), 200),
      1,
      /two histories/,
    ],
    ['has shrunk', () => serveLog(log, 150), 1, /has shrunk/],
    ['is another log', () => serveLog(new SampleLog(sampleEvents(300), 'other.example'), 300), 3, /is of the log/],
    [
      'sends no checkpoint',
      () => (answers = { '/v1/evidence/checkpoint': (_q, r) => r.end('hello') }),
      1,
      /not a signed note/,
    ],
    [
      'gives no proof',
      () => {
        serveLog(log, 300);
        delete answers['/v1/evidence/consistency'];
      },
      2,
      /consistency: the server answered 404/,
    ],
    [
      'gives a proof that is none',
      () => {
        serveLog(log, 300);
        answers['/v1/evidence/consistency'] = (_q, r) => r.end('hello');
      },
      1,
      /not a proof/,
    ],
    [
      'gives a proof of something else',
      () => {
        serveLog(log, 300);
        answers['/v1/evidence/consistency'] = (_q, r) => {
          void log
            .checkpoint(250)
            .then((checkpoint) =>
              r.end(formatConsistency({ size1: 200, proof: log.consistency(200, 250), checkpoint })),
            );
        };
      },
      1,
      /about other trees/,
    ],
    ['is not there', () => undefined, 2, /answered 404/],
  ])('keeps what it holds when the log %s', async (_name, serveIt, expected, message) => {
    const note = await log.checkpoint(200);
    await file('c2', note);
    serveIt();
    const { exit, out, err } = await compare('c2');
    expect([exit, out, err]).toEqual([expected, '', expect.stringMatching(message)]);
    expect(await readFile(path('c2'), 'utf8')).toBe(note);
  });

  it('is refused when another key signed it', async () => {
    serveLog(log, 100);
    const other = formatVerifierKey(otherSigner.key);
    expect(await cli(['checkpoint', '--key', other])).toMatchObject({
      exit: 1,
      err: expect.stringMatching(/no signature/),
    });
  });
});

describe('runledger keys', () => {
  it('makes a key for its owner alone, and never shows it', async () => {
    const made = await cli(['keys', 'generate', '--name', 'log.example', '--out', path('k1')]);
    expect([made.exit, made.out]).toEqual([
      0,
      expect.stringMatching(/^log\.example\+[0-9a-f]{8}\+A[A-Za-z0-9+/=]+\n$/),
    ]);
    expect((await stat(path('k1'))).mode & 0o777).toBe(0o600);
    const secret = (await readFile(path('k1'), 'utf8')).trim().split('+').at(-1) as string;
    const shown = await cli(['keys', 'show', path('k1')]);
    expect(shown.out).toMatch(/^name {7}log\.example\nkey id {5}[0-9a-f]{8}\nalgorithm {2}ed25519\nvkey {7}/);
    expect((await cli(['keys', 'vkey', path('k1')])).out).toBe(made.out);
    expect(made.out + made.err + shown.out + shown.err).not.toContain(secret);
    const again = await cli(['keys', 'generate', '--name', 'log.example', '--out', path('k1')]);
    expect([again.exit, again.err]).toEqual([3, expect.stringMatching(/is there already/)]);
  });

  it('makes keys of witnesses, as JSON too', async () => {
    const { out } = await cli(['keys', 'generate', '--name', 'w', '--witness', '--out', path('k2'), '--json']);
    expect(JSON.parse(out)).toMatchObject({ name: 'w', algorithm: 'cosignature/v1' });
    expect(JSON.parse((await cli(['keys', 'show', path('k2'), '--json'])).out)).toEqual(JSON.parse(out));
  });

  it('shows nothing of a file that holds no key', async () => {
    const wrong = await file('k3', 'PRIVATE+KEY+name+00000000+c2VjcmV0LXNlY3JldA==');
    const { exit, out, err } = await cli(['keys', 'show', wrong]);
    expect([exit, out]).toEqual([3, '']);
    expect(err).not.toContain('c2VjcmV0');
  });
});

describe('runledger witness', () => {
  const listen = ['--log', vkey, '--listen', '127.0.0.1:0'];

  it('makes its key at the first start, for its owner alone, and tells others how to know it', async () => {
    const state = path('w1');
    const first = await cli(['witness', '--state', state, '--name', 'witness.example/w1', ...listen]);
    expect([first.exit, first.err]).toEqual([
      0,
      `wrote ${join(state, 'witness.key')}; whoever holds it can sign as witness.example/w1\n`,
    ]);
    expect(first.out).toMatch(
      /^listening {2}http:\/\/127\.0\.0\.1:\d+\nvkey {7}witness\.example\/w1\+[^\n]+\nlog {8}runledger\.example\/log, nothing cosigned yet\n$/,
    );
    expect((await stat(join(state, 'witness.key'))).mode & 0o777).toBe(0o600);
    const again = await cli(['witness', '--state', state, '--json', ...listen]);
    expect([again.exit, again.err]).toEqual([0, '']);
    const about = JSON.parse(again.out) as { vkey: string; logs: unknown };
    expect(about.logs).toEqual([{ origin: ORIGIN, size: 0 }]);
    expect(first.out).toContain(about.vkey);
  });

  it.each<[string, (state: string) => Promise<string[]>, number, RegExp]>([
    ['the key of a log', async (state) => ['--key', await keyFile(state, false)], 3, /is the key of a log/],
    ['a key that others can read', async (state) => ['--key', await keyFile(state, true, 0o644)], 3, /read by others/],
    ['another name for its key', async (state) => ['--key', await keyFile(state, true), '--name', 'x'], 3, /--name is/],
    ['a name that is none', async () => ['--name', 'a b'], 3, /without blanks/],
    ['an address that is taken', async () => ['--listen', new URL(url).host], 2, /cannot be listened on: EADDRINUSE/],
    ['an address of others', async () => ['--listen', '192.0.2.1:4022'], 2, /cannot be listened on: EADDRNOTAVAIL/],
  ])('does not start with %s', async (name, args, exit, message) => {
    const state = path(`refused ${name}`);
    const outcome = await cli(['witness', '--state', state, ...listen, ...(await args(state))]);
    expect(outcome).toMatchObject({ exit, out: '' });
    expect(outcome.err).toMatch(message);
  });

  async function keyFile(state: string, isWitness: boolean, mode = 0o600): Promise<string> {
    const out = `${state}.key`;
    await cli(['keys', 'generate', '--name', 'w', '--out', out, ...(isWitness ? ['--witness'] : [])]);
    await chmod(out, mode);
    return out;
  }
});
