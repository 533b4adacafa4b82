// The walk of docs/audit-guide.md: every command is run by the program itself, on a made-up log whose keys and times are fixed,
// so that its output is the same each time. `npm run docs` puts it into the page.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatConsistency, formatSignerKey, formatVerifierKey, parseNote, writeBundle } from '@app/evidence';
import { sha256 } from '@app/kernel';
import { runCli } from '../../apps/cli/src/cli.command.js';
import {
  bytesOf,
  logSigner,
  recorded,
  SampleLog,
  sampleEvent,
  START_MS,
  uuid,
  witnessSigner,
} from '../support/sample-log.js';

const MAY = 240;
const JUNE = 400;
const RUN = 3;
const LATER_MS = START_MS + 60_000;

const log = new SampleLog(Array.from({ length: JUNE }, (_, number) => sampleEvent(number)));
/** As if the first run of the log had been about another customer. */
const rewritten = new SampleLog(
  Array.from({ length: JUNE }, (_, number) => {
    const { stream, revision, type, data } = sampleEvent(number);
    return recorded(
      number,
      stream,
      revision,
      type,
      number === 0 ? { ...(data as object), input: { customer: 'nobody' } } : (data as object),
    );
  }),
);

/** The endpoints that an auditor uses, as a server answers them. */
class Exhibitor {
  shown = log;
  size = MAY;
  cosignature = '';
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://server');
      void this.answer(pathname, searchParams).then((body) => response.end(body));
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((listening) => this.server.listen(0, '127.0.0.1', listening));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async answer(path: string, query: URLSearchParams): Promise<Uint8Array | string> {
    const { shown, size, cosignature } = this;
    const checkpoint = (await shown.checkpoint(size)) + cosignature;
    const checkpoints = new Map([[size, checkpoint]]);
    if (path === '/v1/evidence/checkpoint') return checkpoint;
    if (path === '/v1/evidence/consistency') {
      const size1 = Number(query.get('from'));
      return formatConsistency({ size1, proof: shown.consistency(size1, size), checkpoint });
    }
    const stream = `execution-${uuid(RUN)}`;
    if (path === '/v1/evidence/export') {
      return bytesOf(writeBundle({ ...(await shown.contents()), checkpoints }, shown.leaves, sha256));
    }
    const contents = await shown.streamsContents([stream]);
    const inclusions = contents.inclusions!.map((one) => ({ ...one, checkpoint }));
    return bytesOf(writeBundle({ ...contents, checkpoints, inclusions }, shown.leavesOf([stream]), sha256));
  }
}

class Walk {
  private readonly blocks = new Map<string, string>();
  private readonly directory = mkdtempSync(join(tmpdir(), 'runledger-walk-'));
  private readonly home = process.cwd();
  readonly exhibitor = new Exhibitor();
  private url = '';

  async begin(): Promise<void> {
    this.url = await this.exhibitor.listen();
    process.chdir(this.directory);
    const { name, keyId, algorithm } = witnessSigner.key;
    const seed = new Uint8Array(32).fill(3);
    writeFileSync('witness.key', `${formatSignerKey({ name, keyId, algorithm, seed })}\n`, { mode: 0o600 });
    writeFileSync('log.vkey', `${formatVerifierKey(logSigner.key)}\n`);
    writeFileSync('witness.vkey', `${formatVerifierKey(witnessSigner.key)}\n`);
  }

  end(): ReadonlyMap<string, string> {
    this.exhibitor.close();
    process.chdir(this.home);
    rmSync(this.directory, { recursive: true });
    return this.blocks;
  }

  /** Runs a command and keeps it with what it printed. */
  async show(block: string, command: string, until: () => Promise<void> = async () => undefined): Promise<string> {
    let printed = '';
    const print = (text: string): void => void (printed += text);
    const world = {
      out: print,
      err: print,
      isTerminal: false,
      columns: 80,
      env: { RUNLEDGER_SERVER: this.url },
      nowMs: () => LATER_MS,
      untilStopped: () => until(),
      stopSignal: () => new AbortController().signal,
    };
    // Any free port, where the page shows the usual one.
    const free = command.startsWith('witness') ? ['--listen', '127.0.0.1:0'] : [];
    const listening = /http:\/\/127\.0\.0\.1:\d+/;
    this.address = () => listening.exec(printed)?.[0] ?? '';
    const exit = await runCli([...command.split(' '), ...free], world, '0.0.0');
    const shown = printed.replace(listening, 'http://127.0.0.1:4022');
    this.note(block, `$ runledger ${command}\n${shown}${exit === 0 ? '' : `$ echo $?\n${exit}\n`}`);
    return printed;
  }

  address: () => string = () => '';

  note(block: string, text: string): void {
    this.blocks.set(block, `${this.blocks.get(block) ?? ''}${text}`);
  }
}

async function witnessed(walk: Walk): Promise<void> {
  const bring = async (from: number, size: number, by: SampleLog): Promise<string> => {
    const proof = from === 0 ? [] : by.consistency(from, size);
    const body = formatConsistency({ size1: from, proof, checkpoint: await by.checkpoint(size) });
    return (await fetch(`${walk.address()}/add-checkpoint`, { method: 'POST', body })).text();
  };
  await walk.show('witness', 'witness --state ./witness --key witness.key --log log.vkey', async () => {
    await bring(0, MAY, log);
    walk.exhibitor.cosignature = await bring(MAY, JUNE, log);
    parseNote((await log.checkpoint()) + walk.exhibitor.cosignature);
    await bring(0, JUNE, rewritten);
  });
}

async function story(walk: Walk): Promise<void> {
  await walk.show('kept', 'checkpoint --key log.vkey --keep log.checkpoint');
  walk.note('kept', `$ cat log.checkpoint\n${readFileSync('log.checkpoint', 'utf8')}`);
  writeFileSync('may.checkpoint', readFileSync('log.checkpoint'));
  walk.note('continued', '$ cp log.checkpoint may.checkpoint\n');
  walk.exhibitor.size = JUNE;
  await walk.show('continued', 'checkpoint --key log.vkey --keep log.checkpoint');
  await witnessed(walk);
  await walk.show('verified', 'export --out log.tar');
  await walk.show('verified', 'verify log.tar --key log.vkey --known may.checkpoint --witness witness.vkey');
  await walk.show('run', `export --run ${uuid(RUN)} --out run.tar`);
  await walk.show('run', 'verify run.tar --key log.vkey');
  await walk.show('run', `replay execution-${uuid(RUN)} --bundle run.tar`);
  const bundle = readFileSync('run.tar');
  bundle.write('HELD!', bundle.indexOf('CLEAR'));
  writeFileSync('changed.tar', bundle);
  walk.note('changed', "$ sed 's/CLEAR/HELD!/' run.tar > changed.tar\n");
  await walk.show('changed', 'verify changed.tar --key log.vkey');
  walk.exhibitor.shown = rewritten;
  walk.exhibitor.cosignature = '';
  await walk.show('rewritten', 'export --out rewritten.tar');
  await walk.show('rewritten', 'verify rewritten.tar --key log.vkey --require L1');
  await walk.show('rewritten', 'verify rewritten.tar --key log.vkey --known may.checkpoint');
  await walk.show('rewritten', 'checkpoint --key log.vkey --keep may.checkpoint');
}

/** What the program printed, by the name of the block. */
export async function auditWalk(): Promise<ReadonlyMap<string, string>> {
  const walk = new Walk();
  await walk.begin();
  try {
    await story(walk);
  } catch (error) {
    walk.end();
    throw error;
  }
  return walk.end();
}

/** The page with each block between its two marks. */
export async function withAuditWalk(page: string): Promise<string> {
  let text = page;
  for (const [name, block] of await auditWalk()) {
    const [begin, end] = [`<!-- walk: ${name} -->`, `<!-- /walk: ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`the page has no place for ${begin} ... ${end}`);
    text = `${text.slice(0, from + begin.length)}\n\n\`\`\`console\n${block}\`\`\`\n\n${text.slice(to)}`;
  }
  return text;
}
