// Follows the log and makes its events leaves; signs the tree when it is due. The same on every store.
import type { Clock, RecordedEvent } from '@app/kernel';
import type { EventStore } from '@app/event-store';
import { isStoreError } from '@app/event-store';
import { base64Of, sameBytes } from './byte-text.js';
import type { TreeHead } from './checkpoint.js';
import { parseCheckpoint } from './checkpoint.js';
import type { CheckpointSigner } from './checkpoint-signer.js';
import { EvidenceError } from './evidence-error.js';
import { EvidenceFailure } from './evidence-failure.js';
import type { EvidenceStore, StoredCheckpoint } from './evidence-store.js';
import { isLeafStream } from './leaf.js';
import { LeafSequence } from './leaf-sequence.js';
import type { LeafPlacing } from './leaf-match.js';
import { LogCheck, STRETCH_LEAVES } from './log-check.js';
import type { Pause } from './pause.thread.js';
import { parseNote } from './note.js';
import { StoredTree } from './stored-tree.js';

/** Of one transaction. */
const BATCH_EVENTS = 1_000;
/** Events that come together are written together: nobody waits for a leaf. */
const GATHER_MS = 50;
/** While much is recorded: a page of the store that several batches change is written once. */
const GATHER_BUSY_MS = 250;
const SIGN_AFTER_MS = 1_000;
const SIGN_AFTER_LEAVES = 1_024;
/** Each signature waits for the disk, and whoever appends waits with it. */
const SIGN_EVERY_MS = 500;
const SIGN_LOOK_MS = 200;
/** So many leaves at the end are held against the log whenever it is opened. */
const END_LEAVES = 1_024;
/** Leaves that come together when much is recorded: 2,000 a second. */
const MANY_LEAVES = 100;
const BUSY_MS = 1_000;
const LOOK_AGAIN_MS = 500;

/** A tree that somebody holds already, and that ours must therefore contain. */
export interface HeldHead {
  readonly holder: string;
  readonly head: TreeHead;
}

export interface SequencerParts {
  readonly store: EvidenceStore;
  readonly events: EventStore;
  readonly signer: CheckpointSigner;
  readonly placing: LeafPlacing;
  readonly clock: Clock;
  readonly pause: Pause;
  /** Throws EvidenceFailure for a checkpoint that none of the log's keys has signed. */
  readonly checkSignature: (note: string) => Promise<void>;
  /** What anchors hold. */
  readonly held: readonly HeldHead[];
  /** A replica of the log may be behind the one that was followed before: for so long what is missing is looked for again. */
  readonly patienceMs: number;
  readonly progressed: () => void;
}

export class Sequencer {
  lagMs: number | undefined;
  signed: { readonly size: number; readonly atMs: number } | undefined;
  private sawManyMs = Number.NEGATIVE_INFINITY;
  private sequence: LeafSequence;
  private readonly tree: StoredTree;
  private readonly check: LogCheck;
  private position: string | undefined;
  /** Trees that were not seen to be contained yet. */
  private owed: HeldHead[] = [];

  constructor(private readonly parts: SequencerParts) {
    const { store, events, placing } = parts;
    this.tree = new StoredTree(store, placing.hasher);
    this.check = new LogCheck(store, events, placing);
    this.sequence = LeafSequence.empty(placing);
  }

  get size(): number {
    return this.sequence.size;
  }

  /** Takes up what is stored, also once more. Throws EvidenceFailure when it does not verify, StoreError. */
  async open(signal: AbortSignal): Promise<void> {
    const { store, placing, signer, held } = this.parts;
    // In this order: leaves come before the checkpoint over them.
    const latest = await store.checkpoint();
    const { size, position } = await store.sequencedTo();
    this.sequence = new LeafSequence(placing, await this.rangeOf(size));
    this.position = position;
    this.owed = [];
    for (const one of held) this.owe(one);
    if (signer.lastHead) this.owe({ holder: "the signer's memory", head: signer.lastHead });
    if (latest) this.owe({ holder: 'the last checkpoint', head: await this.headOf(latest) });
    await this.surely(() => this.checkEnd(size, signal), signal);
    if (position !== undefined) await this.surely(() => this.check.place(position, signal), signal);
    await this.checkHeld();
    if (latest) this.signed = { size: latest.size, atMs: latest.signedAtMs };
    this.parts.progressed();
  }

  /** Until the signal aborts. Throws EvidenceFailure, StoreError. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const until = AbortSignal.any([signal, stop.signal]);
    const ended = (): void => stop.abort();
    const loops = [this.follow(until).finally(ended), this.signWhenDue(until).finally(ended)];
    // Both have come to rest before anybody takes it up again.
    const failed = (await Promise.allSettled(loops)).find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /** Takes in what is in the log now, as far as that goes in `limitMs`, and signs it. */
  async finish(limitMs: number): Promise<void> {
    const end = this.parts.clock.nowMs() + limitMs;
    for (;;) {
      const after = this.position === undefined ? {} : { after: this.position };
      const events: RecordedEvent[] = [];
      for await (const event of this.parts.events.readAll({ ...after, limit: BATCH_EVENTS })) events.push(event);
      if (events.length === 0 || this.parts.clock.nowMs() > end) break;
      await this.take(events);
    }
    if (this.hasNew) await this.sign();
  }

  /** Whether much is being recorded: what can wait should. */
  get isBusy(): boolean {
    return this.parts.clock.nowMs() - this.sawManyMs < BUSY_MS;
  }

  private async follow(signal: AbortSignal): Promise<void> {
    let batch: RecordedEvent[] = [];
    const messages = this.parts.events.subscribeToAll({ after: this.position ?? 'start', signal });
    for await (const message of messages) {
      if (message.kind === 'event') batch.push(message.event);
      const isDue = message.kind === 'caughtUp' || batch.length >= BATCH_EVENTS;
      if (!isDue) continue;
      if (batch.length >= MANY_LEAVES) this.sawManyMs = this.parts.clock.nowMs();
      if (batch.length > 0) await this.take(batch);
      batch = [];
      if (message.kind !== 'caughtUp') continue;
      if (this.owed.length > 0) await this.awaitOwed(signal);
      await this.parts.pause(this.isBusy ? GATHER_BUSY_MS : GATHER_MS, signal);
    }
  }

  private async take(events: readonly RecordedEvent[]): Promise<void> {
    const { store, clock } = this.parts;
    const last = events.at(-1) as RecordedEvent;
    const first = events.find(({ stream }) => isLeafStream(stream));
    // Leases come and go all the time: that they were looked at need not be remembered.
    if (first) {
      this.sequence.learn(await store.ends(this.sequence.unknownStreams(events)));
      const { batch, commit } = this.sequence.prepare(events);
      await store.append(batch).catch((error: unknown) => this.explain(error, batch.from));
      commit();
      this.lagMs = Math.max(0, clock.nowMs() - Date.parse(first.recordedAt));
      await this.checkHeld();
    }
    this.position = last.position;
    if (first) this.parts.progressed();
  }

  /** Another server wrote, which is to be taken up; or else the log shows an event for the second time. */
  private async explain(error: unknown, from: number): Promise<never> {
    const isRepeated =
      isStoreError(error, 'WrongExpectedRevision') && (await this.parts.store.sequencedTo()).size === from;
    throw isRepeated ? new EvidenceFailure(`the log repeats itself: ${error.message}`) : error;
  }

  private get hasNew(): boolean {
    return this.size > (this.signed?.size ?? 0) && this.owed.length === 0;
  }

  private async signWhenDue(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const news = this.size - (this.signed?.size ?? 0);
      const waitedMs = this.parts.clock.nowMs() - (this.signed?.atMs ?? 0);
      const isDue = waitedMs >= (news >= SIGN_AFTER_LEAVES ? SIGN_EVERY_MS : SIGN_AFTER_MS) || waitedMs < 0;
      if (this.hasNew && isDue) await this.sign();
      await this.parts.pause(SIGN_LOOK_MS, signal);
    }
  }

  private async sign(): Promise<void> {
    const { signer, store, placing, clock } = this.parts;
    const head = { origin: placing.log, size: this.sequence.size, root: this.sequence.root() };
    const from = signer.lastHead?.size ?? 0;
    const isFirst = from === 0 || from >= head.size;
    const proof = isFirst ? [] : await this.fromTree(() => this.tree.consistency(from, head.size));
    const note = await signer.sign(head, proof);
    const signedAtMs = clock.nowMs();
    await store.saveCheckpoint({ size: head.size, note, signedAtMs });
    this.signed = { size: head.size, atMs: signedAtMs };
    this.parts.progressed();
  }

  /** The range of all leaves, out of the stored subtrees. */
  private async rangeOf(size: number): ReturnType<StoredTree['range']> {
    return this.fromTree(() => this.tree.range(0, size));
  }

  private async fromTree<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof EvidenceError)) throw error;
      throw new EvidenceFailure(`the stored tree is not whole: ${error.message}`);
    }
  }

  private async headOf({ note, size }: StoredCheckpoint): Promise<TreeHead> {
    await this.parts.checkSignature(note);
    const head = parseCheckpoint(parseNote(note).text);
    if (head.size === size) return head;
    throw new EvidenceFailure(`the checkpoint that is kept for size ${size} is about size ${head.size}`);
  }

  private owe(held: HeldHead): void {
    const { origin } = held.head;
    if (origin !== this.parts.placing.log) {
      throw new EvidenceFailure(`${held.holder} belongs to another log, ${origin}`);
    }
    this.owed.push(held);
  }

  /** The last leaves are what the log says, and with the subtrees before them they make up the tree. */
  private async checkEnd(size: number, signal: AbortSignal): Promise<void> {
    const begin = Math.max(0, size - END_LEAVES);
    const range = await this.rangeOf(begin);
    for (let from = begin; from < size; from += STRETCH_LEAVES) {
      const leaves = await this.check.stretch(from, Math.min(from + STRETCH_LEAVES, size), signal);
      for (const { hash } of leaves) range.append(hash);
    }
    if (sameBytes(range.root(), this.sequence.root())) return;
    throw new EvidenceFailure('the stored subtrees are not those of the stored leaves');
  }

  /** What others hold and we have reached must be what we have. */
  private async checkHeld(): Promise<void> {
    const reached = this.owed.filter(({ head }) => head.size <= this.size);
    for (const { holder, head } of reached) {
      const root = await this.fromTree(() => this.tree.rootAt(head.size));
      if (!sameBytes(root, head.root)) {
        const told = `${holder} says that the first ${head.size} leaves have the root ${base64Of(head.root)}; they have ${base64Of(root)}`;
        throw new EvidenceFailure(`${told}: what was signed has been changed`);
      }
      this.parts.signer.learn(head);
    }
    if (reached.length > 0) this.owed = this.owed.filter((one) => !reached.includes(one));
  }

  /** At the end of the log, and still somebody holds a larger tree. */
  private async awaitOwed(signal: AbortSignal): Promise<void> {
    const end = this.parts.clock.nowMs() + this.parts.patienceMs;
    for (;;) {
      if (signal.aborted || ((await this.parts.events.head()) ?? '') > (this.position ?? '')) return;
      if (this.parts.clock.nowMs() >= end) break;
      await this.parts.pause(LOOK_AGAIN_MS, signal);
    }
    const [missed] = this.owed;
    if (!missed) return;
    throw new EvidenceFailure(
      `the log ends after ${this.size} leaves, but ${missed.holder} is about ${missed.head.size}: this is an older copy of the log, its end was cut off, or leaves were taken out of the evidence`,
    );
  }

  /** What does not verify is looked at again before it is called a failure: replicas of a log come up late. */
  private async surely(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    for (let left = this.parts.patienceMs; ; left -= LOOK_AGAIN_MS) {
      try {
        await work();
        return;
      } catch (error) {
        if (!(error instanceof EvidenceFailure) || left <= 0 || signal.aborted) throw error;
        await this.parts.pause(LOOK_AGAIN_MS, signal);
      }
    }
  }
}
