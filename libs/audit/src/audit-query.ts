// What may be asked of the audit trail, from the query as it was sent to the view's own terms.
import type { FieldFinding, Refusal } from '@app/kernel';
import { channels, instantOf, isUuid, refuse } from '@app/kernel';
import type { EntryQuery, EntrySelection, FieldFilter } from '@app/read-model';
import { decodeCursor, encodeCursor, searchedWordsOf } from '@app/read-model';
import { AUDIT_VIEW } from './audit-entries.js';
import { auditActions, auditCategories, auditEventTypes, auditResults, resourceTypes } from './audit-table.js';

/** The query parameters that select entries, as sent. An empty text is as good as none. */
export interface AuditFilterInput {
  readonly eventType?: string;
  readonly action?: string;
  readonly result?: string;
  readonly resourceType?: string;
  readonly resourceId?: string;
  readonly category?: string;
  readonly actorId?: string;
  readonly actorType?: string;
  readonly channel?: string;
  readonly ip?: string;
  readonly correlationId?: string;
  readonly requestId?: string;
  readonly dateFrom?: string;
  readonly dateTo?: string;
  readonly q?: string;
  readonly asOf?: string;
}

export interface AuditPageInput extends AuditFilterInput {
  readonly limit?: string;
  readonly cursor?: string;
  readonly sortOrder?: string;
}

export const LIMIT_DEFAULT = 20;
export const LIMIT_MAX = 100;
const WORDS_MAX = 16;

/** Parameters with a known set of values; several may be given, separated by commas. */
const enumerations = {
  eventType: auditEventTypes,
  category: auditCategories,
  action: auditActions,
  result: auditResults,
  resourceType: resourceTypes,
  actorType: ['user', 'api_key', 'system'],
  channel: channels,
} satisfies Partial<Record<keyof AuditFilterInput, readonly string[]>>;

type Enumerated = keyof typeof enumerations;

/** Parameters that are compared as they are. */
const exact = ['actorId', 'ip', 'correlationId', 'requestId'] as const satisfies readonly (keyof AuditFilterInput)[];

/** One defect of the query; the first one's code answers. */
interface Defect extends FieldFinding {
  readonly code: string;
}

/** The page asked for, or every defect of the query at once. */
export function auditPageOf(input: AuditPageInput): EntryQuery | Refusal {
  const defects: Defect[] = [];
  const selection = select(input, defects);
  const descending = orderOf(input.sortOrder, defects);
  const after = cursorOf(input.cursor, defects);
  const limit = limitOf(input.limit, defects);
  if (defects.length > 0) return refusalOf(defects);
  return { ...selection, descending, limit, ...(after === undefined ? {} : { after }) };
}

/** Everything that is selected, in an order: for an export. */
export function auditOrderedOf(
  input: AuditFilterInput & Pick<AuditPageInput, 'sortOrder'>,
): { readonly selection: EntrySelection; readonly descending: boolean } | Refusal {
  const defects: Defect[] = [];
  const selection = select(input, defects);
  const descending = orderOf(input.sortOrder, defects);
  return defects.length > 0 ? refusalOf(defects) : { selection, descending };
}

/** The selection alone, for what counts it. */
export function auditSelectionOf(input: AuditFilterInput): EntrySelection | Refusal {
  const defects: Defect[] = [];
  const selection = select(input, defects);
  return defects.length > 0 ? refusalOf(defects) : selection;
}

/** Of the last entry of a page: the next one begins behind it. */
export function auditCursor(sequence: number): string {
  return encodeCursor(AUDIT_VIEW, sequence);
}

function select(input: AuditFilterInput, defects: Defect[]): EntrySelection {
  const filters = [
    ...(Object.keys(enumerations) as Enumerated[]).flatMap((field) => enumerated(field, input[field], defects)),
    ...exact.flatMap((field) => (given(input[field]) ? [{ field, equals: input[field] as string }] : [])),
    ...resourceFilter(input.resourceId, defects),
    ...timeFilter(input, defects),
  ];
  const words = searchedWordsOf(input.q ?? '').slice(0, WORDS_MAX);
  if (given(input.q) && words.length === 0) {
    defects.push({ field: 'q', code: 'FLK-0304', message: 'q must contain a letter or a digit' });
  }
  return {
    ...(filters.length > 0 ? { filters } : {}),
    ...(words.length > 0 ? { words } : {}),
    ...(given(input.asOf) ? { asOf: input.asOf as string } : {}),
  };
}

function enumerated(field: Enumerated, text: string | undefined, defects: Defect[]): FieldFilter[] {
  if (!given(text)) return [];
  const known: readonly string[] = enumerations[field];
  const values = [...new Set((text as string).split(',').map((value) => value.trim()))].filter((value) => value !== '');
  const unknown = values.filter((value) => !known.includes(value));
  if (unknown.length > 0 || values.length === 0) {
    const said = unknown.length > 0 ? `${unknown.map(quoted).join(', ')} is not known` : 'a value is missing';
    defects.push({ field, code: 'FLK-0304', message: `${field}: ${said}; known are ${known.join(', ')}` });
    return [];
  }
  const [only] = values;
  return values.length === 1 && only !== undefined ? [{ field, equals: only }] : [{ field, in: values }];
}

/** Ids of workflows, runs, provider configurations and API keys; the other entries have no UUID to ask for. */
function resourceFilter(text: string | undefined, defects: Defect[]): FieldFilter[] {
  if (!given(text)) return [];
  if (isUuid(text)) return [{ field: 'resourceId', equals: text.toLowerCase() }];
  defects.push({ field: 'resourceId', code: 'FLK-0002', message: 'resourceId must be a UUID' });
  return [];
}

function timeFilter({ dateFrom, dateTo }: AuditFilterInput, defects: Defect[]): FieldFilter[] {
  const from = boundOf('dateFrom', dateFrom, defects);
  const to = boundOf('dateTo', dateTo, defects);
  if (from !== undefined && to !== undefined && from > to) {
    defects.push({ field: 'dateFrom', code: 'FLK-0308', message: 'dateFrom must not be later than dateTo' });
  }
  if (from === undefined && to === undefined) return [];
  return [{ field: 'time', ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }];
}

/** Inclusive, in milliseconds: entries are timed to the millisecond, so a finer lower bound begins at the next one. */
function boundOf(field: 'dateFrom' | 'dateTo', text: string | undefined, defects: Defect[]): number | undefined {
  if (!given(text)) return undefined;
  const instant = instantOf(text as string);
  if (instant) return field === 'dateFrom' && instant.isLater ? instant.ms + 1 : instant.ms;
  const message = `${field} must be a date-time of RFC 3339, as in 2026-05-02T13:00:00Z`;
  defects.push({ field, code: 'FLK-0305', message });
  return undefined;
}

function orderOf(text: string | undefined, defects: Defect[]): boolean {
  if (!given(text)) return true;
  const order = (text as string).toUpperCase();
  if (order !== 'ASC' && order !== 'DESC') {
    const message = `sortOrder: ${quoted(text as string)} is not known; known are ASC, DESC`;
    defects.push({ field: 'sortOrder', code: 'FLK-0304', message });
  }
  return order !== 'ASC';
}

/** Out of bounds is brought into them, as the v1 contract has it; not a number at all is refused. */
function limitOf(text: string | undefined, defects: Defect[]): number {
  if (!given(text)) return LIMIT_DEFAULT;
  if (!/^[+-]?\d{1,15}$/.test(text as string)) {
    defects.push({ field: 'limit', code: 'FLK-0304', message: 'limit must be an integer' });
    return LIMIT_DEFAULT;
  }
  const limit = Number(text);
  return limit <= 0 ? LIMIT_DEFAULT : Math.min(limit, LIMIT_MAX);
}

function cursorOf(text: string | undefined, defects: Defect[]): number | undefined {
  if (!given(text)) return undefined;
  const sequence = decodeCursor(AUDIT_VIEW, text as string);
  if (typeof sequence === 'number' && Number.isSafeInteger(sequence) && sequence >= 1) return sequence;
  const message = 'cursor must be the nextCursor of an earlier page of audit events';
  defects.push({ field: 'cursor', code: 'FLK-0610', message });
  return undefined;
}

function refusalOf(defects: readonly Defect[]): Refusal {
  const [first] = defects;
  const more = defects.length > 1 ? ` (and ${defects.length - 1} more)` : '';
  return refuse('invalid', first?.code ?? 'FLK-0304', `${first?.message ?? ''}${more}`, defects);
}

function given(text: string | undefined): boolean {
  return text !== undefined && text !== '';
}

function quoted(text: string): string {
  return `"${text.slice(0, 60)}"`;
}
