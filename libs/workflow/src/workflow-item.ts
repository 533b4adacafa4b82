// A workflow on the wire.
import type { JsonObject } from '@app/kernel';
import type { WorkflowEdge, WorkflowNode, WorkflowSettings } from './definition.js';
import type { LivingWorkflow } from './workflow.js';

export interface WorkflowItem {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly status: LivingWorkflow['status'];
  readonly nodes: readonly WorkflowNode[];
  readonly edges: readonly WorkflowEdge[];
  /** Omitted when empty. */
  readonly metadata?: JsonObject;
  readonly settings?: WorkflowSettings;
  /** The version that new runs are pinned to; only while active. */
  readonly activeVersion?: number;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** The constant that create, clone and from-template answer; frozen versions are numbered from 1. */
export const CREATED_VERSION = '1.0.0';

export interface CreatedItem {
  readonly workflowId: string;
  readonly id: string;
  readonly version: typeof CREATED_VERSION;
  readonly status: 'draft';
  readonly createdAt: string;
}

interface Times {
  readonly createdAt?: string;
  readonly updatedAt?: string;
}

/** Secrets still stand as references. */
export function workflowItem(id: string, state: LivingWorkflow, times: Times): WorkflowItem {
  const { name, description, nodes, edges, metadata, settings } = state.content;
  return {
    id,
    name,
    ...(description === undefined ? {} : { description }),
    status: state.status,
    nodes,
    edges,
    ...(metadata === undefined || Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...(settings === undefined ? {} : { settings }),
    ...(state.status === 'active' ? { activeVersion: state.activeVersion } : {}),
    createdAt: times.createdAt ?? '',
    updatedAt: times.updatedAt ?? '',
  };
}

export function createdItem(id: string, times: Times): CreatedItem {
  return { workflowId: id, id, version: CREATED_VERSION, status: 'draft', createdAt: times.createdAt ?? '' };
}
