import fc from 'fast-check';
import type { AuditEntry } from './audit-entry.js';
import { lineFormats } from './audit-export.js';

const entry: AuditEntry = {
  eventId: 'e1',
  eventType: 'WORKFLOW_DELETED',
  action: 'DELETE',
  result: 'SUCCESS',
  resourceId: 'r1',
  resourceType: 'workflow',
  resourceName: 'KYC',
  actor: { type: 'api_key', id: 'k1', name: 'Ana', via: 'api_key' },
  metadata: {},
  timestamp: '2026-05-02T13:02:00.400Z',
  category: 'administrative',
  channel: 'rest',
  correlationId: 'c1',
  summary: 'Ana deleted *KYC*',
  stream: 'workflow-r1',
  revision: 3,
  position: '41',
};

/** The cells of one record, read as RFC 4180 says. */
function cellsOf(line: string): string[] {
  const cells = line.slice(0, -2).matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,"]*))/g);
  return [...cells].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '');
}

describe('an export of the audit trail', () => {
  it('as NDJSON has one entry on each line', () => {
    expect(lineFormats.ndjson.head).toBe('');
    expect(JSON.parse(lineFormats.ndjson.line(entry))).toEqual(entry);
  });

  it('as CSV names its columns and has as many cells on each line', () => {
    const names = cellsOf(lineFormats.csv.head);
    expect(names.slice(0, 2)).toEqual(['timestamp', 'eventType']);
    expect(cellsOf(lineFormats.csv.line(entry))).toHaveLength(names.length);
  });

  it('as CSV never has a cell that a spreadsheet would run, and loses no character', () => {
    const at = cellsOf(lineFormats.csv.head).indexOf('resourceName');
    const starts = fc.constantFrom('', '=', '+', '-', '@', '\t=', ' @', '\r', '"', ',');
    fc.assert(
      fc.property(starts, fc.string(), (start, rest) => {
        const name = start + rest;
        const cell = cellsOf(lineFormats.csv.line({ ...entry, resourceName: name }))[at] ?? '';
        expect(cell).not.toMatch(/^\s*[=+\-@\t\r]/);
        expect([name, `'${name}`]).toContain(cell);
      }),
    );
  });
});
