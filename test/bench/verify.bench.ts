// An auditor's `runledger verify` of a whole log, beside the SHA-256 of the same bytes.
//   npm run bench:verify -- [events=1000000] [directory]
// With a directory the bundle is kept there and used again.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { BundledLeaf, VerifyReport } from '@app/evidence';
import {
  base64UrlOf,
  CompactRange,
  encodeLeafEntry,
  formatCheckpoint,
  formatVerifierKey,
  leafContentOf,
  leafEntryOf,
  treeHasher,
  writeBundle,
} from '@app/evidence';
import { sha256 } from '@app/kernel';
import { processorMs, residentMiB } from '../support/child.js';
import { logSigner, ORIGIN, sampleEvent, signed } from '../support/sample-log.js';

const count = Number(process.argv[2] ?? 1_000_000);
if (!Number.isInteger(count) || count < 2) throw new Error('usage: verify.bench.ts [events >= 2] [directory to keep]');
const kept = process.argv[3];
const SAMPLE_MS = 50;

const directory = kept ?? mkdtempSync(join(tmpdir(), 'verify-bench-'));
const paths = { bundle: join(directory, `${count}.tar`), known: join(directory, `${count}.known`) };
try {
  if (!existsSync(paths.bundle)) await fill();
  const { size } = statSync(paths.bundle);
  const hashed = await hashAll();
  const verified = await verifyAll();
  const megabytes = Math.round(size / 1e6);
  console.log(`${count} events, ${verified.report.counts.streams} streams, ${megabytes} MB`);
  const rates = [hashed, verified].map(({ work, seconds, cpuSeconds, peakMiB }) => ({
    work,
    seconds: Number(seconds.toFixed(2)),
    cpuSeconds: Number(cpuSeconds.toFixed(2)),
    eventsPerSecond: Math.round(count / seconds),
    megabytesPerSecond: Math.round(megabytes / seconds),
    ...(peakMiB === undefined ? {} : { peakMiB: Math.round(peakMiB) }),
  }));
  console.table(rates);
  console.log(JSON.stringify({ benchmark: 'verify', events: count, megabytes, measured: rates }));
} finally {
  if (!kept) rmSync(directory, { recursive: true });
}

interface Measured {
  readonly work: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMiB?: number;
}

/** The same leaves every time: once for the root, once for the bundle. */
function* leaves(): Generator<BundledLeaf & { readonly hash: Uint8Array }> {
  const hasher = treeHasher(sha256);
  const last = new Map<string, Uint8Array>();
  for (let index = 0; index < count; index += 1) {
    const event = sampleEvent(index);
    const content = leafContentOf(event);
    const place = { index, log: ORIGIN, previousLeafHash: last.get(event.stream) };
    const entry = encodeLeafEntry(leafEntryOf(event, content, place, sha256));
    const hash = hasher.leaf(entry);
    last.set(event.stream, hash);
    yield { entry, ...content, hash };
  }
}

async function fill(): Promise<void> {
  const half = Math.floor(count / 2);
  const tree = new CompactRange(treeHasher(sha256));
  const notes = new Map<number, string>();
  for (const { hash } of leaves()) {
    tree.append(hash);
    if (tree.end !== half && tree.end !== count) continue;
    const text = formatCheckpoint({ origin: ORIGIN, size: tree.end, root: tree.root(), extensions: [] });
    notes.set(tree.end, await signed(text));
  }
  writeFileSync(paths.known, notes.get(half) ?? '');
  const contents = {
    kind: 'log' as const,
    log: ORIGIN,
    from: 0,
    to: count,
    entries: count,
    streams: [],
    checkpoints: new Map([[count, notes.get(count) ?? '']]),
    keys: [logSigner.key],
  };
  const file = await open(paths.bundle, 'w');
  const started = performance.now();
  for await (const chunk of writeBundle(contents, leaves(), sha256)) await file.writeFile(chunk);
  await file.close();
  console.log(`bundle written at ${Math.round((count / (performance.now() - started)) * 1_000)} events/s`);
}

async function hashAll(): Promise<Measured> {
  const hash = createHash('sha256');
  const cpu = process.cpuUsage();
  const started = performance.now();
  for await (const chunk of createReadStream(paths.bundle, { highWaterMark: 1_048_576 })) hash.update(chunk as Buffer);
  const digest = base64UrlOf(hash.digest());
  const used = process.cpuUsage(cpu);
  const seconds = (performance.now() - started) / 1_000;
  return { work: `SHA-256 ${digest.slice(0, 8)}`, seconds, cpuSeconds: (used.user + used.system) / 1e6 };
}

async function verifyAll(): Promise<Measured & { readonly report: VerifyReport }> {
  const key = formatVerifierKey(logSigner.key);
  const args = ['verify', paths.bundle, '--key', key, '--known', paths.known, '--require', 'L2', '--json'];
  const started = performance.now();
  let peakMiB = 0;
  let cpuMs = 0;
  const child = spawn(process.execPath, [join('dist', 'apps', 'cli', 'src', 'main.js'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = child.pid ?? 0;
  const sampling = setInterval(() => {
    // Whatever is asked of a process that has ended goes unanswered.
    residentMiB(pid).then(
      (found) => (peakMiB = Math.max(peakMiB, found || 0)),
      () => undefined,
    );
    processorMs(pid).then(
      (found) => (cpuMs = Math.max(cpuMs, found || 0)),
      () => undefined,
    );
  }, SAMPLE_MS);
  const said = await text(child.stdout);
  clearInterval(sampling);
  const seconds = (performance.now() - started) / 1_000;
  const report = JSON.parse(said) as VerifyReport;
  if (report.verdict !== 'verified' || report.level !== 'L2' || report.counts.leaves !== count) {
    throw new Error(`not verified: ${JSON.stringify(report.defects)}`);
  }
  return { work: 'runledger verify', seconds, cpuSeconds: cpuMs / 1_000, peakMiB, report };
}
