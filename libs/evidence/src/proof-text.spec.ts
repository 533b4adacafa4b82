import { sampleLeaves } from './merkle-reference.contract.js';
import {
  formatConsistency,
  formatInclusion,
  formatRange,
  parseConsistency,
  parseInclusion,
  parseRange,
} from './proof-text.js';

const checkpoint =
  'example.com/log\n9\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n' +
  '\u2014 example.com/log x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
const hashes = sampleLeaves(5);
const line = '[A-Za-z0-9+/]{43}=\n';
const malformed = expect.objectContaining({ code: 'malformed_proof' });

describe('a proof as text', () => {
  const inclusion = formatInclusion({ index: 8, proof: hashes.slice(0, 2), checkpoint });
  const consistency = formatConsistency({ size1: 6, proof: hashes.slice(0, 3), checkpoint });
  const range = formatRange({ begin: 5, left: hashes.slice(0, 2), end: 7, proof: hashes.slice(2), checkpoint });

  it('is written as C2SP says, the checkpoint behind it', () => {
    expect(inclusion.slice(0, -checkpoint.length)).toMatch(
      new RegExp(`^c2sp\\.org/tlog-proof@v1\nindex 8\n(${line}){2}\n$`),
    );
    expect(consistency.slice(0, -checkpoint.length)).toMatch(new RegExp(`^old 6\n(${line}){3}\n$`));
    expect(range.slice(0, -checkpoint.length)).toMatch(
      new RegExp(`^runledger-range/1\nbegin 5\n(${line}){2}end 7\n(${line}){3}\n$`),
    );
    for (const text of [inclusion, consistency, range]) expect(text.endsWith(checkpoint)).toBe(true);
  });

  it('is read back', () => {
    expect(parseInclusion(inclusion)).toEqual({ index: 8, proof: hashes.slice(0, 2), checkpoint });
    expect(parseConsistency(consistency)).toEqual({ size1: 6, proof: hashes.slice(0, 3), checkpoint });
    expect(parseRange(range)).toEqual({
      begin: 5,
      left: hashes.slice(0, 2),
      end: 7,
      proof: hashes.slice(2),
      checkpoint,
    });
    const nothing = { begin: 0, left: [], end: 9, proof: [], checkpoint };
    expect(parseRange(formatRange(nothing))).toEqual(nothing);
    expect(parseInclusion(formatInclusion({ index: 0, proof: [], checkpoint })).proof).toEqual([]);
  });

  it.each<[string, string]>([
    ['nothing', ''],
    ['another first line', inclusion.replace('@v1', '@v2')],
    ['extra data', inclusion.replace('\nindex', '\nextra AAAA\nindex')],
    ['no index', inclusion.replace('index 8\n', '')],
    ['a leading zero', inclusion.replace('index 8', 'index 08')],
    ['two blanks', inclusion.replace('index 8', 'index  8')],
    ['a short hash', inclusion.replace(/\n.(.{43}\n)/, '\n$1')],
    ['no empty line', inclusion.replaceAll('\n\n', '\n')],
    ['too many hashes', formatConsistency({ size1: 1, proof: [], checkpoint }).replace('old 1', `index 1`)],
  ])('of inclusion with %s is malformed', (_, text) => {
    expect(() => parseInclusion(text)).toThrow(malformed);
  });

  it('of consistency or a range in another spelling is malformed', () => {
    for (const text of [
      consistency.replace('old 6', 'new 6'),
      consistency.replace('old 6', 'old six'),
      formatConsistency({ size1: 1, proof: Array.from({ length: 64 }, () => hashes[0]!), checkpoint }),
    ]) {
      expect(() => parseConsistency(text)).toThrow(malformed);
    }
    for (const text of [
      inclusion,
      range.replace('begin 5', 'begin 7'),
      range.replace('begin 5', 'begin 4'),
      range.replace('end 7', 'end 4'),
      range.replace('end 7\n', ''),
      'x'.repeat(2_000_000),
    ]) {
      expect(() => parseRange(text)).toThrow(malformed);
    }
  });

  it('is neither written nor read around something that is no signed note', () => {
    const noNote = expect.objectContaining({ code: 'malformed_note' });
    expect(() => formatInclusion({ index: 0, proof: [], checkpoint: 'example.com/log\n' })).toThrow(noNote);
    expect(() => parseInclusion(inclusion.replace('\u2014', '-'))).toThrow(noNote);
    expect(() => parseInclusion(inclusion.slice(0, -1))).toThrow(noNote);
  });
});
