// How the log becomes evidence: one server at a time sequences, signs, scrubs and anchors; the others watch.
import { sha256, sha256Base64Url } from '@app/kernel';
import { SystemClock } from '@app/kernel/nest';
import type { EventStore, StoreErrorCode } from '@app/event-store';
import { isStoreError } from '@app/event-store';
import { Anchoring } from './anchoring.worker.js';
import { CheckpointSigner } from './checkpoint-signer.js';
import { EvidenceError } from './evidence-error.js';
import type { EvidenceFailure } from './evidence-failure.js';
import { failureIn, formatFailure, parseFailure } from './evidence-failure.js';
import type { Identity } from './evidence-identity.js';
import type { EvidenceThreadStart, FromEvidence } from './evidence-messages.js';
import { anchorsOf, headsHeldBy, signatureCheck } from './evidence-parts.thread.js';
import type { EvidenceState, EvidenceStatus } from './evidence-status.js';
import type { EvidenceClaim, EvidenceStore } from './evidence-store.js';
import { FileSignerMemory } from './file.signer-memory.js';
import { keptJson } from './kept-json.js';
import { LogCheck } from './log-check.js';
import { pause } from './pause.thread.js';
import { Scrub } from './scrub.worker.js';
import { Sequencer } from './sequencer.worker.js';
import { treeHasher } from './tree-hasher.js';

const FOLLOW_MS = 1_000;
const PAUSE_MS = 250;
const PAUSE_MAX_MS = 5_000;
/** So much slower is the scrub while much is recorded. */
const BUSY_SHARE = 10;
/** At the end: what was recorded until then shall be signed. */
const FINISH_MS = 1_500;
/** Not worth repeating for whoever asked; the sequencer takes up what is stored and goes on. Everything else is a bug. */
const passing: ReadonlySet<StoreErrorCode> = new Set(['WrongExpectedRevision', 'Cancelled']);
/** A replica of a log that is elsewhere may be behind. */
const REPLICA_PATIENCE_MS = 10_000;

export class EvidenceKeeping {
  private readonly clock = new SystemClock();
  private readonly hasher = treeHasher(sha256, sha256Base64Url);
  private readonly anchoring: Anchoring;
  private readonly scrub: Scrub;
  private readonly check: LogCheck;
  private readonly patienceMs: number;
  private sequencer: Sequencer | undefined;
  private opened = false;
  private state: EvidenceState = 'working';
  private reason: string | undefined;
  private pauseMs = PAUSE_MS;
  /** Ends the work under way with a failure. */
  private suspicion: (failure: EvidenceFailure) => void = () => undefined;

  constructor(
    private readonly start: EvidenceThreadStart,
    private readonly store: EvidenceStore,
    private readonly events: EventStore,
    private readonly identity: Identity,
    private readonly tell: (message: FromEvidence) => void,
  ) {
    const { clock, hasher } = this;
    this.patienceMs = start.log.kind === 'sqlite' ? 0 : REPLICA_PATIENCE_MS;
    const placing = { log: identity.origin, hasher };
    const progressed = (): void => this.progressed();
    const common = { store, clock, pause, progressed };
    const checkSignature = signatureCheck(identity.keys);
    this.check = new LogCheck(store, events, placing);
    this.anchoring = new Anchoring({ ...common, anchors: anchorsOf(start), hasher });
    const rate = (): number => start.scrubRate / (this.sequencer?.isBusy ? BUSY_SHARE : 1);
    const sequenced = (): number => this.sequencer?.size ?? 0;
    this.scrub = new Scrub({
      ...common,
      events,
      placing,
      checkSignature,
      rate,
      patienceMs: this.patienceMs,
      sequenced,
    });
  }

  /** Until the signal aborts; then what was recorded so far is signed. */
  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        const claim = await this.store.claim();
        if (!claim) await this.watch(stop);
        else await this.hold(claim, stop).finally(() => claim.release());
      } catch (error) {
        if (stop.aborted) break;
        await this.meet(error, stop);
      }
    }
  }

  async suspect(index: number): Promise<void> {
    try {
      await pause(this.patienceMs, new AbortController().signal);
      await this.check.stretch(index, index + 1);
    } catch (error) {
      const failure = failureIn(error);
      if (failure) this.suspicion(failure);
    }
  }

  /** While another server sequences: what it has written is what is known here. */
  private async watch(stop: AbortSignal): Promise<void> {
    this.sequencer = undefined;
    const failure = parseFailure(await this.store.mark('failure'));
    this.is(failure ? 'failed' : 'working', failure?.reason);
    this.tell({ kind: this.opened ? 'progressed' : 'opened', status: await this.watchedStatus() });
    this.opened = true;
    await pause(FOLLOW_MS, stop);
  }

  private async hold(claim: EvidenceClaim, stop: AbortSignal): Promise<void> {
    const over = new AbortController();
    const signals = claim.lost ? [stop, claim.lost, over.signal] : [stop, over.signal];
    const until = AbortSignal.any(signals);
    try {
      const sequencer = await this.openSequencer(until);
      this.sequencer = sequencer;
      if (!(await this.liftFailure(until))) return;
      this.is('working');
      this.begin();
      this.pauseMs = PAUSE_MS;
      await this.together([sequencer, this.scrub, this.anchoring], over, until);
      if (stop.aborted) await sequencer.finish(FINISH_MS);
    } catch (error) {
      const failure = failureIn(error);
      if (!failure) throw error;
      await this.fail(failure);
      // The claim stays held: nobody else shall go on from here either.
      await aborted(AbortSignal.any(claim.lost ? [stop, claim.lost] : [stop]));
    }
  }

  private async openSequencer(until: AbortSignal): Promise<Sequencer> {
    const { store, events, clock, hasher, identity, patienceMs } = this;
    const memory = new FileSignerMemory(this.start.key.memoryFile);
    const sequencer = new Sequencer({
      store,
      events,
      clock,
      pause,
      patienceMs,
      placing: { log: identity.origin, hasher },
      signer: await CheckpointSigner.open(hasher, identity.signer, memory),
      checkSignature: signatureCheck(identity.keys),
      held: await headsHeldBy(anchorsOf(this.start), identity.origin, (line) => this.tell({ kind: 'told', line })),
      progressed: () => this.progressed(),
    });
    await sequencer.open(until);
    return sequencer;
  }

  /** A failure that was met before is forgotten only once everything has been looked at again; false: that was broken off. */
  private async liftFailure(until: AbortSignal): Promise<boolean> {
    const failure = parseFailure(await this.store.mark('failure'));
    if (!failure) return true;
    this.is('failed', `${failure.reason} (found before the last start; everything is being checked again)`);
    this.begin();
    await this.scrub.wholePass(until);
    if (until.aborted) return false;
    await this.store.setMark('failure', undefined);
    this.tell({ kind: 'told', line: `the evidence verifies again; before, it had failed: ${failure.reason}` });
    return true;
  }

  /** Each on its own, until the signal aborts or one of them ends with an error, which is thrown once all have ended. */
  private async together(
    loops: readonly { run(signal: AbortSignal): Promise<void> }[],
    over: AbortController,
    until: AbortSignal,
  ): Promise<void> {
    const suspected = new Promise<never>((_, reject) => (this.suspicion = reject));
    // The first: what is broken off because of it says nothing.
    let failed: { readonly error: unknown } | undefined;
    const ended = (error: unknown): void => {
      failed ??= { error };
      over.abort();
    };
    const all = Promise.all(loops.map((loop) => loop.run(until).catch(ended)));
    try {
      await Promise.race([all, suspected]);
      if (failed) throw failed.error;
    } finally {
      over.abort();
      await all;
    }
  }

  private async fail(failure: EvidenceFailure): Promise<void> {
    const { message: reason, leafIndex } = failure;
    const atMs = this.clock.nowMs();
    this.is('failed', reason);
    this.begin();
    const marked = this.store.mark('failure').then(parseFailure);
    const known = await marked.catch(() => undefined);
    if (known) return;
    const kept = formatFailure({ reason, atMs, ...(leafIndex === undefined ? {} : { leafIndex }) });
    await this.store.setMark('failure', kept).catch((error: unknown) => {
      this.tell({ kind: 'told', line: `the failure could not be written down: ${textOf(error)}` });
    });
  }

  /** A fault of a store passes; another server that wrote is followed; what the loss of the claim broke off is begun again. */
  private async meet(error: unknown, stop: AbortSignal): Promise<void> {
    if (isStoreError(error) && (error.retryable || passing.has(error.code))) {
      this.is('waiting', error.message);
      this.begin();
      await pause(this.pauseMs, stop);
      this.pauseMs = Math.min(this.pauseMs * 2, PAUSE_MAX_MS);
      return;
    }
    const isKnown = isStoreError(error) || error instanceof EvidenceError;
    this.is('stopped', isKnown ? error.message : 'the sequencer met a bug; see the log');
    if (!isKnown) this.tell({ kind: 'told', line: `the sequencer met a bug: ${stackOf(error)}` });
    this.begin();
    await aborted(stop);
  }

  private is(state: EvidenceState, reason?: string): void {
    [this.state, this.reason] = [state, reason];
  }

  private begin(): void {
    if (this.opened) return this.progressed();
    this.opened = true;
    this.tell({ kind: 'opened', status: this.status() });
  }

  private progressed(): void {
    if (this.opened) this.tell({ kind: 'progressed', status: this.status() });
  }

  private status(): EvidenceStatus {
    const { sequencer } = this;
    return {
      ...this.condition(),
      sequences: true,
      size: sequencer?.size ?? 0,
      ...(sequencer?.signed ? { signed: sequencer.signed } : {}),
      ...(sequencer?.lagMs === undefined ? {} : { lagMs: sequencer.lagMs }),
      scrub: this.scrub.status(),
      anchors: this.anchoring.status(),
    };
  }

  private async watchedStatus(): Promise<EvidenceStatus> {
    const { size } = await this.store.sequencedTo();
    const latest = await this.store.checkpoint();
    const [scrub, anchors] = [await this.store.mark('scrub'), await this.store.mark('anchors')];
    const { lastPass } = keptJson<Pick<EvidenceStatus['scrub'], 'lastPass'>>('scrub', scrub ?? '{}');
    return {
      ...this.condition(),
      sequences: false,
      size,
      ...(latest ? { signed: { size: latest.size, atMs: latest.signedAtMs } } : {}),
      scrub: { checkedTo: 0, ...(lastPass ? { lastPass } : {}) },
      anchors: keptJson<EvidenceStatus['anchors']>('anchors', anchors ?? '[]'),
    };
  }

  private condition(): Pick<EvidenceStatus, 'state' | 'reason' | 'origin' | 'keys'> {
    const { state, reason, identity } = this;
    const { origin, keys } = identity;
    return { state, ...(reason === undefined ? {} : { reason }), origin, keys };
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
