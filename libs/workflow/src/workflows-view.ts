// Views: the workflows as lists show them, and who uses which provider configuration.
import type { DocumentProjection, RecordedEvent } from '@app/kernel';
import { keyOf, projection } from '@app/kernel';
import { configurationIdsOf } from './executor-check.js';
import type { WorkflowItem } from './workflow-item.js';
import { workflowItem } from './workflow-item.js';
import type { WorkflowEvent } from './workflow-events.js';
import type { WorkflowState } from './workflow.js';
import { isLiving, workflow } from './workflow.js';

interface WorkflowDocument {
  readonly state: WorkflowState;
  readonly item: WorkflowItem;
}

/** Folds with the aggregate's own `evolve`; a deleted workflow leaves the view. Frozen versions are not kept in it. */
export const workflowsView: DocumentProjection<WorkflowItem> = {
  kind: 'document',
  name: 'workflows',
  version: 1,
  categories: ['workflow'],
  key: (event) => keyOf(event.stream),
  fold: (before, event) => {
    const { state, item } = folded(before, event);
    return isLiving(state) ? item : undefined;
  },
  fields: {
    status: { type: 'text', of: (item) => item.status },
    name: { type: 'text', of: (item) => item.name },
    createdAt: { type: 'text', of: (item) => item.createdAt },
    updatedAt: { type: 'text', of: (item) => item.updatedAt },
  },
  indexes: [
    ['createdAt'],
    ['updatedAt'],
    ['name'],
    ['status', 'createdAt'],
    ['status', 'updatedAt'],
    ['status', 'name'],
  ],
};

function folded(before: WorkflowItem | undefined, recorded: RecordedEvent): WorkflowDocument {
  const event = recorded as unknown as WorkflowEvent;
  const state = workflow.evolve(before ? stateOf(before) : workflow.initial, event);
  const { occurredAt } = recorded.metadata;
  const times = { createdAt: before?.createdAt ?? occurredAt, updatedAt: occurredAt };
  if (!isLiving(state)) return { state, item: before as WorkflowItem };
  return { state, item: workflowItem(keyOf(recorded.stream), state, times) };
}

/** As much of the state as the next event needs: an activation numbers its version itself. */
function stateOf(item: WorkflowItem): WorkflowState {
  const content = { ...item };
  const rest = { revision: 0, content, versions: [] };
  return item.status === 'active'
    ? { ...rest, status: 'active', activeVersion: item.activeVersion ?? 0 }
    : { ...rest, status: item.status };
}

/** A workflow that names provider configurations. */
export interface ConfigurationUserDocument {
  readonly name: string;
  readonly status: string;
  readonly configurationIds: readonly string[];
}

/** One row per living workflow; small, because it is read as a whole when a provider configuration is to be deleted. */
export const configurationUsersView: DocumentProjection<ConfigurationUserDocument> = {
  kind: 'document',
  name: 'configuration-users',
  version: 1,
  categories: ['workflow'],
  key: (event) => keyOf(event.stream),
  fold: (before, recorded) => {
    const event = recorded as unknown as WorkflowEvent;
    switch (event.type) {
      case 'WorkflowCreated':
      case 'WorkflowCloned':
        return { name: event.data.name, status: 'draft', configurationIds: configurationIdsOf(event.data) };
      case 'WorkflowUpdated':
      case 'WorkflowRestored':
        return before && { ...before, name: event.data.name, configurationIds: configurationIdsOf(event.data) };
      case 'WorkflowActivated':
        return before && { ...before, status: 'active' };
      case 'WorkflowDeactivated':
        return before && { ...before, status: 'inactive' };
      case 'WorkflowDrafted':
        return before && { ...before, status: 'draft' };
      case 'WorkflowDeleted':
        return undefined;
      default:
        return before;
    }
  },
  fields: {
    /** How many configurations it names. */
    configurations: { type: 'number', of: (document) => document.configurationIds.length },
  },
  indexes: [['configurations']],
};

export const workflowProjections = [projection(workflowsView), projection(configurationUsersView)];
