// Where tiles and entry bundles are found below the log's address: C2SP tlog-tiles.
import { numberOfDecimal } from './byte-text.js';
import type { TilePlace } from './tile.js';
import { TILE_WIDTH } from './tile.js';

/** Entries of the leaves `[index * 256, index * 256 + width)`. */
export type EntriesPlace = Omit<TilePlace, 'level'>;

const LEVEL_MAX = 63;

/** As `tile/0/x001/x234/067.p/12`. */
export function tilePath({ level, index, width }: TilePlace): string {
  return `tile/${level}/${indexPath(index)}${partial(width)}`;
}

/** As `tile/entries/x001/x234/067.p/12`. */
export function entriesPath({ index, width }: EntriesPlace): string {
  return `tile/entries/${indexPath(index)}${partial(width)}`;
}

const tilePattern = /^tile\/(\d{1,2})\/(.+)$/s;
const entriesPattern = /^tile\/entries\/(.+)$/s;

/** Undefined for every path that `tilePath` never gives. */
export function parseTilePath(path: string): TilePlace | undefined {
  const found = tilePattern.exec(path);
  const level = numberOfDecimal(found?.[1] ?? '');
  const place = placeOf(found?.[2]);
  return place && level !== undefined && level <= LEVEL_MAX ? { level, ...place } : undefined;
}

/** Undefined for every path that `entriesPath` never gives. */
export function parseEntriesPath(path: string): EntriesPlace | undefined {
  return placeOf(entriesPattern.exec(path)?.[1]);
}

function indexPath(index: number): string {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const parts = padded.match(/\d{3}/g) ?? [];
  return parts.map((part, at) => (at < parts.length - 1 ? `x${part}` : part)).join('/');
}

function partial(width: number): string {
  return width === TILE_WIDTH ? '' : `.p/${width}`;
}

const placePattern = /^((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/;

function placeOf(path: string | undefined): EntriesPlace | undefined {
  const found = placePattern.exec(path ?? '');
  if (!found?.[1]) return undefined;
  const index = Number(found[1].replace(/[x/]/g, ''));
  const width = found[2] === undefined ? TILE_WIDTH : numberOfDecimal(found[2]);
  if (width === undefined || width < 1 || width > TILE_WIDTH || (found[2] !== undefined && width === TILE_WIDTH)) {
    return undefined;
  }
  return Number.isSafeInteger(index) && indexPath(index) === found[1] ? { index, width } : undefined;
}
