// A witness over HTTP: C2SP tlog-witness, `POST <prefix>/add-checkpoint`.
import { sha256 } from '@app/kernel';
import type { Publication } from './anchor.js';
import { Anchor, AnchorError } from './anchor.js';
import { numberOfDecimal } from './byte-text.js';
import type { TreeHead } from './checkpoint.js';
import { EvidenceError, excerptOf } from './evidence-error.js';
import type { StoredCosignature } from './evidence-store.js';
import { verifyEd25519 } from './node.signature.js';
import { parseNote, parseSignatures, signatureLine } from './note.js';
import type { VerifierKey } from './note-key.js';
import { keyIdText, parseVerifierKey } from './note-key.js';
import { openNote } from './note-signature.js';
import { formatConsistency } from './proof-text.js';

const ANSWER_LIMIT_MS = 10_000;
const ANSWER_BYTES_MAX = 65_536;
const SIZE_TYPE = 'text/x.tlog.size';
/** A witness that has another size in mind tells it; a second surprise is an error. */
const ATTEMPTS = 3;

export interface WitnessAddress {
  /** Submission prefix. */
  readonly url: string;
  /** Verifier key of algorithm cosignature/v1. */
  readonly vkey: string;
}

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

export class HttpAnchor extends Anchor {
  readonly name: string;
  readonly intervalMs = 5_000;
  /** A cosignature says "nothing else until then": without news it is renewed. */
  readonly repeatMs = 3_600_000;
  private readonly key: VerifierKey;
  private readonly address: URL;
  /** What it cosigned last, as far as we know. */
  private knownSize = 0;

  /** Throws EvidenceError for a key that is none of a witness, TypeError for an address that is none. */
  constructor({ url, vkey }: WitnessAddress) {
    super();
    this.key = parseVerifierKey(vkey, sha256);
    if (this.key.algorithm !== 'cosignature/v1') {
      throw new EvidenceError('malformed_key', `${this.key.name} is not the key of a witness`);
    }
    this.name = `witness ${this.key.name}`;
    this.address = new URL(`${url.replace(/\/+$/, '')}/add-checkpoint`);
  }

  async publish(publication: Publication, signal: AbortSignal): Promise<readonly StoredCosignature[]> {
    for (let attempt = 1; ; attempt += 1) {
      const size1 = Math.min(this.knownSize, publication.size);
      const proof = size1 === 0 ? [] : await publication.consistencyFrom(size1);
      const reply = await this.send(formatConsistency({ size1, proof, checkpoint: publication.note }), signal);
      if (reply.status === 200) {
        this.knownSize = publication.size;
        return this.cosignatures(publication.note, reply.text);
      }
      this.knownSize = this.sizeIn(reply, publication.size);
      if (attempt === ATTEMPTS) throw new AnchorError('it names another size at every attempt');
    }
  }

  /** A witness tells what it knows only to whoever brings it a checkpoint. */
  async last(): Promise<TreeHead | undefined> {
    return undefined;
  }

  /** Throws AnchorError unless the witness only has another earlier size in mind. */
  private sizeIn({ status, type, text }: Reply, size: number): number {
    const told = status === 409 && type.startsWith(SIZE_TYPE) ? numberOfDecimal(text.replace(/\n$/, '')) : undefined;
    if (told !== undefined && told > size) {
      throw new AnchorError(
        `it has cosigned a tree of ${told} leaves, larger than ours of ${size}: ours is an old copy`,
      );
    }
    if (told !== undefined && told !== this.knownSize) return told;
    if (status === 409)
      throw new AnchorError(`it has cosigned another tree of ${size} leaves: there are two histories`);
    if (status === 422) throw new AnchorError('it does not find that our tree continues the one that it cosigned');
    if (status === 404) throw new AnchorError('it does not know this log');
    if (status === 403) throw new AnchorError("it does not trust this log's key");
    throw new AnchorError(`it answered ${status}: ${excerptOf(text)}`);
  }

  private async cosignatures(note: string, lines: string): Promise<StoredCosignature[]> {
    try {
      const { text } = parseNote(note);
      const { name, keyId } = this.key;
      const own = parseSignatures(lines).filter((one) => one.name === name && one.keyId === keyId);
      const { verified } = await openNote({ text, signatures: own }, [this.key], verifyEd25519);
      const atMs = (verified[0]?.timestamp ?? 0) * 1_000;
      return own.slice(0, 1).map((one) => ({ key: `${name}+${keyIdText(keyId)}`, line: signatureLine(one), atMs }));
    } catch (error) {
      if (!(error instanceof EvidenceError)) throw error;
      throw new AnchorError(`its answer is no cosignature of its key: ${error.message}`);
    }
  }

  private async send(body: string, signal: AbortSignal): Promise<Reply> {
    try {
      const response = await fetch(this.address, {
        method: 'POST',
        headers: { 'content-type': 'text/plain; charset=utf-8' },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]),
      });
      const text = await bounded(response);
      return { status: response.status, type: response.headers.get('content-type') ?? '', text };
    } catch (error) {
      if (error instanceof AnchorError) throw error;
      const { cause, message } = error as Error;
      throw new AnchorError(`it cannot be reached: ${(cause as NodeJS.ErrnoException | undefined)?.code ?? message}`);
    }
  }
}

async function bounded(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > ANSWER_BYTES_MAX) throw new AnchorError('its answer is too long');
  }
  return text + decoder.decode();
}
