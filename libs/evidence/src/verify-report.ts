// What a verification says: what it found wrong, how far the proof reaches, and what it cannot show.

/** `tampered`: something contradicts something else. `incomplete`: something that was needed is not there. */
export type DefectKind = 'tampered' | 'incomplete';

export interface Defect {
  readonly kind: DefectKind;
  /** Stable, snake case. */
  readonly code: string;
  /** Path of the file within the bundle. */
  readonly file?: string;
  /** From 1, within that file. */
  readonly line?: number;
  /** Index of the leaf in the log. */
  readonly index?: number;
  readonly stream?: string;
  readonly sentence: string;
}

/** Worth a look, but no contradiction. */
export interface Observation {
  readonly code: string;
  readonly sentence: string;
}

export const levels = ['L0', 'L1', 'L2', 'L3', 'L4'] as const;
export type Level = (typeof levels)[number];

export const levelNames: Readonly<Record<Level, string>> = {
  L0: 'recomputed',
  L1: 'signed',
  L2: 'consistent with what you hold',
  L3: 'anchored in time',
  L4: 'witnessed and fresh',
};

export interface LevelReport {
  readonly level: Level;
  readonly name: string;
  readonly reached: boolean;
  /** What was shown, or why not. */
  readonly sentence: string;
}

export const verdicts = ['verified', 'tampered', 'incomplete'] as const;
export type Verdict = (typeof verdicts)[number];

/** What a process ends with; 3 is for arguments that make no sense. */
export const exitCodes: Readonly<Record<Verdict | 'usage', number>> = {
  verified: 0,
  tampered: 1,
  incomplete: 2,
  usage: 3,
};

export interface VerifiedCheckpoint {
  readonly log: string;
  readonly size: number;
  /** Base64, as in the signed text. */
  readonly root: string;
  /** Names of the keys whose signatures were checked and hold, of those that were given to the verifier. */
  readonly signedBy: readonly string[];
  readonly cosignedBy: readonly { readonly name: string; readonly at: string }[];
}

export interface VerifyCounts {
  readonly bytes: number;
  readonly files: number;
  /** Leaves recomputed from their bytes. */
  readonly leaves: number;
  readonly streams: number;
  /** Streams whose state machine was replayed. */
  readonly replayed: number;
  /** Events that name content which is stored apart and in no bundle, as far as the rules know of any. */
  readonly contentsNamed: number;
  readonly checkpoints: number;
  readonly proofs: number;
  readonly definitions: number;
}

export interface VerifyReport {
  readonly verdict: Verdict;
  readonly exitCode: number;
  /** The highest level such that it and all below it are reached. */
  readonly level: Level | 'none';
  readonly levels: readonly LevelReport[];
  /** What the bundle says it is; absent when it does not even say that. */
  readonly bundle?: { readonly kind: string; readonly from: number; readonly to: number };
  readonly checkpoint?: VerifiedCheckpoint;
  readonly counts: VerifyCounts;
  /** The first of them; `defectCount` counts all. */
  readonly defects: readonly Defect[];
  readonly defectCount: number;
  readonly observations: readonly Observation[];
  readonly shown: readonly string[];
  readonly notShown: readonly string[];
}

/** What no verification of this kind can show, and what its reader must not conclude from it. */
export const cannotPromise: readonly string[] = [
  'that what was recorded was true: false input is recorded faithfully',
  'that the engine was not already compromised when it wrote',
  'that an action which never reached the API took place or did not',
  'that nothing newer than the last checkpoint held outside was changed, where no witness runs',
  'that the holder of the key and the witness did not act together',
];

const DEFECTS_KEPT = 200;

/** Collects defects; keeps the first ones and counts all. */
export class DefectLog {
  readonly first: Defect[] = [];
  private tamperedCount = 0;
  private incompleteCount = 0;

  tampered(code: string, sentence: string, place: Omit<Defect, 'kind' | 'code' | 'sentence'> = {}): void {
    this.tamperedCount += 1;
    this.keep({ kind: 'tampered', code, ...place, sentence });
  }

  incomplete(code: string, sentence: string, place: Omit<Defect, 'kind' | 'code' | 'sentence'> = {}): void {
    this.incompleteCount += 1;
    this.keep({ kind: 'incomplete', code, ...place, sentence });
  }

  get count(): number {
    return this.tamperedCount + this.incompleteCount;
  }

  get verdict(): Verdict {
    if (this.tamperedCount > 0) return 'tampered';
    return this.incompleteCount > 0 ? 'incomplete' : 'verified';
  }

  private keep(defect: Defect): void {
    if (this.first.length >= DEFECTS_KEPT) return;
    const { stream } = defect;
    this.first.push({
      ...defect,
      sentence: printable(defect.sentence),
      ...(stream === undefined ? {} : { stream: printable(stream) }),
    });
  }
}

const SENTENCE_MAX = 500;

/** Sentences repeat texts of whoever made the bundle: they must not move a cursor or hide a line on somebody's terminal. */
export function printable(text: string): string {
  return text.slice(0, SENTENCE_MAX).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '?');
}
