import fc from 'fast-check';
import type { RecordedEvent } from '@app/kernel';
import { anonymousActor, engineActor } from '@app/kernel';
import { auditEntries, listedEntryOf } from './audit-entries.js';
import type { StoredRow } from './audit-row.js';
import { auditRowOf } from './audit-row.js';

const run = '0d6f2a8e-1c1b-4f6e-9a7f-8a2f7a0c9e11';

const step: RecordedEvent = {
  id: 'f1d5a4b2-7b1e-4a39-9a8a-6a6b9b0e2c01',
  type: 'StepCompleted',
  stream: `execution-${run}`,
  revision: 3,
  position: 'sql:00000000000000000041',
  recordedAt: '2026-05-02T13:02:00.400Z',
  data: {
    workflowId: run,
    workflowName: 'KYC check',
    stepNumber: 2,
    nodeId: 'score',
    stepName: 'Score',
    nodeType: 'executor',
    attempt: 1,
    startedAt: '2026-05-02T13:02:00.300Z',
    durationMs: 90,
    output: { score: 7 },
    takenEdges: ['e1'],
    call: { method: 'POST', url: 'https://p/', durationMs: 80, status: 200, responseBytes: 5, responseDigest: 'ab' },
  },
  metadata: {
    actor: engineActor,
    onBehalfOf: anonymousActor,
    channel: 'engine',
    correlationId: 'cor-1',
    causationId: 'req-1',
    occurredAt: '2026-05-02T13:02:00.399Z',
    schemaVersion: 1,
  },
};

/** What a query answers with: it went through the store. */
function storedOf(event: RecordedEvent): StoredRow {
  const row = auditEntries.entry(event);
  return JSON.parse(JSON.stringify(row && auditEntries.stored?.(row))) as StoredRow;
}

const text = fc.string({ unit: 'binary', maxLength: 8 });
const maybe = (members: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> =>
  fc.record(members, { requiredKeys: [] });
const actor = fc.oneof(
  fc.constantFrom(engineActor, anonymousActor),
  fc.record({ type: fc.constantFrom('user', 'api_key', 'system'), id: text, name: text, via: text }),
);
const instant = fc.constantFrom('2026-05-02T13:02:00.399Z', '2026-05-02T13:01:59.9Z', '2026-05-02T13:02', '');
const metadata = fc
  .tuple(
    fc.record({
      actor,
      channel: fc.constantFrom('rest', 'engine'),
      correlationId: text,
      occurredAt: instant,
      schemaVersion: fc.constantFrom(1, 2),
    }),
    maybe({ onBehalfOf: actor, causationId: text, ip: text, userAgent: text, requestId: text, reason: text }),
  )
  .map(([always, sometimes]) => ({ ...always, ...sometimes }));
const stepData = maybe({
  ...{ workflowId: text, workflowName: text, stepNumber: fc.nat(), nodeId: text, attempt: fc.nat(), reason: text },
  ...{ inputBlob: fc.record({ digest: text }), call: maybe({ method: text, url: text, status: fc.nat() }) },
  ...{ error: fc.record({ code: text, message: text }), newer: fc.constantFrom(null, 'x', false) },
});
const anyEvent = fc
  .record({
    type: fc.constantFrom('StepStarted', 'StepCompleted', 'StepFailed', 'StepSkipped', 'ServerStopped', 'Newer'),
    data: stepData,
    metadata,
  })
  .map((parts) => ({ ...step, ...parts }));

describe('a stored row of the audit trail', () => {
  it('gives back the event of the row', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const row = auditEntries.entry(event);
        expect(auditRowOf(storedOf(event), event.position)).toEqual(row);
      }),
    );
  });

  it('of a step leaves out what no entry tells, and the entry is the same without it', () => {
    const { event, omitted } = auditRowOf(storedOf(step), step.position);
    expect(omitted).toBe(true);
    expect(event.data).toEqual({
      ...{ workflowId: run, workflowName: 'KYC check', stepNumber: 2, nodeId: 'score', stepName: 'Score' },
      ...{ nodeType: 'executor', attempt: 1, durationMs: 90 },
      call: { method: 'POST', url: 'https://p/', status: 200, durationMs: 80 },
    });
    const row = auditEntries.entry(step);
    expect(listedEntryOf({ event, omitted: true })).toEqual(row && listedEntryOf(row));
    expect(JSON.stringify(storedOf(step)).length).toBeLessThan(JSON.stringify(row).length / 2);
  });

  it('in the long form is read as it stands', () => {
    const row = { event: step };
    expect(auditRowOf(row, 'another position')).toBe(row);
    const carried = { ...step, firstPosition: 'sql:00000000000000000007' };
    expect(auditRowOf(storedOf(carried), step.position).event.firstPosition).toBe(carried.firstPosition);
  });
});
