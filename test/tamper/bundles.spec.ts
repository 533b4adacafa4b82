// Attacks on bundles, each seen to differ from every true bundle, and the lowest level at which an auditor refuses it.
import { openKnown, verifyBundle } from '@app/evidence';
import { verifyEd25519 } from '@app/evidence/nest';
import { logSigner } from '../support/sample-log.js';
import { flippedAt, numbers } from './bit-flips.js';
import { bundleAttacks } from './bundle-attacks.js';
import type { BundleAttack } from './bundle-making.js';
import {
  archived,
  filesOf,
  keptNote,
  trueLogBundle,
  trueRangeBundle,
  trueRunBundle,
  WITNESSED_MS,
} from './bundle-making.js';
import type { Kept } from './judge.js';
import { auditorsOf, judge } from './judge.js';
import { bundleTable, checkPart } from './tamper-table.js';

let held: Kept;
let genuine: Buffer[];

beforeAll(async () => {
  held = {
    kept: await openKnown('kept', await keptNote(), logSigner.key, verifyEd25519),
    witnessedAtMs: WITNESSED_MS,
  };
  genuine = (await Promise.all([trueLogBundle(), trueRunBundle(), trueRangeBundle()])).map((one) => Buffer.from(one));
});

it('true bundles pass at every level: a log, a run, a part', async () => {
  for (const bytes of genuine) expect(await judge(bytes, auditorsOf(held), verifyBundle)).toEqual(passed);
});
const passed = { level: 'none', code: '' };

describe('an edited bundle', () => {
  const rows: { name: string; level: string; code: string; remark: string }[] = [];

  it.each(bundleAttacks.map((attack) => [attack.name, attack] as [string, BundleAttack]))(
    '%s',
    async (name, { make, level, remark = '' }) => {
      const bytes = Buffer.from(await make());
      expect(genuine.some((one) => one.equals(bytes))).toBe(false);
      const judged = await judge(bytes, auditorsOf(held), verifyBundle);
      expect(judged.level).toBe(level);
      rows.push({ name, ...judged, remark });
    },
  );

  it('docs/tamper.md shows what was found', () => checkPart('bundles', bundleTable(rows)));
});

describe('one bit flipped', () => {
  const FLIPS = Number(process.env['TAMPER_FLIPS'] ?? 6);

  it('anywhere in any file of a bundle is found', async () => {
    const next = numbers(20_260_502);
    const strictest = auditorsOf(held).slice(-1);
    for (const bundle of genuine) {
      const files = await filesOf(bundle);
      for (const [path, bytes] of files) {
        for (let flip = 0; flip < FLIPS; flip += 1) {
          const bit = next(bytes.length * 8);
          const changed = flippedAt(bytes, bit);
          expect(Buffer.from(changed).equals(bytes)).toBe(false);
          const archive = await archived([...files].map(([name, was]) => [name, name === path ? changed : was]));
          expect([path, bit, (await judge(archive, strictest, verifyBundle)).level]).not.toEqual([path, bit, 'none']);
        }
      }
    }
  }, 120_000);

  it('anywhere in the archive itself is found, or is in bytes that hold nothing', async () => {
    const next = numbers(4_711);
    const strictest = auditorsOf(held).slice(-1);
    for (const bundle of genuine) {
      const files = JSON.stringify([...(await filesOf(bundle))].map(([path, bytes]) => [path, hexOf(bytes)]));
      for (let flip = 0; flip < FLIPS * 5; flip += 1) {
        const bit = next(bundle.length * 8);
        const changed = flippedAt(bundle, bit);
        const { level } = await judge(changed, strictest, verifyBundle);
        if (level !== 'none') continue;
        const left = JSON.stringify([...(await filesOf(changed))].map(([path, bytes]) => [path, hexOf(bytes)]));
        expect([bit, left]).toEqual([bit, files]);
      }
    }
  }, 120_000);
});

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
