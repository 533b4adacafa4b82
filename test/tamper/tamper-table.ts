// docs/tamper.md: what was done, and who found it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface TableRow {
  readonly name: string;
  readonly happened: string;
  readonly start: boolean;
  readonly scrub: boolean;
  readonly level: string;
  readonly code: string;
  readonly remark: string;
}

const page = fileURLToPath(new URL('../../docs/tamper.md', import.meta.url));

export function storeTable(rows: readonly TableRow[]): string {
  return table(
    ['what is done', 'rows that differ', 'start', 'scrub', 'auditor', 'remark'],
    rows.map(({ name, happened, start, scrub, level, code, remark }) => [
      ...[name, happened, start ? 'found' : '-', scrub ? 'found' : '-'],
      ...[level === 'same' ? 'true bundle' : told(level, code), remark],
    ]),
  );
}

export function bundleTable(rows: readonly Pick<TableRow, 'name' | 'level' | 'code' | 'remark'>[]): string {
  return table(
    ['what is done', 'auditor', 'remark'],
    rows.map(({ name, level, code, remark }) => [name, told(level, code), remark]),
  );
}

export function verifierTable(rows: readonly { readonly name: string; readonly slipped: readonly string[] }[]): string {
  return table(
    ['a verifier that ...', 'lets pass'],
    rows.map(({ name, slipped }) => [name, slipped.join('; ')]),
  );
}

function told(level: string, code: string): string {
  return level === 'none' ? 'not found' : `${level}: ${code}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Prints one part of the page and holds it against the page that is there; TAMPER_WRITE=1 writes it. */
export function checkPart(name: 'stores' | 'bundles' | 'verifiers', text: string): void {
  process.stdout.write(`\n${text}\n\n`);
  const [begin, end] = [`<!-- ${name}: written by test/tamper -->`, `<!-- end of ${name} -->`];
  const current = existsSync(page) ? readFileSync(page, 'utf8') : '';
  const [before, rest] = current.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`docs/tamper.md has no part ${name}`);
  const wanted = `${before}${begin}\n\n${text}\n\n${end}${after}`;
  if (process.env['TAMPER_WRITE'] === '1') writeFileSync(page, wanted);
  else expect(current).toBe(wanted);
}
