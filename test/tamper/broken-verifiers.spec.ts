// The attacks are worth something only if a verifier that lacks a check lets at least one of them pass.
import { openKnown } from '@app/evidence';
import { verifyEd25519 } from '@app/evidence/nest';
import { logSigner } from '../support/sample-log.js';
import { brokenVerifiers, loadBroken } from './broken-verifiers.js';
import { bundleAttacks } from './bundle-attacks.js';
import { keptNote, trueLogBundle, WITNESSED_MS } from './bundle-making.js';
import type { Kept } from './judge.js';
import { auditorsOf, judge } from './judge.js';
import { checkPart, verifierTable } from './tamper-table.js';

let held: Kept;
let exhibits: { readonly name: string; readonly level: string; readonly bytes: Uint8Array }[];
let genuine: Uint8Array;

beforeAll(async () => {
  held = {
    kept: await openKnown('kept', await keptNote(), logSigner.key, verifyEd25519),
    witnessedAtMs: WITNESSED_MS,
  };
  genuine = await trueLogBundle();
  exhibits = await Promise.all(
    bundleAttacks.map(async ({ name, level, make }) => ({ name, level, bytes: await make() })),
  );
}, 60_000);

const rows: { name: string; slipped: readonly string[] }[] = [];

it.each(brokenVerifiers.map((broken) => [broken.name, broken] as const))(
  'a verifier that %s is caught',
  async (name, broken) => {
    const { verify, remove } = await loadBroken(broken);
    try {
      // It still works: only the check is missing.
      expect((await judge(genuine, auditorsOf(held), verify)).level).toBe('none');
      const slipped: string[] = [];
      for (const { name: attack, level, bytes } of exhibits) {
        if ((await judge(bytes, auditorsOf(held), verify)).level > level) slipped.push(attack);
      }
      expect(slipped).not.toEqual([]);
      rows.push({ name, slipped });
    } finally {
      remove();
    }
  },
  60_000,
);

it('docs/tamper.md shows what each lets pass', () => checkPart('verifiers', verifierTable(rows)));
