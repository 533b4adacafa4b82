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

export interface ServedRow {
  readonly name: string;
  readonly when: string;
  readonly happened: string;
  readonly verify: string;
  readonly other: string;
  readonly ready: string;
  readonly write: string;
  readonly refused: readonly string[];
}

/** One line where running and starting servers answer the same. */
export function servedTable(rows: readonly ServedRow[]): string {
  const cells = rows.map(({ name, when, happened, verify, other, ready, write, refused }) => {
    const answers = [happened, verify, other, ready, write, refused.join('; ') || 'all'];
    return { name, when, answers };
  });
  const lines = cells.flatMap(({ name, when, answers }, at) => {
    const [before, after] = [cells[at - 1], cells[at + 1]];
    const isLike = (one: (typeof cells)[number] | undefined): boolean =>
      one?.name === name && one.answers.join('|') === answers.join('|');
    if (isLike(before)) return [];
    return [[name, isLike(after) ? 'either' : when, ...answers]];
  });
  const head = ['what is done', 'when', 'rows that differ', '`/verify` of the event', '`/verify` of another'];
  return table([...head, '`/readyz`', 'a command', 'what can be read'], lines);
}

export interface FlipRow {
  readonly name: string;
  readonly flips: number;
  readonly server: number;
  readonly reader: number;
  readonly again: number;
  readonly same: number;
}

export function flipTable(rows: readonly FlipRow[]): string {
  return table(
    ['file', 'bits flipped', 'a server notices', 'whoever reads it notices', 'made again', 'all is the same'],
    rows.map(({ name, flips, server, reader, again, same }) => [
      name,
      ...[flips, server, reader, again, same].map(String),
    ]),
  );
}

export interface WireRow {
  readonly name: string;
  /** Undefined: it is not seen. */
  readonly one: string | undefined;
  readonly whole: string | undefined;
}

export function wireTable(rows: readonly WireRow[]): string {
  return table(
    ['what is done', 'whoever looks at one event', 'whoever recomputes everything'],
    rows.map(({ name, one, whole }) => [name, one ?? '-', whole ?? '-']),
  );
}

export interface ProgramRow {
  readonly name: string;
  readonly code: number;
  readonly line: string;
}

export function programTable(rows: readonly ProgramRow[]): string {
  return table(
    ['the bundle', 'exit code', 'first line'],
    rows.map(({ name, code, line }) => [name, String(code), line]),
  );
}

function told(level: string, code: string): string {
  return level === 'none' ? 'not found' : `${level}: ${code}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

type Part = 'stores' | 'bundles' | 'verifiers' | 'served' | 'flips' | 'wire' | 'program';

/** Holds some lines of a part against the page: those of which not all were made this time. */
export function checkLines(name: Part, text: string): void {
  process.stdout.write(`\n${text}\n\n`);
  const lines = readFileSync(page, 'utf8').split(`<!-- ${name}: written by test/tamper -->`)[1]?.split('\n') ?? [];
  expect(lines).toEqual(expect.arrayContaining(text.split('\n')));
}

/** As `checkPart` where the numbers are other ones each time: only of what there is a line is held against the page. */
export function checkNames(name: Part, text: string): void {
  if (process.env['TAMPER_WRITE'] === '1') return checkPart(name, text);
  const nameOf = (line: string): string => line.split(' | ')[0] ?? '';
  process.stdout.write(`\n${text}\n\n`);
  const lines = readFileSync(page, 'utf8').split(`<!-- ${name}: written by test/tamper -->`)[1]?.split('\n') ?? [];
  expect(lines.map(nameOf)).toEqual(expect.arrayContaining(text.split('\n').map(nameOf)));
}

/** Prints one part of the page and holds it against the page that is there; TAMPER_WRITE=1 writes it. */
export function checkPart(name: Part, text: string): void {
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
