import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { formatConsistency, formatVerifierKey, writeBundle } from '@app/evidence';
import { sha256 } from '@app/kernel';
import { bytesOf, logSigner, ORIGIN, recorded, SampleLog, sampleEvents } from '../../../test/support/sample-log.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const vkey = formatVerifierKey(logSigner.key);

/** The program as a process, fed on standard input. */
function start(args: readonly string[]) {
  const program = ['--no-warnings', '--import', './test/support/typescript.mjs', 'apps/cli/src/main.ts'];
  return spawn(process.execPath, [...program, ...args], { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] });
}

async function ended(args: readonly string[], input: Uint8Array = new Uint8Array(0)) {
  const child = start(args);
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const exit = once(child, 'exit') as Promise<[number | null]>;
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { code, out, err };
}

describe('the program', () => {
  it('verifies what comes by standard input, and ends with the code of the verdict', async () => {
    const log = new SampleLog(sampleEvents(300));
    const bytes = await bytesOf(writeBundle(await log.contents(), log.leaves, sha256));
    const sound = await ended(['verify', '-', '--key', vkey], bytes);
    expect(sound).toEqual({ code: 0, err: '', out: expect.stringMatching(/^VERIFIED -: L1 \(signed\) was reached\n/) });
    const flipped = bytes.slice();
    flipped[90_000] = (flipped[90_000] as number) ^ 1;
    expect((await ended(['verify', '-', '--key', vkey], flipped)).code).toBe(1);
    expect((await ended(['verify', '-', '--key', vkey], bytes.subarray(0, 90_000))).code).toBe(2);
    expect((await ended(['verify', '-', '--key', 'nonsense'], bytes)).code).toBe(3);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('leaves nothing behind when %s ends an export', async (signal) => {
    const directory = await mkdtemp(join(tmpdir(), 'runledger-export-'));
    const server = createServer((_request, response) => void response.writeHead(200).write('half a bundle'));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    const child = start(['export', '--server', `http://127.0.0.1:${port}`, '--out', join(directory, 'log.tar')]);
    const err = text(child.stderr);
    const exit = once(child, 'exit') as Promise<[number | null]>;
    while ((await readdir(directory)).length === 0) await new Promise((passed) => setTimeout(passed, 20));
    child.kill(signal);
    expect([(await exit)[0], await err]).toEqual([2, expect.stringMatching(/^runledger: interrupted; .*\n$/)]);
    expect(await readdir(directory)).toEqual([]);
    server.closeAllConnections();
    server.close();
    await rm(directory, { recursive: true });
  });

  it('knows its version', async () => {
    expect(await ended(['--version'])).toEqual({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), err: '' });
  });

  it('stops in peace when nobody reads on', async () => {
    const stream = 'access-20260502';
    const log = new SampleLog(Array.from({ length: 2_000 }, (_, at) => recorded(at, stream, at, 'AccessDenied', {})));
    const bytes = await bytesOf(writeBundle(await log.contents(), log.leaves, sha256));
    const child = start(['replay', stream, '--bundle', '-', '--json']);
    child.stdin.on('error', () => undefined);
    child.stdout.once('data', () => child.stdout.destroy());
    child.stdin.end(bytes);
    const [err, [code]] = await Promise.all([text(child.stderr), once(child, 'exit') as Promise<[number | null]>]);
    expect([code, err]).toEqual([0, '']);
  });

  it('witnesses until it is told to stop, and knows after a kill what it cosigned', async () => {
    const state = await mkdtemp(join(tmpdir(), 'runledger-witness-'));
    const log = new SampleLog(sampleEvents(30));
    const args = ['witness', '--state', state, '--log', vkey, '--listen', '127.0.0.1:0', '--json'];
    const begin = async () => {
      const child = start(args);
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      const told = JSON.parse(line.toString()) as { url: string; logs: unknown };
      const bring = async (from: number, size: number) => {
        const proof = from === 0 ? [] : log.consistency(from, size);
        const body = formatConsistency({ size1: from, proof, checkpoint: await log.checkpoint(size) });
        return (await fetch(`${told.url}/add-checkpoint`, { method: 'POST', body })).status;
      };
      const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<unknown> => {
        child.kill(signal);
        return ((await once(child, 'exit')) as [number | null])[0];
      };
      return { logs: told.logs, bring, end };
    };
    const first = await begin();
    expect(await first.bring(0, 10)).toBe(200);
    await first.end('SIGKILL');
    const second = await begin();
    expect(second.logs).toEqual([{ origin: ORIGIN, size: 10 }]);
    expect([await second.bring(0, 20), await second.bring(10, 20)]).toEqual([409, 200]);
    expect(await second.end('SIGTERM')).toBe(0);
    await rm(state, { recursive: true });
  });
});
