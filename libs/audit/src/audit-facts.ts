// What an entry says beyond its classification: its context and its flat metadata, per event type.
import type { DataOf, DeclaredEvent, DeclaredType } from './event-vocabulary.js';

/** `before` and `after` of what somebody changed, `input` and `output` of what ran. */
export interface AuditContext {
  readonly before?: unknown;
  readonly after?: unknown;
  readonly input?: unknown;
  readonly output?: unknown;
}

/** Flat, with dotted keys; a value that is undefined is left out. */
export type AuditFacts = Readonly<Record<string, string | number | undefined>>;

interface Facts<T extends DeclaredType> {
  readonly metadata: (data: DataOf<T>, resourceId: string) => AuditFacts;
  readonly context?: (data: DataOf<T>) => AuditContext;
}

export function factsOf(event: DeclaredEvent, resourceId: string): { metadata: AuditFacts; context: AuditContext } {
  const facts = factsByType[event.type] as unknown as Facts<never>;
  const data = event.data as never;
  return { metadata: facts.metadata(data, resourceId), context: facts.context?.(data) ?? {} };
}

type Change = DataOf<'WorkflowUpdated'>['changes'][number];
type Call = NonNullable<DataOf<'StepCompleted'>['call']>;

const workflowFacts = ({ name }: { readonly name: string }, id: string): AuditFacts => ({
  'workflow.id': id,
  'workflow.name': name,
});
const providerFacts = ({ name }: { readonly name: string }, id: string): AuditFacts => ({
  'provider_config.id': id,
  'provider_config.name': name,
});
const apiKeyFacts = ({ name }: { readonly name: string }, id: string): AuditFacts => ({
  'api_key.id': id,
  'api_key.name': name,
});
const status = (after: string, before?: string): AuditContext => ({
  ...(before === undefined ? {} : { before: { status: before } }),
  after: { status: after },
});

/** An update by the paths it touched; the whole content stands in the event. */
function changed(changes: readonly Change[] | undefined): AuditContext {
  const side = (which: 'before' | 'after'): object =>
    Object.fromEntries((changes ?? []).filter((c) => c[which] !== undefined).map((c) => [c.path, c[which]]));
  return { before: side('before'), after: side('after') };
}

type Run = Pick<DataOf<'ExecutionStarted'>, 'workflowId' | 'workflowName' | 'workflowVersion'>;
const runFacts = ({ workflowId, workflowName, workflowVersion }: Run): AuditFacts => ({
  'workflow.id': workflowId,
  'workflow.name': workflowName,
  'workflow.version': workflowVersion,
});

type Step = Pick<DataOf<'StepStarted'>, 'workflowId' | 'workflowName' | 'nodeId' | 'stepName' | 'nodeType'>;
const stepFacts = (data: Step & { readonly stepNumber?: number; readonly attempt?: number }): AuditFacts => ({
  'workflow.id': data.workflowId,
  'workflow.name': data.workflowName,
  'step.node_id': data.nodeId,
  'step.name': data.stepName,
  'step.type': data.nodeType,
  'step.number': data.stepNumber,
  'step.attempt': data.attempt,
});
const callFacts = (call: Call | undefined): AuditFacts => ({
  'call.method': call?.method,
  'call.url': call?.url,
  'call.status': call?.status,
  'call.duration_ms': call?.durationMs,
});
const errorFacts = (error: DataOf<'StepFailed'>['error']): AuditFacts => ({
  error: error.message,
  'error.code': error.code,
  'error.http_status': error.httpStatus,
});

type Request = Pick<DataOf<'AccessDenied'>, 'method' | 'path' | 'status' | 'code' | 'message'>;
const requestFacts = (data: Request): AuditFacts => ({
  'request.method': data.method,
  'request.path': data.path,
  'response.status': data.status,
  'error.code': data.code,
  error: data.message,
});

type Reservation = Pick<DataOf<'ValueReserved'>, 'scope' | 'value' | 'ownerStream'>;
const reservationFacts = ({ scope, value, ownerStream }: Reservation): AuditFacts => ({
  'reservation.scope': scope,
  'reservation.value': value,
  'reservation.owner': ownerStream,
});

/** One row per declared event type: a new event without a row does not compile. */
const factsByType: { readonly [T in DeclaredType]: Facts<T> } = {
  WorkflowCreated: {
    metadata: (data, id) => ({ ...workflowFacts(data, id), 'template.id': data.templateId }),
    context: (data) => ({ after: data }),
  },
  WorkflowCloned: {
    metadata: (data, id) => ({
      ...workflowFacts(data, id),
      'source.id': data.sourceWorkflowId,
      'source.name': data.sourceName,
    }),
    context: (data) => ({ after: data }),
  },
  WorkflowUpdated: { metadata: workflowFacts, context: ({ changes }) => changed(changes) },
  WorkflowRestored: {
    metadata: (data, id) => ({ ...workflowFacts(data, id), 'workflow.version': data.version }),
    context: ({ changes }) => changed(changes),
  },
  WorkflowActivated: {
    metadata: (data, id) => ({ ...workflowFacts(data, id), 'workflow.version': data.version }),
    context: ({ version, definitionHash }) => ({
      before: { status: 'draft' },
      after: { status: 'active', version, definitionHash },
    }),
  },
  WorkflowDeactivated: { metadata: workflowFacts, context: () => status('inactive', 'active') },
  WorkflowDrafted: { metadata: workflowFacts, context: () => status('draft', 'inactive') },
  WorkflowDeleted: { metadata: workflowFacts, context: () => status('deleted') },
  ProviderConfigCreated: {
    metadata: (data, id) => ({ ...providerFacts(data, id), 'provider_config.provider_id': data.providerId }),
    context: (data) => ({ after: data }),
  },
  ProviderConfigUpdated: { metadata: providerFacts, context: ({ changes }) => changed(changes) },
  ProviderConfigEnabled: { metadata: providerFacts, context: () => status('active', 'disabled') },
  ProviderConfigDisabled: { metadata: providerFacts, context: () => status('disabled', 'active') },
  ProviderConfigDeleted: { metadata: providerFacts, context: () => status('deleted') },
  ProviderConfigTested: {
    metadata: (data, id) => ({ ...providerFacts(data, id), 'test.status': data.overallStatus }),
    context: ({ overallStatus, stages, durationMs }) => ({ output: { overallStatus, stages, durationMs } }),
  },
  ApiKeyCreated: {
    metadata: (data, id) => ({ ...apiKeyFacts(data, id), 'api_key.expires_at': data.expiresAt }),
    context: ({ name, expiresAt }) => ({ after: { name, ...(expiresAt === undefined ? {} : { expiresAt }) } }),
  },
  ApiKeyRevoked: { metadata: apiKeyFacts, context: () => status('revoked', 'active') },
  AccessDenied: { metadata: (data) => ({ ...requestFacts(data), 'request.count': data.count }) },
  CommandRefused: { metadata: requestFacts },
  AuditExported: {
    metadata: ({ format, asOf }) => ({ 'export.format': format, 'export.as_of': asOf }),
    context: ({ filter }) => ({ input: { filter } }),
  },
  ServerStarted: {
    metadata: (data) => ({
      'server.id': data.serverId,
      'server.version': data.version,
      'server.host': data.host,
      'server.port': data.port,
      'server.auth': data.auth,
    }),
  },
  ServerStopped: { metadata: (data) => ({ 'server.id': data.serverId, 'server.signal': data.signal }) },
  ViewsRebuilt: { metadata: (data) => ({ 'views.names': data.views.join(',') }) },
  ExecutionStarted: {
    metadata: (data) => ({
      ...runFacts(data),
      'trigger.kind': data.trigger.kind,
      'trigger.node_id': data.trigger.nodeId,
    }),
    context: ({ input, inputBlob }) => ({ input: inputBlob ?? input }),
  },
  ExecutionCompleted: {
    metadata: (data) => ({ ...runFacts(data), duration_ms: data.durationMs }),
    context: ({ output, outputBlob }) => ({ output: outputBlob ?? output }),
  },
  ExecutionFailed: {
    metadata: (data) => ({ ...runFacts(data), duration_ms: data.durationMs, ...errorFacts(data.error) }),
    context: ({ error }) => ({ output: { error } }),
  },
  ExecutionCancelled: { metadata: (data) => ({ ...runFacts(data), duration_ms: data.durationMs }) },
  ExecutionRetried: { metadata: (data) => ({ ...runFacts(data), 'step.node_id': data.fromNodeId }) },
  StepStarted: {
    metadata: (data) => ({
      ...stepFacts(data),
      'executor.id': data.executorId,
      'provider_config.id': data.providerConfigId,
    }),
    context: ({ input, inputBlob }) => ({ input: inputBlob ?? input }),
  },
  StepCompleted: {
    metadata: (data) => ({ ...stepFacts(data), duration_ms: data.durationMs, ...callFacts(data.call) }),
    context: ({ output, outputBlob }) => ({ output: outputBlob ?? output }),
  },
  StepFailed: {
    metadata: (data) => ({
      ...stepFacts(data),
      duration_ms: data.durationMs,
      ...callFacts(data.call),
      ...errorFacts(data.error),
      'retry.at': data.retryAt,
    }),
    context: ({ error }) => ({ output: { error } }),
  },
  StepSkipped: { metadata: (data) => ({ ...stepFacts(data), 'skip.reason': data.reason }) },
  ValueReserved: { metadata: reservationFacts },
  ValueReleased: { metadata: reservationFacts },
};
