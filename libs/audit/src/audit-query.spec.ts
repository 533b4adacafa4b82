import { instantOf, isRefusal } from '@app/kernel';
import type { AuditPageInput } from './audit-query.js';
import { auditCursor, auditPageOf } from './audit-query.js';

const uuid = '0d6f2a8e-1c1b-4f6e-9a7f-8a2f7a0c9e11';
const everything = { descending: true, limit: 20 };

describe('a query of the audit trail', () => {
  const readable: [AuditPageInput, object][] = [
    [{}, everything],
    [{ eventType: '', cursor: '', limit: '', sortOrder: '' }, everything],
    [{ eventType: 'WORKFLOW_CREATED' }, { filters: [{ field: 'eventType', equals: 'WORKFLOW_CREATED' }] }],
    [
      { eventType: 'WORKFLOW_CREATED, EXECUTION_FAILED,WORKFLOW_CREATED' },
      { filters: [{ field: 'eventType', in: ['WORKFLOW_CREATED', 'EXECUTION_FAILED'] }] },
    ],
    [
      { category: 'access', result: 'FAILED' },
      {
        filters: [
          { field: 'category', equals: 'access' },
          { field: 'result', equals: 'FAILED' },
        ],
      },
    ],
    [{ resourceId: uuid.toUpperCase() }, { filters: [{ field: 'resourceId', equals: uuid }] }],
    [
      { ip: '::1', actorId: 'anonymous' },
      {
        filters: [
          { field: 'actorId', equals: 'anonymous' },
          { field: 'ip', equals: '::1' },
        ],
      },
    ],
    [
      { dateFrom: '2026-05-02T13:00:00Z', dateTo: '2026-05-02T15:00:00.5+02:00' },
      { filters: [{ field: 'time', from: Date.UTC(2026, 4, 2, 13), to: Date.UTC(2026, 4, 2, 13, 0, 0, 500) }] },
    ],
    [
      { dateFrom: '2026-05-02T13:00:00.000001Z' },
      { filters: [{ field: 'time', from: Date.UTC(2026, 4, 2, 13, 0, 0, 1) }] },
    ],
    [{ q: 'Café  kyc' }, { words: ['cafe', 'kyc'] }],
    [{ asOf: '00012' }, { asOf: '00012' }],
    [{ limit: '0' }, { limit: 20 }],
    [{ limit: '-5' }, { limit: 20 }],
    [{ limit: '101' }, { limit: 100 }],
    [{ limit: '7' }, { limit: 7 }],
    [{ sortOrder: 'asc' }, { descending: false }],
    [{ sortOrder: 'DESC' }, { descending: true }],
    [{ cursor: auditCursor(41) }, { after: 41 }],
  ];

  it.each(readable)('%j is understood', (input, expected) => {
    expect(auditPageOf(input)).toEqual({ ...everything, ...expected });
  });

  const refused: [AuditPageInput, code: string, field: string, part: string][] = [
    [{ eventType: 'WORKFLOW_EATEN' }, 'FLK-0304', 'eventType', 'known are WORKFLOW_CREATED, '],
    [{ eventType: 'WORKFLOW_CREATED,NO' }, 'FLK-0304', 'eventType', '"NO" is not known'],
    [{ eventType: ',' }, 'FLK-0304', 'eventType', 'a value is missing'],
    [{ eventType: 'workflow_created' }, 'FLK-0304', 'eventType', 'is not known'],
    [{ action: 'EAT' }, 'FLK-0304', 'action', 'known are CREATE, UPDATE'],
    [{ result: 'MAYBE' }, 'FLK-0304', 'result', 'known are SUCCESS, FAILED'],
    [{ resourceType: 'cat' }, 'FLK-0304', 'resourceType', 'known are workflow, execution, provider_config'],
    [{ category: 'cat' }, 'FLK-0304', 'category', 'known are administrative, execution, access, system'],
    [{ actorType: 'cat' }, 'FLK-0304', 'actorType', 'known are user, api_key, system'],
    [{ channel: 'cat' }, 'FLK-0304', 'channel', 'known are rest, webhook'],
    [{ channel: 'toString' }, 'FLK-0304', 'channel', 'is not known'],
    [{ resourceId: '20260502' }, 'FLK-0002', 'resourceId', 'must be a UUID'],
    [{ dateFrom: 'yesterday' }, 'FLK-0305', 'dateFrom', 'RFC 3339'],
    [{ dateTo: '2026-02-30T00:00:00Z' }, 'FLK-0305', 'dateTo', 'RFC 3339'],
    [{ dateTo: '2026-05-02' }, 'FLK-0305', 'dateTo', 'RFC 3339'],
    [{ dateFrom: '2026-05-03T00:00:00Z', dateTo: '2026-05-02T00:00:00Z' }, 'FLK-0308', 'dateFrom', 'later than dateTo'],
    [{ limit: 'ten' }, 'FLK-0304', 'limit', 'must be an integer'],
    [{ limit: '1.5' }, 'FLK-0304', 'limit', 'must be an integer'],
    [{ cursor: '41' }, 'FLK-0610', 'cursor', 'nextCursor'],
    [{ cursor: `${auditCursor(41)}x` }, 'FLK-0610', 'cursor', 'nextCursor'],
    [{ sortOrder: 'up' }, 'FLK-0304', 'sortOrder', 'known are ASC, DESC'],
    [{ q: '***' }, 'FLK-0304', 'q', 'letter or a digit'],
  ];

  it.each(refused)('%j is refused with %s, naming %s', (input, code, field, part) => {
    const refusal = auditPageOf(input);
    if (!isRefusal(refusal)) throw new Error('it was understood');
    expect(refusal).toMatchObject({ kind: 'invalid', code });
    expect(refusal.fields).toEqual([
      expect.objectContaining({ field, message: expect.stringContaining(part) as string }),
    ]);
  });

  it('has every defect named at once', () => {
    const refusal = auditPageOf({ limit: 'x', channel: 'y', resourceId: 'z', cursor: '?' });
    if (!isRefusal(refusal)) throw new Error('it was understood');
    expect(refusal.fields?.map(({ field }) => field)).toEqual(['channel', 'resourceId', 'cursor', 'limit']);
  });
});

describe('an instant of RFC 3339', () => {
  it.each([
    ['2026-05-02T13:00:00Z', Date.UTC(2026, 4, 2, 13), false],
    ['2026-05-02t13:00:00.123z', Date.UTC(2026, 4, 2, 13, 0, 0, 123), false],
    ['2026-05-02T13:00:00.1234-03:00', Date.UTC(2026, 4, 2, 16, 0, 0, 123), true],
    ['2024-02-29T23:59:59+00:00', Date.UTC(2024, 1, 29, 23, 59, 59), false],
  ])('%s is understood to the millisecond', (text, ms, isLater) => {
    expect(instantOf(text)).toEqual({ ms, isLater });
  });

  it.each([
    '',
    '2026-05-02',
    '2026-05-02 13:00:00Z',
    '2026-13-01T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '2026-05-02T24:00:00Z',
    '2026-05-02T13:00:00',
    '2026-05-00T13:00:00Z',
    '2026-05-02T13:00:00+24:00',
  ])('"%s" is none', (text) => {
    expect(instantOf(text)).toBeUndefined();
  });
});
