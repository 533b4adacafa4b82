// The small files of a bundle, which come before its bulk: the manifest, what it lists, and what each of them says.
import { hexOf, sameBytes, textOfUtf8, utf8Of } from './byte-text.js';
import { bundlePlaceOf, MANIFEST_PATH } from './bundle-layout.js';
import type { BundleManifest } from './bundle-manifest.js';
import { parseManifest } from './bundle-manifest.js';
import { canonicalBytesDefect } from './canonical-scan.js';
import type { Checkpoint } from './checkpoint.js';
import { parseCheckpoint } from './checkpoint.js';
import { EvidenceError } from './evidence-error.js';
import type { SignedNote } from './note.js';
import { parseNote } from './note.js';
import type { VerifierKey } from './note-key.js';
import { keyIdText, parseVerifierKey } from './note-key.js';
import type { ConsistencyText, InclusionText, RangeText } from './proof-text.js';
import { parseConsistency, parseInclusion, parseRange } from './proof-text.js';
import type { Sha256 } from './tree-hasher.js';
import type { DefectLog } from './verify-report.js';

export interface BundledCheckpoint {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly note: SignedNote;
  readonly checkpoint: Checkpoint;
}

/** What the small files say, as far as they could be read. Nothing of it is shown to be true yet. */
export class SmallFiles {
  manifest: BundleManifest | undefined;
  readonly checkpoints = new Map<number, BundledCheckpoint>();
  readonly keys: VerifierKey[] = [];
  readonly inclusions = new Map<number, InclusionText>();
  readonly consistencies = new Map<number, ConsistencyText>();
  range: RangeText | undefined;
  definitions = 0;
  private listed = 0;

  constructor(
    private readonly sha256: Sha256,
    private readonly defects: DefectLog,
  ) {}

  /** The checkpoint that everything is measured against. */
  get top(): BundledCheckpoint | undefined {
    return this.manifest === undefined ? undefined : this.checkpoints.get(Number(this.manifest.size));
  }

  get proofs(): number {
    return this.inclusions.size + this.consistencies.size + (this.range === undefined ? 0 : 1);
  }

  take(file: string, bytes: Uint8Array): void {
    try {
      if (file === MANIFEST_PATH) this.manifest = parseManifest(bytes);
      else {
        this.checkListed(file, bytes);
        this.read(file, bytes);
      }
    } catch (error) {
      if (!(error instanceof EvidenceError)) throw error;
      this.defects.tampered(error.code, `${file}: ${error.message}`, { file });
    }
  }

  /** Everything that the manifest lists must have come by now. */
  end(): void {
    for (const { path } of this.manifest?.files.slice(this.listed) ?? []) this.missing(path);
    const { manifest } = this;
    if (manifest === undefined) return;
    if (!this.top) {
      const told = `there is no checkpoint of size ${manifest.size}, against which the bundle says it is measured`;
      this.defects.incomplete('checkpoint_missing', told);
    }
    for (const { file, checkpoint } of this.checkpoints.values()) {
      if (checkpoint.size > Number(manifest.size)) {
        const told = `${file} is larger than the checkpoint that the bundle says it is measured against`;
        this.defects.tampered('checkpoint_beyond_the_last', told, { file });
      }
      if (checkpoint.origin === manifest.log) continue;
      const told = `${file} is of the log "${checkpoint.origin}", the bundle of "${manifest.log}"`;
      this.defects.tampered('other_log', told, { file });
    }
  }

  private missing(file: string): void {
    this.defects.incomplete('file_missing', `${file} is listed in the manifest, but is not there`, { file });
  }

  private checkListed(file: string, bytes: Uint8Array): void {
    const files = this.manifest?.files ?? [];
    const found = files.findIndex(({ path }, index) => index >= this.listed && path === file);
    if (found === -1) {
      this.defects.tampered('unexpected_file', `${file} is not in the manifest's list`, { file });
      return;
    }
    for (const { path } of files.slice(this.listed, found)) this.missing(path);
    this.listed = found + 1;
    const { size, sha256 } = files[found] as BundleManifest['files'][number];
    if (size === String(bytes.length) && sha256 === hexOf(this.sha256(bytes))) return;
    this.defects.tampered('file_changed', `${file} is not the file that the manifest lists`, { file });
  }

  private read(file: string, bytes: Uint8Array): void {
    const place = bundlePlaceOf(file);
    const name = place?.name ?? '';
    switch (place?.folder) {
      case 'checkpoints':
        return this.readCheckpoint(file, name, bytes);
      case 'keys':
        return this.readKey(file, name, bytes);
      case 'proofs':
        return this.readProof(name, bytes);
      case 'definitions':
        return this.readDefinition(file, name, bytes);
      default:
        return undefined;
    }
  }

  private readCheckpoint(file: string, name: string, bytes: Uint8Array): void {
    const note = parseNote(bytes);
    const checkpoint = parseCheckpoint(note.text);
    if (Number(name.split('.')[0]) !== checkpoint.size) {
      throw new EvidenceError('malformed_checkpoint', `its text says size ${checkpoint.size}`);
    }
    this.checkpoints.set(checkpoint.size, { file, bytes, note, checkpoint });
  }

  private readKey(file: string, name: string, bytes: Uint8Array): void {
    const text = textOfUtf8(bytes) ?? '';
    if (!text.endsWith('\n')) throw new EvidenceError('malformed_key', 'a key is one whole line');
    const key = parseVerifierKey(text.slice(0, -1), this.sha256);
    if (name !== `${keyIdText(key.keyId)}.vkey`) {
      throw new EvidenceError('malformed_key', `it holds the key with id ${keyIdText(key.keyId)}`);
    }
    if (this.keys.some((other) => other.keyId === key.keyId)) {
      this.defects.tampered('unexpected_file', `${file} repeats a key`, { file });
    }
    this.keys.push(key);
  }

  private readProof(name: string, bytes: Uint8Array): void {
    const text = textOfUtf8(bytes);
    if (text === undefined) throw new EvidenceError('malformed_proof', 'not a proof: it is not UTF-8');
    const number = Number(name.split('.')[0]);
    if (name === 'range.txt') this.range = parseRange(text);
    else if (name.endsWith('.tlog-proof')) {
      const proof = parseInclusion(text);
      if (proof.index !== number) throw new EvidenceError('malformed_proof', `it is about leaf ${proof.index}`);
      this.inclusions.set(number, proof);
    } else {
      const proof = parseConsistency(text);
      if (proof.size1 !== number) throw new EvidenceError('malformed_proof', `it is about size ${proof.size1}`);
      this.consistencies.set(number, proof);
    }
  }

  private readDefinition(file: string, name: string, bytes: Uint8Array): void {
    this.definitions += 1;
    if (name !== `${hexOf(this.sha256(bytes))}.json`) {
      this.defects.tampered('definition_changed', `${file} does not hold what its name is the SHA-256 of`, { file });
    }
    const defect = canonicalBytesDefect(bytes);
    if (!defect) return;
    const told = `${file} is not canonical JSON: byte ${defect.at}: ${defect.problem}`;
    this.defects.tampered('definition_not_canonical', told, { file });
  }
}

/** Whether a proof was made against the very checkpoint of the bundle. */
export function isAbout(top: BundledCheckpoint | undefined, checkpoint: string): boolean {
  return top !== undefined && sameBytes(top.bytes, utf8Of(checkpoint));
}
