// What each event is called in the audit trail. Values of the v1 contract are fixed for ever; ours may be added to.
import type { RecordedEvent } from '@app/kernel';
import { categoryOf } from '@app/kernel';
import type { DeclaredType } from './event-vocabulary.js';
import { isDeclared } from './event-vocabulary.js';

export const auditCategories = ['administrative', 'execution', 'access', 'system'] as const;
export type AuditCategory = (typeof auditCategories)[number];

export const auditResults = ['SUCCESS', 'FAILED'] as const;
export type AuditResult = (typeof auditResults)[number];

export const auditActions = [
  'CREATE',
  'UPDATE',
  'DELETE',
  'ACTIVATE',
  'DEACTIVATE',
  'DRAFT',
  'EXECUTE',
  'CLONE',
  'RESTORE',
  'ENABLE',
  'DISABLE',
  'TEST',
  'CANCEL',
  'RETRY',
  'SKIP',
  'REVOKE',
  'DENY',
  'REFUSE',
  'EXPORT',
  'START',
  'STOP',
  'REBUILD',
  'RESERVE',
  'RELEASE',
  'RECORD',
] as const;
export type AuditAction = (typeof auditActions)[number];

export const resourceTypes = [
  'workflow',
  'execution',
  'provider_config',
  'api_key',
  'access',
  'system',
  'reservation',
] as const;
export type ResourceType = (typeof resourceTypes)[number];

/** How an entry is classified. */
export interface AuditKind {
  readonly eventType: string;
  readonly action: AuditAction;
  readonly result: AuditResult;
  readonly resourceType: ResourceType;
  readonly category: AuditCategory;
}

type Classify = (eventType: string, action: AuditAction, resourceType: ResourceType, result?: AuditResult) => AuditKind;

function classify(category: AuditCategory): Classify {
  return (eventType, action, resourceType, result = 'SUCCESS') => ({
    eventType,
    action,
    result,
    resourceType,
    category,
  });
}
const administrative = classify('administrative');
const execution = classify('execution');
const access = classify('access');
const system = classify('system');

/** One row per declared event type: a new event without a row does not compile. */
export const auditTable: Readonly<Record<DeclaredType, AuditKind>> = {
  WorkflowCreated: administrative('WORKFLOW_CREATED', 'CREATE', 'workflow'),
  WorkflowUpdated: administrative('WORKFLOW_UPDATED', 'UPDATE', 'workflow'),
  WorkflowActivated: administrative('WORKFLOW_ACTIVATED', 'ACTIVATE', 'workflow'),
  WorkflowDeactivated: administrative('WORKFLOW_DEACTIVATED', 'DEACTIVATE', 'workflow'),
  WorkflowDrafted: administrative('WORKFLOW_DRAFTED', 'DRAFT', 'workflow'),
  WorkflowDeleted: administrative('WORKFLOW_DELETED', 'DELETE', 'workflow'),
  WorkflowCloned: administrative('WORKFLOW_CLONED', 'CLONE', 'workflow'),
  WorkflowRestored: administrative('WORKFLOW_RESTORED', 'RESTORE', 'workflow'),
  ProviderConfigCreated: administrative('PROVIDER_CONFIG_CREATED', 'CREATE', 'provider_config'),
  ProviderConfigUpdated: administrative('PROVIDER_CONFIG_UPDATED', 'UPDATE', 'provider_config'),
  ProviderConfigDeleted: administrative('PROVIDER_CONFIG_DELETED', 'DELETE', 'provider_config'),
  ProviderConfigEnabled: administrative('PROVIDER_CONFIG_ENABLED', 'ENABLE', 'provider_config'),
  ProviderConfigDisabled: administrative('PROVIDER_CONFIG_DISABLED', 'DISABLE', 'provider_config'),
  ProviderConfigTested: administrative('PROVIDER_CONFIG_TESTED', 'TEST', 'provider_config'),
  ExecutionStarted: execution('EXECUTION_STARTED', 'EXECUTE', 'execution'),
  ExecutionCompleted: execution('EXECUTION_COMPLETED', 'EXECUTE', 'execution'),
  ExecutionFailed: execution('EXECUTION_FAILED', 'EXECUTE', 'execution', 'FAILED'),
  ExecutionCancelled: execution('EXECUTION_CANCELLED', 'CANCEL', 'execution'),
  ExecutionRetried: execution('EXECUTION_RETRIED', 'RETRY', 'execution'),
  StepStarted: execution('STEP_STARTED', 'EXECUTE', 'execution'),
  StepCompleted: execution('STEP_COMPLETED', 'EXECUTE', 'execution'),
  StepFailed: execution('STEP_FAILED', 'EXECUTE', 'execution', 'FAILED'),
  StepSkipped: execution('STEP_SKIPPED', 'SKIP', 'execution'),
  ApiKeyCreated: access('API_KEY_CREATED', 'CREATE', 'api_key'),
  ApiKeyRevoked: access('API_KEY_REVOKED', 'REVOKE', 'api_key'),
  AccessDenied: access('ACCESS_DENIED', 'DENY', 'access', 'FAILED'),
  CommandRefused: access('COMMAND_REFUSED', 'REFUSE', 'access', 'FAILED'),
  AuditExported: access('AUDIT_EXPORTED', 'EXPORT', 'access'),
  ServerStarted: system('SERVER_STARTED', 'START', 'system'),
  ServerStopped: system('SERVER_STOPPED', 'STOP', 'system'),
  ViewsRebuilt: system('VIEWS_REBUILT', 'REBUILD', 'system'),
  ValueReserved: system('VALUE_RESERVED', 'RESERVE', 'reservation'),
  ValueReleased: system('VALUE_RELEASED', 'RELEASE', 'reservation'),
};

/** The same attempts, when the step calls a provider. */
const providerCalls: Readonly<Record<string, AuditKind>> = {
  StepStarted: execution('PROVIDER_CALL_STARTED', 'EXECUTE', 'execution'),
  StepCompleted: execution('PROVIDER_CALL_COMPLETED', 'EXECUTE', 'execution'),
  StepFailed: execution('PROVIDER_CALL_FAILED', 'EXECUTE', 'execution', 'FAILED'),
};

export const auditEventTypes: readonly string[] = [...Object.values(auditTable), ...Object.values(providerCalls)].map(
  (kind) => kind.eventType,
);

const resourceTypeOfStream: Readonly<Record<string, ResourceType>> = {
  workflow: 'workflow',
  providerConfiguration: 'provider_config',
  execution: 'execution',
  apiKey: 'api_key',
  access: 'access',
  reservation: 'reservation',
};

type Classified = Pick<RecordedEvent, 'type' | 'stream' | 'data'>;

/** Total: an event type of a newer server is classified by its name and its stream. */
export function auditKindOf(event: Classified): AuditKind {
  if (!isDeclared(event)) return unknownKind(event);
  if (callsProvider(event.data)) return providerCalls[event.type] ?? auditTable[event.type];
  const kind = auditTable[event.type];
  if (event.type !== 'CommandRefused') return kind;
  const { resourceType, resourceId } = event.data;
  return resourceId !== undefined && isResourceType(resourceType) ? { ...kind, resourceType } : kind;
}

export function isResourceType(text: string | undefined): text is ResourceType {
  return (resourceTypes as readonly (string | undefined)[]).includes(text);
}

function callsProvider(data: object): boolean {
  return 'executorId' in data || 'call' in data || ('nodeType' in data && data.nodeType === 'executor');
}

function unknownKind({ type, stream }: Classified): AuditKind {
  const eventType = type.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
  return system(eventType, 'RECORD', resourceTypeOfStream[categoryOf(stream)] ?? 'system');
}
