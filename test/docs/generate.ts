// `npm run docs` writes what is generated from the code; with --check it compares and changes nothing.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import type { EventLock } from '../architecture/event-lock.js';
import { brokenPromises, lockOf } from '../architecture/event-lock.js';
import { root } from '../architecture/tree.js';
import { withAuditWalk } from '../demo/audit-walk.js';
import { eventCatalogues } from './event-catalogues.js';
import { eventPage } from './event-page.js';
import { openApiDocument } from './openapi.js';
import { withSettingsTable } from './settings-section.js';

const read = (path: string): string => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '');

async function formatted(path: string, text: string): Promise<string> {
  return format(text, { ...(await resolveConfig(join(root, path))), filepath: path });
}

function newLock(path: string): string {
  const now = lockOf(eventCatalogues.flatMap(({ events }) => Object.values(events)));
  const locked = JSON.parse(read(path) || '{}') as EventLock;
  const broken = brokenPromises(locked, now);
  if (broken.length > 0) throw new Error(`events are for ever; this breaks what was recorded:\n${broken.join('\n')}`);
  return JSON.stringify(now);
}

const documents: readonly (readonly [path: string, make: (path: string) => string | Promise<string>])[] = [
  ['test/architecture/event-schemas.lock.json', newLock],
  ['docs/events.md', () => eventPage(eventCatalogues)],
  ['docs/audit-guide.md', (path) => withAuditWalk(read(path))],
  ['docs/operating.md', (path) => withSettingsTable(read(path))],
  ['docs/openapi.json', openApiDocument],
];

const checking = process.argv.includes('--check');
const stale: string[] = [];
for (const [path, make] of documents) {
  const text = await formatted(path, await make(path));
  if (text === read(path)) continue;
  stale.push(path);
  if (!checking) writeFileSync(join(root, path), text);
}
if (stale.length === 0) console.log(`${documents.length} generated documents are up to date`);
else console.log(`${checking ? 'out of date, run npm run docs' : 'written'}: ${stale.join(', ')}`);
process.exit(checking && stale.length > 0 ? 1 : 0);
