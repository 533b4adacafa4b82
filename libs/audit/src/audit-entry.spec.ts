import fc from 'fast-check';
import type { RecordedEvent } from '@app/kernel';
import { auditEntries, listedEntryOf } from './audit-entries.js';
import { auditEntryOf, ENTRY_CONTEXT_MAX } from './audit-entry.js';
import { auditActions, auditCategories, auditEventTypes, auditResults, resourceTypes } from './audit-table.js';
import type { DeclaredType } from './event-vocabulary.js';
import { declaredEvents } from './event-vocabulary.js';

const types = Object.keys(declaredEvents) as DeclaredType[];
const key = '0d6f2a8e-1c1b-4f6e-9a7f-8a2f7a0c9e11';
const ana = { type: 'api_key', id: '7b9a3c7e-55c5-4c5e-8f0a-2f8d8c1f7a10', name: 'Ana', via: 'api_key' } as const;

function recorded(type: string, data: object, more: Partial<RecordedEvent> = {}): RecordedEvent {
  return {
    id: 'f1d5a4b2-7b1e-4a39-9a8a-6a6b9b0e2c01',
    type,
    stream: `${streamOf(type)}-${key}`,
    revision: 3,
    position: '0000000000000041',
    recordedAt: '2026-05-02T13:02:00.400Z',
    data,
    metadata: {
      actor: ana,
      channel: 'rest',
      ip: '203.0.113.9',
      userAgent: 'curl/8',
      requestId: 'req-1',
      correlationId: 'cor-1',
      causationId: 'req-1',
      occurredAt: '2026-05-02T13:02:00.399Z',
      schemaVersion: 1,
    },
    ...more,
  };
}

function streamOf(type: string): string {
  if (type.startsWith('Workflow')) return 'workflow';
  if (type.startsWith('Provider')) return 'providerConfiguration';
  if (type.startsWith('ApiKey')) return 'apiKey';
  if (type.startsWith('Value')) return 'reservation';
  if (type.startsWith('Server') || type === 'ViewsRebuilt') return 'system';
  return type.startsWith('Execution') || type.startsWith('Step') ? 'execution' : 'access';
}

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

/** Anything that an event's schema lets through. */
function arbitraryOf(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(arbitraryOf));
  switch (schema.type) {
    case 'string':
      return fc.oneof(fc.string({ unit: 'binary' }), fc.string({ minLength: 600, maxLength: 700 }));
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -1_000 });
    case 'number':
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(arbitraryOf(schema.items ?? {}), { maxLength: 5 });
    case 'object':
      return schema.properties ? record(schema) : fc.dictionary(fc.string(), fc.jsonValue());
    default:
      return fc.jsonValue();
  }
}

function record({ properties = {}, required = [] }: Schema): fc.Arbitrary<object> {
  const members = Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, arbitraryOf(schema)]));
  return fc.record(members, { requiredKeys: [...required] });
}

const anyEvent = fc
  .constantFrom(...types)
  .chain((type) => arbitraryOf(declaredEvents[type].schema as Schema).map((data) => recorded(type, data as object)));

describe('an audit entry', () => {
  it.each(types)('exists for %s, with known values in every place', (type) => {
    fc.assert(
      fc.property(arbitraryOf(declaredEvents[type].schema as Schema), (data) => {
        const entry = auditEntryOf(recorded(type, data as object));
        expect(auditEventTypes).toContain(entry?.eventType);
        expect(auditActions).toContain(entry?.action);
        expect(auditResults).toContain(entry?.result);
        expect(resourceTypes).toContain(entry?.resourceType);
        expect(auditCategories).toContain(entry?.category);
        expect(entry?.summary).toMatch(/^\S.*$/);
        expect(entry).not.toHaveProperty('hash');
      }),
      { numRuns: 20 },
    );
  });

  it('says when it happened where the log took it in later', () => {
    const event = recorded('ServerStopped', { serverId: 's' });
    const at = (recordedAt: string) => auditEntryOf({ ...event, recordedAt });
    const { occurredAt } = event.metadata;
    expect(at('2026-05-02T13:02:01.398Z')).not.toHaveProperty('occurredAt');
    expect(at('2026-05-02T13:02:01.399Z')).toMatchObject({ occurredAt, timestamp: '2026-05-02T13:02:01.399Z' });
  });

  it('is made of the row of the view as of the event itself, but for what is too large for a row', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const whole = auditEntryOf(event);
        const row = auditEntries.entry(event);
        const listed = row && listedEntryOf(row);
        const identity = ({
          eventId,
          eventType,
          action,
          result,
          resourceId,
          actor,
        }: NonNullable<typeof listed>): object => ({
          ...{ eventId, eventType, action, result, resourceId, actor },
        });
        expect(listed && identity(listed)).toEqual(whole && identity(whole));
        expect(row && auditEntries.text(row)).toEqual(expect.any(String));
      }),
    );
  });

  it('never grows beyond its limits, whatever the event holds', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.integer({ min: 1, max: 400 }), (value, times) => {
        const input = Array.from({ length: times }, () => value);
        const event = recorded('ExecutionStarted', { ...started, input });
        const entry = auditEntryOf(event);
        expect(JSON.stringify(entry?.context ?? {}).length).toBeLessThan(ENTRY_CONTEXT_MAX * 8);
        expect(JSON.stringify(auditEntries.entry(event)).length).toBeLessThan(8_000);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps the names and values of the v1 contract', () => {
    const entry = auditEntryOf(
      recorded('WorkflowActivated', { name: 'pix-screening', version: 7, definitionHash: 'ab' }),
    );
    expect(entry).toMatchObject({
      eventId: 'f1d5a4b2-7b1e-4a39-9a8a-6a6b9b0e2c01',
      eventType: 'WORKFLOW_ACTIVATED',
      action: 'ACTIVATE',
      result: 'SUCCESS',
      resourceId: key,
      resourceType: 'workflow',
      actor: { type: 'api_key', id: ana.id, ipAddress: '203.0.113.9', name: 'Ana', via: 'api_key' },
      metadata: { 'workflow.name': 'pix-screening', 'workflow.id': key, 'workflow.version': 7 },
      timestamp: '2026-05-02T13:02:00.400Z',
      category: 'administrative',
      resourceName: 'pix-screening',
      summary: 'Ana activated *pix-screening* version 7',
      requestId: 'req-1',
      correlationId: 'cor-1',
      causationId: 'req-1',
      stream: `workflow-${key}`,
      revision: 3,
    });
  });

  it('does not exist for a lease', () => {
    expect(auditEntryOf(recorded('LeaseTaken', {}, { stream: 'lease-runner' }))).toBeUndefined();
    expect(auditEntries.entry(recorded('LeaseTaken', {}, { stream: 'lease-runner' }))).toBeUndefined();
  });

  it('exists for an event of a type that only a newer server knows', () => {
    const entry = auditEntryOf(recorded('WorkflowSealed', { seal: 1 }, { stream: `workflow-${key}` }));
    expect(entry).toMatchObject({ eventType: 'WORKFLOW_SEALED', action: 'RECORD', resourceType: 'workflow' });
    expect(entry?.summary).toBe('Ana recorded WorkflowSealed');
  });

  it('shows what an update changed, with the value before and after', () => {
    const changes = [{ path: 'nodes[screen].data.timeout', before: 5, after: 30 }];
    const entry = auditEntryOf(recorded('WorkflowUpdated', { name: 'KYC', nodes: [], edges: [], changes }));
    expect(entry?.changes).toEqual(changes);
    expect(entry?.context).toEqual({
      before: { 'nodes[screen].data.timeout': 5 },
      after: { 'nodes[screen].data.timeout': 30 },
    });
    expect(entry?.summary).toBe('Ana changed *KYC*: nodes[screen].data.timeout');
  });

  it('never shows the reference of a secret, nor the hash of a key', () => {
    const config = { base_url: 'https://x.example', api_key: { $secret: 'c0ffee' } };
    const provider = auditEntryOf(recorded('ProviderConfigCreated', { name: 'a', providerId: 'http', config }));
    expect(provider?.context).toMatchObject({ after: { config: { api_key: '[secret]' } } });
    const keyMade = auditEntryOf(recorded('ApiKeyCreated', { name: 'a', keyedHash: 'deadbeef' }));
    expect(JSON.stringify(keyMade)).not.toContain('deadbeef');
  });

  it('is about the thing that a refused command left unchanged', () => {
    const data = {
      method: 'POST',
      path: `/v1/workflows/${key}/activate`,
      status: 422,
      code: 'FLK-0102',
      message: 'no',
    };
    const refused = { ...data, resourceType: 'workflow', resourceId: key };
    const about = recorded('CommandRefused', refused, { stream: 'access-20260502' });
    expect(auditEntryOf(about)).toMatchObject({ result: 'FAILED', resourceType: 'workflow', resourceId: key });
    const nowhere = recorded('CommandRefused', data, { stream: 'access-20260502' });
    expect(auditEntryOf(nowhere)).toMatchObject({ resourceType: 'access', resourceId: '20260502' });
  });

  it('carries on whose behalf the engine acted', () => {
    const event = recorded('ExecutionFailed', { ...ended, error: { code: 'timeout', message: 'too slow' } });
    const engine = { type: 'system', id: 'engine', name: 'engine', via: 'engine' } as const;
    const byEngine = { ...event, metadata: { ...event.metadata, actor: engine, onBehalfOf: ana } };
    expect(auditEntryOf(byEngine)).toMatchObject({
      actor: { type: 'system', id: 'engine' },
      onBehalfOf: { type: 'api_key', name: 'Ana' },
      metadata: { error: 'too slow', 'error.code': 'timeout' },
      result: 'FAILED',
    });
  });

  it('says where the whole is when it shows a part', () => {
    const event = recorded('ExecutionStarted', { ...started, input: { text: 'x'.repeat(50_000) } });
    const context = auditEntryOf(event)?.context;
    expect(context).toMatchObject({ truncated: true, whole: `/v1/streams/execution-${key}/events?from=3&limit=1` });
  });
});

const run = { workflowId: key, workflowName: 'KYC check', workflowVersion: 7 };
const started = {
  ...run,
  definitionHash: 'ab',
  trigger: { kind: 'rest', nodeId: 'in' },
  input: { document: '1' },
  requestHash: 'cd',
  totalSteps: 3,
  deadlineAt: '2026-05-02T13:07:00.000Z',
};
const ended = { ...run, startedAt: '2026-05-02T13:02:00.000Z', durationMs: 84.2 };
const step = { workflowId: key, workflowName: 'KYC check', stepNumber: 1, nodeId: 'screen', stepName: 'Screen' };
const call = { method: 'POST', url: 'https://kyc.example/v1', status: 200, durationMs: 84.4 };
const error = { code: 'http_status', message: 'executor error: http request failed with status 500' };
const done = { attempt: 1, startedAt: '2026-05-02T13:02:00.000Z', durationMs: 3 };
const name = { name: 'KYC check' };
const content = { ...name, nodes: [], edges: [] };
const refusal = { method: 'POST', path: '/v1/workflows', status: 409, code: 'FLK-0101', message: 'the name is taken' };

const told: Record<DeclaredType, [data: object, eventType: string, sentence: string][]> = {
  WorkflowCreated: [
    [content, 'WORKFLOW_CREATED', 'Ana created *KYC check*'],
    [{ ...content, templateId: 'kyc' }, 'WORKFLOW_CREATED', 'Ana created *KYC check* from template *kyc*'],
  ],
  WorkflowCloned: [
    [{ ...content, sourceWorkflowId: key, sourceName: 'KYC' }, 'WORKFLOW_CLONED', 'Ana cloned *KYC* as *KYC check*'],
  ],
  WorkflowUpdated: [
    [{ ...content, changes: [] }, 'WORKFLOW_UPDATED', 'Ana changed *KYC check*'],
    [
      { ...content, changes: ['a', 'b', 'c', 'd'].map((path) => ({ path })) },
      'WORKFLOW_UPDATED',
      'Ana changed *KYC check*: a, b, c and 1 more',
    ],
  ],
  WorkflowActivated: [
    [{ ...name, version: 7, definitionHash: '' }, 'WORKFLOW_ACTIVATED', 'Ana activated *KYC check* version 7'],
  ],
  WorkflowDeactivated: [[name, 'WORKFLOW_DEACTIVATED', 'Ana deactivated *KYC check*']],
  WorkflowDrafted: [[name, 'WORKFLOW_DRAFTED', 'Ana returned *KYC check* to draft']],
  WorkflowRestored: [
    [{ ...content, version: 2, changes: [] }, 'WORKFLOW_RESTORED', 'Ana restored *KYC check* from version 2'],
  ],
  WorkflowDeleted: [[name, 'WORKFLOW_DELETED', 'Ana deleted *KYC check*']],
  ProviderConfigCreated: [
    [
      { ...name, providerId: 'tracer', config: {} },
      'PROVIDER_CONFIG_CREATED',
      'Ana created provider configuration *KYC check* for *tracer*',
    ],
  ],
  ProviderConfigUpdated: [
    [
      { ...name, config: {}, changes: [{ path: 'config.base_url' }] },
      'PROVIDER_CONFIG_UPDATED',
      'Ana changed provider configuration *KYC check*: config.base_url',
    ],
  ],
  ProviderConfigEnabled: [[name, 'PROVIDER_CONFIG_ENABLED', 'Ana enabled provider configuration *KYC check*']],
  ProviderConfigDisabled: [[name, 'PROVIDER_CONFIG_DISABLED', 'Ana disabled provider configuration *KYC check*']],
  ProviderConfigDeleted: [[name, 'PROVIDER_CONFIG_DELETED', 'Ana deleted provider configuration *KYC check*']],
  ProviderConfigTested: [
    [
      { ...name, overallStatus: 'partial', stages: [], durationMs: 4 },
      'PROVIDER_CONFIG_TESTED',
      'Ana tested provider configuration *KYC check*: partial',
    ],
  ],
  ApiKeyCreated: [
    [{ name: 'ops', keyedHash: '' }, 'API_KEY_CREATED', 'Ana created API key *ops*'],
    [
      { name: 'ops', keyedHash: '', expiresAt: '2027-01-01T00:00:00Z' },
      'API_KEY_CREATED',
      'Ana created API key *ops*, valid until 2027-01-01T00:00:00Z',
    ],
  ],
  ApiKeyRevoked: [[{ name: 'ops' }, 'API_KEY_REVOKED', 'Ana revoked API key *ops*']],
  AccessDenied: [
    [
      { ...refusal, status: 401, message: 'API Key missing or invalid', count: 5 },
      'ACCESS_DENIED',
      'Ana was turned away from POST /v1/workflows 5 times: 401, API Key missing or invalid',
    ],
  ],
  CommandRefused: [[refusal, 'COMMAND_REFUSED', 'Ana was refused POST /v1/workflows: 409, the name is taken']],
  AuditExported: [[{ format: 'csv', filter: {} }, 'AUDIT_EXPORTED', 'Ana exported the audit trail as csv']],
  ServerStarted: [
    [
      { serverId: 's', version: '0.1.0', host: '127.0.0.1', port: 4021, auth: 'keys' },
      'SERVER_STARTED',
      'Server version 0.1.0 started on 127.0.0.1:4021, authentication keys',
    ],
  ],
  ServerStopped: [[{ serverId: 's', signal: 'SIGTERM' }, 'SERVER_STOPPED', 'Server stopped on SIGTERM']],
  ViewsRebuilt: [[{ views: ['a', 'b'] }, 'VIEWS_REBUILT', 'Views rebuilt from the log: a, b']],
  ExecutionStarted: [
    [started, 'EXECUTION_STARTED', 'Ana started a run of *KYC check* version 7'],
    [
      { ...started, trigger: { kind: 'webhook', nodeId: 'in' } },
      'EXECUTION_STARTED',
      'Ana started a run of *KYC check* version 7 by webhook',
    ],
  ],
  StepStarted: [
    [{ ...step, nodeType: 'action', attempt: 1, effect: 'idempotent' }, 'STEP_STARTED', 'Step *Screen* began'],
    [
      { ...step, nodeType: 'executor', attempt: 2, effect: 'idempotent', executorId: 'http.request' },
      'PROVIDER_CALL_STARTED',
      'Step *Screen* (attempt 2) called *http.request*',
    ],
  ],
  StepCompleted: [
    [{ ...step, ...done, nodeType: 'action' }, 'STEP_COMPLETED', 'Step *Screen* completed in 3 ms'],
    [
      { ...step, ...done, nodeType: 'executor', attempt: 2, call },
      'PROVIDER_CALL_COMPLETED',
      'Step *Screen* (attempt 2) was answered 200 in 84 ms',
    ],
  ],
  StepFailed: [
    [{ ...step, ...done, nodeType: 'action', error }, 'STEP_FAILED', `Step *Screen* failed: ${error.message}`],
    [
      { ...step, ...done, nodeType: 'executor', error, retryAt: '2026-05-02T13:02:01.000Z' },
      'PROVIDER_CALL_FAILED',
      `Step *Screen* failed: ${error.message}; attempt 2 follows`,
    ],
  ],
  StepSkipped: [
    [
      { ...step, nodeType: 'action', reason: 'no edge leads to it' },
      'STEP_SKIPPED',
      'Step *Screen* was skipped: no edge leads to it',
    ],
  ],
  ExecutionCompleted: [[ended, 'EXECUTION_COMPLETED', 'Run of *KYC check* completed in 84 ms']],
  ExecutionFailed: [
    [
      { ...ended, error, nodeId: 'screen' },
      'EXECUTION_FAILED',
      `Run of *KYC check* failed at *screen*: ${error.message}`,
    ],
  ],
  ExecutionCancelled: [
    [{ ...ended, reason: 'a test' }, 'EXECUTION_CANCELLED', 'Ana cancelled the run of *KYC check*: a test'],
  ],
  ExecutionRetried: [
    [
      { ...run, fromNodeId: 'screen', stepNumber: 1, deadlineAt: '' },
      'EXECUTION_RETRIED',
      'Ana retried the run of *KYC check* from *screen*',
    ],
  ],
  ValueReserved: [
    [
      { scope: 'workflow.name', value: 'KYC', ownerStream: 'workflow-1', reservedAt: '' },
      'VALUE_RESERVED',
      'Ana reserved the workflow name *KYC*',
    ],
  ],
  ValueReleased: [
    [
      { scope: 'workflow.name', value: 'KYC', ownerStream: 'workflow-1' },
      'VALUE_RELEASED',
      'Ana released the workflow name *KYC*',
    ],
    [
      { scope: 'something.new', value: 'KYC', ownerStream: 'workflow-1' },
      'VALUE_RELEASED',
      'Ana released something.new *KYC*',
    ],
  ],
};

describe('the sentence of an entry', () => {
  const situations = Object.entries(told).flatMap(([type, cases]) =>
    cases.map((situation) => [type, ...situation] as const),
  );

  it.each(situations)('of %s %j is %s: %s', (type, data, eventType, sentence) => {
    const entry = auditEntryOf(recorded(type, data));
    expect([entry?.eventType, entry?.summary]).toEqual([eventType, sentence]);
  });

  it('stands on one line, whatever a name contains', () => {
    const entry = auditEntryOf(recorded('WorkflowDeleted', { name: 'a\r\n\u0000b' + 'c'.repeat(500) }));
    expect(entry?.summary).toMatch(/^Ana deleted \*a bc{116}…\*$/);
  });

  it('says anonymous and the engine for what they are', () => {
    const event = recorded('WorkflowDeleted', name);
    const anonymous = { type: 'user', id: 'anonymous', name: 'anonymous', via: 'none' } as const;
    const entry = auditEntryOf({ ...event, metadata: { ...event.metadata, actor: anonymous } });
    expect(entry?.summary).toBe('Anonymous deleted *KYC check*');
  });
});
