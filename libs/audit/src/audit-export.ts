// An entry as a line of an export.
import type { AuditEntry } from './audit-entry.js';

export const exportFormats = ['ndjson', 'csv'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface LineFormat {
  readonly mediaType: string;
  /** Before the first entry; may be empty. */
  readonly head: string;
  readonly line: (entry: AuditEntry) => string;
}

/** A spreadsheet runs what begins like a formula; an apostrophe before it makes it a text. */
const formula = /^\s*[=+\-@\t\r]/;

const columns: readonly (readonly [name: string, of: (entry: AuditEntry) => string | number | undefined])[] = [
  ['timestamp', (e) => e.timestamp],
  ['eventType', (e) => e.eventType],
  ['category', (e) => e.category],
  ['action', (e) => e.action],
  ['result', (e) => e.result],
  ['summary', (e) => e.summary],
  ['actorType', (e) => e.actor.type],
  ['actorId', (e) => e.actor.id],
  ['actorName', (e) => e.actor.name],
  ['onBehalfOf', (e) => e.onBehalfOf?.id],
  ['ipAddress', (e) => e.actor.ipAddress],
  ['channel', (e) => e.channel],
  ['userAgent', (e) => e.userAgent],
  ['resourceType', (e) => e.resourceType],
  ['resourceId', (e) => e.resourceId],
  ['resourceName', (e) => e.resourceName],
  ['reason', (e) => e.reason],
  ['requestId', (e) => e.requestId],
  ['correlationId', (e) => e.correlationId],
  ['causationId', (e) => e.causationId],
  ['eventId', (e) => e.eventId],
  ['stream', (e) => e.stream],
  ['revision', (e) => e.revision],
  ['position', (e) => e.position],
  ['changes', (e) => (e.changes ? JSON.stringify(e.changes) : undefined)],
];

export const lineFormats: Readonly<Record<ExportFormat, LineFormat>> = {
  ndjson: {
    mediaType: 'application/x-ndjson; charset=utf-8',
    head: '',
    line: (entry) => `${JSON.stringify(entry)}\n`,
  },
  csv: {
    mediaType: 'text/csv; charset=utf-8; header=present',
    head: record(columns.map(([name]) => name)),
    line: (entry) => record(columns.map(([, of]) => String(of(entry) ?? ''))),
  },
};

/** The export in pieces of one portion each. */
export async function* linesOf(
  format: ExportFormat,
  portions: AsyncIterable<readonly AuditEntry[]>,
): AsyncGenerator<string> {
  const { head, line } = lineFormats[format];
  if (head !== '') yield head;
  for await (const entries of portions) yield entries.map(line).join('');
}

/** RFC 4180. */
function record(cells: readonly string[]): string {
  return `${cells.map(cell).join(',')}\r\n`;
}

function cell(text: string): string {
  const safe = formula.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
