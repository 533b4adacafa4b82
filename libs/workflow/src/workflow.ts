// The workflow aggregate: its life from draft over active and inactive to deleted, and the versions frozen on the way.
import type { Decider, Decision, JsonObject, Refusal } from '@app/kernel';
import { fingerprint, never, refuse } from '@app/kernel';
import type { WorkflowDefinition } from './definition.js';
import type { ProviderFindings } from './definition-check.js';
import { checkForActivation, checkForSaving, nameFindings } from './definition-check.js';
import { changesBetween } from './definition-diff.js';
import { refusalOf } from './finding.js';
import { webhookRoutesOf } from './webhook-route.js';
import type { WorkflowEvent } from './workflow-events.js';

/** Scope of the reservation that makes names unique. */
export const WORKFLOW_NAME_SCOPE = 'workflow.name';

export interface WorkflowContent extends WorkflowDefinition {
  readonly name: string;
  readonly description?: string;
  readonly metadata?: JsonObject;
}

// Commands. `providerFindings` is what the handler found out about the executors and provider configurations that the
// content refers to: facts of other aggregates, which the decision only weighs.

export interface CreateWorkflow {
  readonly kind: 'CreateWorkflow';
  readonly content: WorkflowContent;
  readonly template?: { readonly id: string; readonly version: string };
  readonly providerFindings: ProviderFindings;
}
/** `content` is that of the source, under the new name, with secrets of its own. */
export interface CloneWorkflow {
  readonly kind: 'CloneWorkflow';
  readonly content: WorkflowContent;
  readonly sourceWorkflowId: string;
  readonly sourceName: string;
}
/** The content is replaced as a whole, but for metadata: its keys are merged into the old ones. */
export interface UpdateWorkflow {
  readonly kind: 'UpdateWorkflow';
  readonly content: WorkflowContent;
  readonly providerFindings: ProviderFindings;
}
export interface ActivateWorkflow {
  readonly kind: 'ActivateWorkflow';
  readonly providerFindings: ProviderFindings;
}
export interface DeactivateWorkflow {
  readonly kind: 'DeactivateWorkflow';
}
export interface DraftWorkflow {
  readonly kind: 'DraftWorkflow';
}
export interface RestoreWorkflowVersion {
  readonly kind: 'RestoreWorkflowVersion';
  readonly version: number;
}
export interface DeleteWorkflow {
  readonly kind: 'DeleteWorkflow';
}
export type WorkflowCommand =
  | CreateWorkflow
  | CloneWorkflow
  | UpdateWorkflow
  | ActivateWorkflow
  | DeactivateWorkflow
  | DraftWorkflow
  | RestoreWorkflowVersion
  | DeleteWorkflow;

// Refusals.

export const workflowNotFound = (): Refusal => refuse('not_found', 'FLK-0100', 'workflow not found');
export const versionNotFound = (version: number): Refusal =>
  refuse('not_found', 'FLK-0100', `the workflow has no version ${version}`);
const alreadyExists = (): Refusal => refuse('conflict', 'FLK-0350', 'a workflow with this id exists');
const notADraft = (status: string): Refusal =>
  refuse('state', 'FLK-0103', `only a draft can be modified; this workflow is ${status}`);
const activeNotDeletable = (): Refusal =>
  refuse('state', 'FLK-0103', 'an active workflow cannot be deleted; deactivate it first');
const invalidTransition = (from: string, to: string): Refusal =>
  refuse('state', 'FLK-0102', `invalid status transition: a workflow that is ${from} cannot become ${to}`);
/** Names the route only: whose it is is nobody else's business. */
export const routeTaken = (route: string, nodeIndex: number): Refusal =>
  refuse('conflict', 'FLK-0360', `the webhook route ${route} is already taken`, [
    { field: `nodes[${nodeIndex}].data.path`, message: `the route ${route} is already taken`, code: 'FLK-0360' },
  ]);

// State.

export interface WorkflowVersion {
  /** From 1, without gaps. */
  readonly version: number;
  readonly definitionHash: string;
  readonly definition: WorkflowDefinition;
  /** Revision of the activation that froze it. */
  readonly activatedRevision: number;
}

interface Existing {
  /** Revision of the last folded event. */
  readonly revision: number;
  readonly content: WorkflowContent;
  /** Version n stands at index n - 1. Kept after deletion: runs under way are pinned to them. */
  readonly versions: readonly WorkflowVersion[];
}
export interface DraftState extends Existing {
  readonly status: 'draft';
}
export interface ActiveState extends Existing {
  readonly status: 'active';
  /** The version that new runs are pinned to. */
  readonly activeVersion: number;
}
export interface InactiveState extends Existing {
  readonly status: 'inactive';
}
export interface DeletedState extends Existing {
  readonly status: 'deleted';
}
export type WorkflowState = { readonly status: 'none' } | DraftState | ActiveState | InactiveState | DeletedState;
export type LivingWorkflow = DraftState | ActiveState | InactiveState;

export function isLiving(state: WorkflowState): state is LivingWorkflow {
  return state.status !== 'none' && state.status !== 'deleted';
}

/** The frozen version `n`, also of a deleted workflow. */
export function versionOf(state: WorkflowState, version: number): WorkflowVersion | undefined {
  return state.status === 'none' ? undefined : state.versions[version - 1];
}

/** What a run started now is pinned to; undefined unless the workflow is active. */
export function activeVersionOf(state: WorkflowState): WorkflowVersion | undefined {
  return state.status === 'active' ? versionOf(state, state.activeVersion) : undefined;
}

/** SHA-256 of the canonical nodes, edges and settings, hexadecimal. */
export function definitionHashOf(definition: WorkflowDefinition): string {
  return fingerprint(definitionOf(definition));
}

/** Nodes, edges and settings alone. */
export function definitionOf({ nodes, edges, settings }: WorkflowDefinition): WorkflowDefinition {
  return { nodes, edges, ...(settings === undefined ? {} : { settings }) };
}

/** The content without anything that a wider object may carry. */
export function contentOf(from: WorkflowContent): WorkflowContent {
  const { name, description, metadata } = from;
  return {
    name,
    ...(description === undefined ? {} : { description }),
    ...definitionOf(from),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

// Decisions.

function decide(command: WorkflowCommand, state: WorkflowState): Decision<WorkflowEvent> {
  switch (command.kind) {
    case 'CreateWorkflow':
      return create(command, state);
    case 'CloneWorkflow':
      return clone(command, state);
    case 'UpdateWorkflow':
      return isLiving(state) ? update(command, state) : workflowNotFound();
    case 'ActivateWorkflow':
      return isLiving(state) ? activate(command, state) : workflowNotFound();
    case 'DeactivateWorkflow':
      if (!isLiving(state)) return workflowNotFound();
      if (state.status !== 'active') return invalidTransition(state.status, 'inactive');
      return [{ type: 'WorkflowDeactivated', data: { name: state.content.name } }];
    case 'DraftWorkflow':
      if (!isLiving(state)) return workflowNotFound();
      if (state.status !== 'inactive') return invalidTransition(state.status, 'draft');
      return [{ type: 'WorkflowDrafted', data: { name: state.content.name } }];
    case 'RestoreWorkflowVersion':
      return isLiving(state) ? restore(command.version, state) : workflowNotFound();
    case 'DeleteWorkflow':
      if (!isLiving(state)) return workflowNotFound();
      if (state.status === 'active') return activeNotDeletable();
      return [{ type: 'WorkflowDeleted', data: { name: state.content.name } }];
    default:
      return never(command);
  }
}

function create(command: CreateWorkflow, state: WorkflowState): Decision<WorkflowEvent> {
  if (state.status !== 'none') return alreadyExists();
  const refusal = refusalOf(checkForSaving(command.content, command.providerFindings));
  if (refusal) return refusal;
  const { template } = command;
  const origin = template ? { templateId: template.id, templateVersion: template.version } : {};
  return [{ type: 'WorkflowCreated', data: { ...eventContent(command.content), ...origin } }];
}

function clone(command: CloneWorkflow, state: WorkflowState): Decision<WorkflowEvent> {
  if (state.status !== 'none') return alreadyExists();
  const { content, sourceWorkflowId, sourceName } = command;
  const refusal = refusalOf(nameFindings(content.name));
  if (refusal) return refusal;
  return [{ type: 'WorkflowCloned', data: { ...eventContent(content), sourceWorkflowId, sourceName } }];
}

function update(command: UpdateWorkflow, state: LivingWorkflow): Decision<WorkflowEvent> {
  if (state.status !== 'draft') return notADraft(state.status);
  const metadata = { ...state.content.metadata, ...command.content.metadata };
  const content = { ...command.content, ...(Object.keys(metadata).length > 0 ? { metadata } : {}) };
  const refusal = refusalOf(checkForSaving(content, command.providerFindings));
  if (refusal) return refusal;
  const changes = changesBetween(state.content, content);
  if (changes.length === 0) return [];
  return [{ type: 'WorkflowUpdated', data: { ...eventContent(content), changes } }];
}

function activate(command: ActivateWorkflow, state: LivingWorkflow): Decision<WorkflowEvent> {
  const { content, versions } = state;
  const refusal = refusalOf(checkForActivation(content, command.providerFindings));
  if (refusal) return refusal;
  if (state.status !== 'draft') return invalidTransition(state.status, 'active');
  const seen = new Set<string>();
  for (const { route, nodeIndex } of webhookRoutesOf(content)) {
    if (seen.has(route)) return routeTaken(route, nodeIndex);
    seen.add(route);
  }
  const definitionHash = definitionHashOf(content);
  return [{ type: 'WorkflowActivated', data: { name: content.name, version: versions.length + 1, definitionHash } }];
}

function restore(version: number, state: LivingWorkflow): Decision<WorkflowEvent> {
  if (state.status !== 'draft') return notADraft(state.status);
  const frozen = versionOf(state, version);
  if (!frozen) return versionNotFound(version);
  const { name, description, metadata } = state.content;
  const content = contentOf({
    name,
    ...(description === undefined ? {} : { description }),
    ...(metadata === undefined ? {} : { metadata }),
    ...frozen.definition,
  });
  const changes = changesBetween(state.content, content);
  return changes.length === 0
    ? []
    : [{ type: 'WorkflowRestored', data: { ...eventContent(content), version, changes } }];
}

/** Arrays of an event's data are mutable by type; nobody changes them. */
function eventContent(content: WorkflowContent) {
  const { nodes, edges, ...rest } = contentOf(content);
  return { ...rest, nodes: [...nodes], edges: [...edges] };
}

// State from events.

function evolve(state: WorkflowState, event: WorkflowEvent): WorkflowState {
  if (event.type === 'WorkflowCreated' || event.type === 'WorkflowCloned') {
    return { status: 'draft', revision: 0, content: contentOf(event.data), versions: [] };
  }
  if (state.status === 'none') return state;
  const next = { revision: state.revision + 1, content: state.content, versions: state.versions };
  switch (event.type) {
    case 'WorkflowUpdated':
    case 'WorkflowRestored':
      return { ...next, status: 'draft', content: contentOf(event.data) };
    case 'WorkflowActivated': {
      const { version, definitionHash } = event.data;
      const definition = definitionOf(state.content);
      const frozen = { version, definitionHash, definition, activatedRevision: next.revision };
      return { ...next, status: 'active', versions: [...state.versions, frozen], activeVersion: version };
    }
    case 'WorkflowDeactivated':
      return { ...next, status: 'inactive' };
    case 'WorkflowDrafted':
      return { ...next, status: 'draft' };
    case 'WorkflowDeleted':
      return { ...next, status: 'deleted' };
    default:
      return never(event);
  }
}

export const workflow: Decider<WorkflowCommand, WorkflowState, WorkflowEvent> = {
  category: 'workflow',
  initial: { status: 'none' },
  decide,
  evolve,
};
