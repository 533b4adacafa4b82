// An auditor who fetches checkpoint, tiles and entries by HTTP, and believes nothing that they do not prove.
import type { KnownCheckpoint, VerifierKey } from '@app/evidence';
import {
  CompactRange,
  EvidenceError,
  entriesPath,
  hashesOf,
  isConsistent,
  isIncluded,
  openKnown,
  parseLeafEntry,
  sameBytes,
  StoredTree,
  TILE_WIDTH,
  tileHashCount,
  tilePath,
  treeHasher,
  unpackEntries,
} from '@app/evidence';
import { verifyEd25519 } from '@app/evidence/nest';
import { sha256 } from '@app/kernel';

const hasher = treeHasher(sha256);
const TILE_HEIGHT = 8;
const LIMIT_MS = 10_000;

/** What makes an auditor stop; its message is what he says. */
class Finding extends Error {
  override readonly name = 'Finding';
}

export class HttpAuditor {
  /** @param kept an earlier checkpoint */
  constructor(
    private readonly url: string,
    private readonly key: VerifierKey,
    private readonly kept: KnownCheckpoint,
  ) {}

  /** Whether the leaf is in the signed tree, and whether that continues the one that was kept: undefined, or why not. */
  one(index: number): Promise<string | undefined> {
    return found(async () => {
      const { size, root } = await this.checkpoint();
      const tree = new StoredTree({ hashes: (level, from, to) => this.hashes(level, from, to) }, hasher);
      const place = { index: Math.floor(index / TILE_WIDTH), width: widthAt(index, size) };
      const entries = unpackEntries(await this.fetched(entriesPath(place)));
      const leafHash = hasher.leaf(entries[index % TILE_WIDTH] ?? new Uint8Array(0));
      const proof = await tree.inclusion(index, size);
      if (!isIncluded(hasher, { index, size, leafHash, root, proof })) throw new Finding('the leaf is not in the tree');
      const { size: size1, root: root1 } = this.kept.checkpoint;
      const kept = { size1, root1, size2: size, root2: root, proof: await tree.consistency(size1, size) };
      if (!isConsistent(hasher, kept)) throw new Finding('the tree does not continue the one that was kept');
    });
  }

  /** Everything there is, recomputed from the entries: undefined, or what does not fit. */
  whole(): Promise<string | undefined> {
    return found(async () => {
      const { size, root } = await this.checkpoint();
      const range = new CompactRange(hasher);
      const above: Uint8Array[] = [];
      for (let from = 0; from < size; from += TILE_WIDTH) {
        const place = { index: from / TILE_WIDTH, width: widthAt(from, size) };
        const hashes = hashesOf(await this.fetched(tilePath({ level: 0, ...place })));
        const entries = unpackEntries(await this.fetched(entriesPath(place)));
        if (entries.length !== place.width) throw new Finding(`${entries.length} entries, not ${place.width}`);
        for (const [at, entry] of entries.entries()) {
          if (parseLeafEntry(entry).idx !== String(from + at)) throw new Finding('an entry is of another leaf');
          const hash = hasher.leaf(entry);
          if (!sameBytes(hash, hashes[at] ?? new Uint8Array(0))) throw new Finding('an entry is not that of its hash');
          range.append(hash, (level, _index, node) => level === TILE_HEIGHT && above.push(node));
          if (range.end === this.kept.checkpoint.size && !sameBytes(range.root(), this.kept.checkpoint.root)) {
            throw new Finding('the tree does not continue the one that was kept');
          }
        }
      }
      if (!sameBytes(range.root(), root)) throw new Finding('the leaves have another root than was signed');
      const level1 = await this.hashes(TILE_HEIGHT, 0, tileHashCount(size, 1));
      if (!sameBytes(level1, new Uint8Array(Buffer.concat(above))))
        throw new Finding('a tile above is not that of its leaves');
    });
  }

  private async checkpoint(): Promise<KnownCheckpoint['checkpoint']> {
    const note = new TextDecoder().decode(await this.fetched('checkpoint'));
    const { checkpoint } = await openKnown('the checkpoint', note, this.key, verifyEd25519);
    if (checkpoint.size >= this.kept.checkpoint.size) return checkpoint;
    throw new Finding('the checkpoint is older than the one that was kept');
  }

  private hashes(level: number, from: number, to: number): Promise<Uint8Array> {
    return this.fetched(tilePath({ level: level / TILE_HEIGHT, index: from / TILE_WIDTH, width: to - from }));
  }

  private async fetched(path: string): Promise<Uint8Array> {
    const signal = AbortSignal.timeout(LIMIT_MS);
    const response = await fetch(`${this.url}/v1/evidence/${path}`, { signal });
    if (!response.ok) throw new Finding(`an answer is ${response.status}`);
    return new Uint8Array(
      await response.arrayBuffer().catch((error: unknown) => {
        throw signal.aborted ? error : new Finding('an answer breaks off');
      }),
    );
  }
}

function widthAt(index: number, size: number): number {
  return Math.min(TILE_WIDTH, size - Math.floor(index / TILE_WIDTH) * TILE_WIDTH);
}

async function found(look: () => Promise<void>): Promise<string | undefined> {
  try {
    await look();
    return undefined;
  } catch (error) {
    if (error instanceof Finding) return error.message;
    if (error instanceof EvidenceError) return error.code;
    throw error;
  }
}
