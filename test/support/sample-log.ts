// A log with leaves, tree, checkpoints and proofs, made from generated events: what bundles of tests and benchmarks are cut from.
import type { BundleContents, BundledLeaf, LeafEntry, NodePlace, NoteSigner, VerifierKey } from '@app/evidence';
import {
  CompactRange,
  consistencyPlan,
  cosignNote,
  encodeLeafEntry,
  formatCheckpoint,
  formatNote,
  inclusionPlan,
  leafContentOf,
  leafEntryOf,
  proofOf,
  rangeNodes,
  signNote,
  treeHasher,
} from '@app/evidence';
import { ed25519Signer } from '@app/evidence/nest';
import type { RecordedEvent } from '@app/kernel';
import { sha256, timestamp } from '@app/kernel';

export const START_MS = Date.parse('2026-05-02T13:00:00.000Z');
export const ORIGIN = 'runledger.example/log';

export const seedOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
export const logSigner: NoteSigner = ed25519Signer(ORIGIN, seedOf(1));
export const otherSigner: NoteSigner = ed25519Signer(ORIGIN, seedOf(2));
export const witnessSigner: NoteSigner = ed25519Signer('witness.example', seedOf(3), 'cosignature/v1');
export const otherWitness: NoteSigner = ed25519Signer('witness.example', seedOf(4), 'cosignature/v1');

const EVENTS_PER_RUN = 5;

/** Runs of five events each, eight of them side by side. */
export function* sampleEvents(count: number): Generator<RecordedEvent> {
  for (let number = 0; number < count; number += 1) yield sampleEvent(number);
}

const SIDE_BY_SIDE = 8;

export function sampleEvent(number: number): RecordedEvent {
  const block = Math.floor(number / (SIDE_BY_SIDE * EVENTS_PER_RUN));
  const within = number % (SIDE_BY_SIDE * EVENTS_PER_RUN);
  const run = block * SIDE_BY_SIDE + (within % SIDE_BY_SIDE);
  const revision = Math.floor(within / SIDE_BY_SIDE);
  const { type, data } = runEvent(run, revision);
  return recorded(number, `execution-${uuid(run)}`, revision, type, data);
}

export function recorded(number: number, stream: string, revision: number, type: string, data: object): RecordedEvent {
  const recordedAt = timestamp(START_MS + number);
  return {
    id: uuid(1_000_000_000 + number),
    type,
    stream,
    revision,
    position: `sql:${String(number + 1).padStart(20, '0')}`,
    recordedAt,
    data,
    metadata: {
      actor: { type: 'api_key', id: uuid(7), name: 'Jos\u00e9 "the" Auditor', via: 'api_key' },
      channel: 'rest',
      ip: '203.0.113.9',
      userAgent: 'curl/8',
      requestId: `req-${number}`,
      correlationId: `cor-${Math.floor(number / EVENTS_PER_RUN)}`,
      occurredAt: recordedAt,
      schemaVersion: 1,
    },
  };
}

export function uuid(number: number): string {
  return `00000000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
}

function runEvent(run: number, revision: number): { readonly type: string; readonly data: object } {
  const about = { workflowId: uuid(5), workflowName: 'screening' };
  const step = { ...about, stepNumber: 1, nodeId: 'screen', stepName: 'Screen', nodeType: 'executor', attempt: 1 };
  const startedAt = timestamp(START_MS + run);
  switch (revision) {
    case 0:
      return {
        type: 'ExecutionStarted',
        data: {
          ...about,
          workflowVersion: 1,
          definitionHash: 'a'.repeat(64),
          trigger: { kind: 'rest', nodeId: 'in' },
          input: { amount: run + 0.5, customer: `customer ${run} \u20ac` },
          requestHash: 'b'.repeat(64),
          totalSteps: 2,
          deadlineAt: timestamp(START_MS + 300_000),
        },
      };
    case 1:
      return {
        type: 'StepStarted',
        data: { ...step, input: { amount: run + 0.5 }, effect: 'at_least_once', executorId: 'http.request' },
      };
    case 2:
      return {
        type: 'StepCompleted',
        data: {
          ...step,
          startedAt,
          durationMs: 12.25,
          output: { decision: 'CLEAR', score: run / 7 },
          takenEdges: ['e2'],
          call: {
            method: 'POST',
            url: 'https://screening.example/v1',
            status: 200,
            durationMs: 11,
            responseBytes: 321,
          },
        },
      };
    case 3:
      return {
        type: 'StepSkipped',
        data: {
          ...about,
          nodeId: 'no',
          stepName: 'Refuse',
          nodeType: 'action',
          reason: 'no edge that was taken leads to it',
        },
      };
    default:
      return {
        type: 'ExecutionCompleted',
        data: { ...about, workflowVersion: 1, startedAt, durationMs: 20, output: { approved: true } },
      };
  }
}

const keyOf = ({ level, index }: NodePlace): string => `${level}/${index}`;

/** Everything in memory: for logs that a test can look at from all sides. */
export class SampleLog {
  readonly hasher = treeHasher(sha256);
  readonly leaves: (BundledLeaf & { readonly parsed: LeafEntry; readonly hash: Uint8Array })[] = [];
  private readonly nodes = new Map<string, Uint8Array>();
  private readonly tree = new CompactRange(this.hasher);
  private readonly lastOfStream = new Map<string, Uint8Array>();

  constructor(
    events: Iterable<RecordedEvent>,
    readonly origin = ORIGIN,
  ) {
    for (const event of events) this.append(event);
  }

  get size(): number {
    return this.leaves.length;
  }

  append(event: RecordedEvent, change: (entry: LeafEntry) => LeafEntry = (entry) => entry): void {
    const content = leafContentOf(event);
    const place = { index: this.size, log: this.origin, previousLeafHash: this.lastOfStream.get(event.stream) };
    this.appendEntry(change(leafEntryOf(event, content, place, sha256)), content);
  }

  appendEntry(parsed: LeafEntry, { data, metadata }: Omit<BundledLeaf, 'entry'>): void {
    const entry = encodeLeafEntry(parsed);
    const hash = this.hasher.leaf(entry);
    this.leaves.push({ entry, data, metadata, parsed, hash });
    this.lastOfStream.set(parsed.stream, hash);
    this.tree.append(hash, (level, index, node) => this.nodes.set(keyOf({ level, index }), node));
  }

  rootAt(size: number): Uint8Array {
    const places = rangeNodes(0, size);
    return CompactRange.restore(this.hasher, { begin: 0, end: size, hashes: this.hashesOf(places) }).root();
  }

  hashesOf(places: readonly NodePlace[]): Uint8Array[] {
    return places.map((place) => this.nodes.get(keyOf(place))!);
  }

  inclusion(index: number, size = this.size): Uint8Array[] {
    const plan = inclusionPlan(index, size);
    return proofOf(this.hasher, plan, this.hashesOf(plan.nodes));
  }

  consistency(size1: number, size2 = this.size): Uint8Array[] {
    const plan = consistencyPlan(size1, size2);
    return proofOf(this.hasher, plan, this.hashesOf(plan.nodes));
  }

  checkpointText(size = this.size): string {
    return formatCheckpoint({ origin: this.origin, size, root: this.rootAt(size), extensions: [] });
  }

  async checkpoint(size = this.size, signers: Signers = {}): Promise<string> {
    return signed(this.checkpointText(size), signers);
  }

  /** @param earlier sizes of checkpoints that come along besides the last. */
  async contents(earlier: readonly number[] = [], signers: Signers = {}): Promise<BundleContents> {
    const sizes = [...earlier, this.size];
    const checkpoints = new Map(
      await Promise.all(sizes.map(async (size) => [size, await this.checkpoint(size, signers)] as const)),
    );
    const { size } = this;
    return {
      kind: 'log',
      log: this.origin,
      from: 0,
      to: size,
      entries: size,
      streams: [],
      checkpoints,
      keys: keysOf(signers),
    };
  }

  async rangeContents(from: number, to: number, signers: Signers = {}): Promise<BundleContents> {
    const checkpoint = await this.checkpoint(this.size, signers);
    const left = this.hashesOf(rangeNodes(0, from));
    const proof = to === this.size ? [] : this.consistency(to);
    return {
      ...(await this.contents([], signers)),
      kind: 'range',
      from,
      to,
      entries: to - from,
      range: { begin: from, left, end: to, proof, checkpoint },
    };
  }

  leavesOf(streams: readonly string[]): SampleLog['leaves'] {
    return this.leaves.filter(({ parsed }) => streams.includes(parsed.stream));
  }

  async streamsContents(streams: readonly string[], signers: Signers = {}): Promise<BundleContents> {
    const checkpoint = await this.checkpoint(this.size, signers);
    const found = this.leavesOf(streams);
    const last = new Map(found.map(({ parsed }) => [parsed.stream, Number(parsed.idx)]));
    const indices = [...last.values()].sort((a, b) => a - b);
    return {
      ...(await this.contents([], signers)),
      kind: 'streams',
      from: Number(found[0]?.parsed.idx),
      to: Number(found.at(-1)?.parsed.idx) + 1,
      entries: found.length,
      streams: [...streams].sort(),
      inclusions: indices.map((index) => ({ index, proof: this.inclusion(index), checkpoint })),
    };
  }
}

export interface Signers {
  readonly log?: NoteSigner;
  readonly witness?: NoteSigner;
  readonly witnessedMs?: number;
}

export async function signed(
  text: string,
  { log = logSigner, witness, witnessedMs = START_MS }: Signers = {},
): Promise<string> {
  const signatures = [await signNote(text, log)];
  if (witness) signatures.push(await cosignNote(text, witness, Math.floor(witnessedMs / 1000)));
  return formatNote({ text, signatures });
}

function keysOf({ log = logSigner, witness }: Signers): VerifierKey[] {
  return witness ? [log.key, witness.key] : [log.key];
}

export async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return new Uint8Array(Buffer.concat(parts));
}
