// Folding into the one server's own file.
import { writeFileSync } from 'node:fs';
import type { FoldingPlace } from './folding-place.js';
import { BATCH_MAX } from './projector.worker.js';
import { SqliteViewWriter } from './sqlite.view-writer.js';
import { damageMark, isDamage, openViewsForWriting } from './sqlite.views-file.js';

/** @param wasDamaged the file is new because its predecessor had to be set aside */
export function sqliteFoldingPlace(directory: string, wasDamaged: boolean): FoldingPlace {
  const writer = new SqliteViewWriter(openViewsForWriting(directory), wasDamaged);
  return {
    writer,
    batchMax: BATCH_MAX,
    advice(error) {
      if (!isDamage(error)) return '';
      writeFileSync(damageMark(directory), String(error));
      return '; the views are made anew at the next start';
    },
    claimLost: () => undefined,
    follow: () => Promise.reject(new Error('nobody else folds into this file')),
    hurry: () => Promise.resolve(),
    share: () => Promise.resolve(),
    close: () => writer.close(),
  };
}
