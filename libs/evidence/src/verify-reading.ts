// One pass over the files of a bundle: which file may come next, and who looks at its bytes.
import { bundlePlaceOf, comesAfter, SHARD_ENTRIES, shardPaths } from './bundle-layout.js';
import { ByteLines } from './byte-lines.js';
import { joinedBytes } from './byte-text.js';
import { excerptOf } from './evidence-error.js';
import type { LeafEntry } from './leaf.js';
import { StreamLedger } from './stream-ledger.js';
import type { TarItem } from './tar-reader.js';
import type { TreeHasher } from './tree-hasher.js';
import { treeHasher } from './tree-hasher.js';
import type { VerifyOptions } from './verify-options.js';
import type { LastLeaves } from './verify-proofs.js';
import type { DefectLog } from './verify-report.js';
import { ShardCheck } from './verify-shard.js';
import { SmallFiles } from './verify-small-files.js';
import { RecordedTimes } from './verify-times.js';
import { TreeOfBundle } from './verify-tree.js';

/** Bytes that a file of each folder may take; files of lines are read line by line. */
const fileBytesMax = {
  manifest: 16 * 1_048_576,
  checkpoints: 65_536,
  keys: 4_096,
  proofs: 65_536,
  definitions: 2 * 1_048_576,
  entries: SHARD_ENTRIES * 65_537,
  data: Number.POSITIVE_INFINITY,
  meta: Number.POSITIVE_INFINITY,
} as const;
type Folder = keyof typeof fileBytesMax;

/** A whole append never takes more than half of it. */
const LINE_BYTES_MAX = 2 * 1_048_576;

/** Who takes the bytes of the file under way. */
interface Sink {
  readonly take: (bytes: Uint8Array) => void;
  readonly end: () => void;
}
const ignored: Sink = { take: () => undefined, end: () => undefined };

const bulkFolders = ['entries', 'data', 'meta'] as const;
type BulkFolder = (typeof bulkFolders)[number];

export interface BulkChecks {
  readonly tree: TreeOfBundle;
  readonly ledger: StreamLedger;
  readonly times: RecordedTimes;
  readonly shard: ShardCheck;
}

export class BundleReading {
  readonly small: SmallFiles;
  readonly hasher: TreeHasher;
  files = 0;
  leaves = 0;
  bulk: BulkChecks | undefined;
  /** Nothing that follows could be told from anything. */
  isHopeless = false;
  private readonly lastOfStream = new Map<string, { index: number; leafHash: Uint8Array }>();
  private firstIndex: number | undefined;
  private lastIndex = -1;
  private sink = ignored;
  private previous: string | undefined;
  private shard = 0;
  private step = 0;
  private lastShardLeaves = SHARD_ENTRIES;

  constructor(
    private readonly options: VerifyOptions,
    private readonly defects: DefectLog,
  ) {
    this.hasher = treeHasher(options.sha256);
    this.small = new SmallFiles(options.sha256, defects);
  }

  get lastLeaves(): LastLeaves {
    return this.lastOfStream;
  }

  take(item: TarItem): void {
    if (item.kind === 'bytes') this.sink.take(item.bytes);
    else if (item.kind === 'file') this.sink = this.open(item.path, item.size);
    else {
      this.sink.end();
      this.sink = ignored;
    }
  }

  /** @param isWhole whether the archive could be read to its end. */
  end(isWhole: boolean): void {
    if (this.files === 0 && isWhole) this.defects.incomplete('manifest_missing', 'there is no file in the bundle');
    if (this.small.manifest === undefined) return;
    this.begin();
    if (!isWhole) return;
    if (this.step !== 0) this.missing(this.expected());
    this.checkCounts();
  }

  private open(path: string, size: number): Sink {
    this.files += 1;
    const folder = bundlePlaceOf(path)?.folder;
    if (folder === undefined) {
      this.defects.tampered('unexpected_file', `${excerptOf(path)} is no file of a bundle`, { file: path });
      return ignored;
    }
    if (!comesAfter(this.previous, path)) {
      this.defects.tampered('file_out_of_order', `${path} stands behind ${this.previous ?? ''}`, { file: path });
      return ignored;
    }
    this.previous = path;
    if (this.files === 1 && folder !== 'manifest') {
      this.defects.incomplete('manifest_missing', `the bundle begins with ${path}, not with its manifest`);
      this.isHopeless = true;
      return ignored;
    }
    if (size > fileBytesMax[folder]) {
      const told = `${path} takes ${size} bytes, at most ${fileBytesMax[folder]} are read`;
      this.defects.tampered('file_too_large', told, { file: path });
      return ignored;
    }
    return isBulk(folder) ? this.openBulk(path, folder) : collected((bytes) => this.takeSmall(path, bytes));
  }

  private takeSmall(path: string, bytes: Uint8Array): void {
    this.small.take(path, bytes);
    if (this.small.manifest === undefined) this.isHopeless = true;
  }

  private openBulk(path: string, folder: BulkFolder): Sink {
    const { shard } = this.begin();
    if (path !== this.expected()) this.skipTo(path, folder);
    this.step = (bulkFolders.indexOf(folder) + 1) % bulkFolders.length;
    if (folder === 'entries') return collected((bytes) => this.takeEntries(shard, path, bytes));
    if (folder === 'meta') this.shard += 1;
    const takeLine =
      folder === 'data'
        ? (line: Uint8Array, number: number) => shard.takeData(line, number, path)
        : (line: Uint8Array, number: number) => shard.takeMetadata(line, number, path);
    return this.linesOf(path, shard, takeLine);
  }

  private takeEntries(shard: ShardCheck, file: string, bytes: Uint8Array): void {
    if (this.lastShardLeaves !== SHARD_ENTRIES) {
      const told = `the shard before ${file} holds ${this.lastShardLeaves} entries; only the last may hold fewer than ${SHARD_ENTRIES}`;
      this.defects.tampered('shard_not_full', told, { file });
    }
    shard.takeEntries(bytes, file);
    this.lastShardLeaves = shard.leaves;
    if (shard.leaves > 0 && shard.leaves <= SHARD_ENTRIES) return;
    const told = `${file} holds ${shard.leaves} entries, not 1 to ${SHARD_ENTRIES}`;
    this.defects.tampered('malformed_shard', told, { file });
  }

  private linesOf(file: string, shard: ShardCheck, take: (line: Uint8Array, number: number) => void): Sink {
    const lines = new ByteLines(LINE_BYTES_MAX, take, (line) => {
      this.defects.tampered('line_too_long', `${file}: line ${line} is too long to be of an event`, { file, line });
    });
    const end = (): void => {
      const told = `${file} holds ${lines.count} lines for ${shard.leaves} entries`;
      if (lines.hasRest) this.defects.incomplete('line_cut_off', `${file}: the last line has no end`, { file });
      else if (lines.count < shard.leaves) this.defects.incomplete('lines_missing', told, { file });
      else if (lines.count > shard.leaves) this.defects.tampered('lines_too_many', told, { file });
    };
    return { take: (bytes) => lines.push(bytes), end };
  }

  private expected(): string {
    return shardPaths(this.shard)[bulkFolders[this.step] as BulkFolder];
  }

  /** Files stand in order, so that what was expected before this one will not come any more. */
  private skipTo(path: string, folder: BulkFolder): void {
    this.missing(this.expected());
    this.shard = Number(bundlePlaceOf(path)?.name.split('.')[0]);
    if (folder !== 'entries' && this.step === 0) this.bulk?.shard.takeNoEntries();
  }

  private missing(file: string): void {
    this.defects.incomplete('file_missing', `${file} is not there`, { file });
  }

  /** What the bulk is measured against is known once all small files have come. */
  private begin(): BulkChecks {
    if (this.bulk) return this.bulk;
    this.small.end();
    const { manifest } = this.small;
    const isStreams = manifest?.kind === 'streams';
    const from = isStreams ? 0 : Number(manifest?.from ?? 0);
    const { checkpoints, consistencies } = this.small;
    const sizes = [...checkpoints.keys(), ...consistencies.keys(), Number(manifest?.to ?? 0)];
    for (const { checkpoint } of this.options.known ?? []) sizes.push(checkpoint.size);
    const tree = new TreeOfBundle(this.hasher, from, sizes);
    const rules = this.options.rules ?? [];
    const ledger = new StreamLedger({ rules, mayBeginEarlier: manifest?.kind === 'range' }, this.defects);
    const times = new RecordedTimes([...this.small.checkpoints.keys()]);
    const onLeaf = (leafHash: Uint8Array, index: number, entry: LeafEntry | undefined): void => {
      this.leaves += 1;
      this.firstIndex ??= index;
      this.lastIndex = index;
      if (!isStreams) tree.append(leafHash);
      else if (entry) this.lastOfStream.set(entry.stream, { index, leafHash });
    };
    const { hasher, defects } = this;
    const shard = new ShardCheck({
      hasher,
      defects,
      ledger,
      times,
      log: manifest?.log,
      from,
      isDense: !isStreams,
      onLeaf,
    });
    this.bulk = { tree, ledger, times, shard };
    return this.bulk;
  }

  /** Everything that the manifest says of the bulk must be so. */
  private checkCounts(): void {
    const { manifest } = this.small;
    if (!manifest) return;
    const { entries, from, to, size, kind } = manifest;
    const told = `the manifest says ${entries} events, there are ${this.leaves}`;
    if (this.leaves < Number(entries)) this.defects.incomplete('leaves_missing', told);
    else if (this.leaves > Number(entries)) this.defects.tampered('leaves_too_many', told);
    const first = this.firstIndex ?? Number(from);
    const isSpan = first === Number(from) && (this.leaves === 0 ? from === to : this.lastIndex + 1 === Number(to));
    const isLog = kind !== 'log' || (from === '0' && to === size);
    if (this.leaves === Number(entries) && (!isSpan || !isLog)) {
      const span = `the manifest says leaves ${from} to ${to} of ${size}, there are ${first} to ${this.lastIndex + 1}`;
      this.defects.tampered('manifest_contradicts_leaves', span);
    }
    const named = new Set(manifest.streams);
    for (const stream of named) {
      if (!this.lastOfStream.has(stream))
        this.defects.incomplete('stream_missing', `${stream} is not there`, { stream });
    }
    for (const stream of this.lastOfStream.keys()) {
      const extra = `${stream} is not among the streams that the manifest names`;
      if (!named.has(stream)) this.defects.tampered('unexpected_stream', extra, { stream });
    }
  }
}

function isBulk(folder: Folder): folder is BulkFolder {
  return (bulkFolders as readonly string[]).includes(folder);
}

function collected(use: (bytes: Uint8Array) => void): Sink {
  const chunks: Uint8Array[] = [];
  return { take: (bytes) => chunks.push(bytes), end: () => use(joinedBytes(chunks)) };
}
