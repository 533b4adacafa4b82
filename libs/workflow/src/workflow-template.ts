// Built-in templates, as data: what they ask for and the content they make of it.
import type { JsonObject } from '@app/kernel';
import { JSON_SCHEMA_DIALECT } from '@app/provider';
import type { WorkflowNode } from './definition.js';
import type { WorkflowContent } from './workflow.js';

export interface WorkflowTemplate {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly category: string;
  /** JSON Schema 2020-12 of `params`. */
  readonly paramSchema: JsonObject;
  /** Parameters that name a provider configuration, with the provider it must belong to. */
  readonly configurationParams: Readonly<Record<string, string>>;
  /** `params` fit the schema. */
  readonly contentOf: (params: JsonObject) => WorkflowContent;
}

const tracerMidazValidation: WorkflowTemplate = {
  id: 'tracer-midaz-validation',
  name: 'Tracer validation before a Midaz transaction',
  description: 'Validates a transaction with Tracer and posts it to the Midaz ledger when Tracer allows it.',
  version: 'v1',
  category: 'Compliance',
  paramSchema: {
    $schema: JSON_SCHEMA_DIALECT,
    type: 'object',
    required: ['workflowName', 'tracerProviderConfigId', 'midazProviderConfigId'],
    properties: {
      workflowName: { type: 'string', minLength: 1, maxLength: 100, title: 'Name of the workflow' },
      workflowDescription: { type: 'string', maxLength: 500, title: 'Description of the workflow' },
      tracerProviderConfigId: { type: 'string', format: 'uuid', title: 'Provider configuration of Tracer' },
      midazProviderConfigId: { type: 'string', format: 'uuid', title: 'Provider configuration of Midaz' },
      webhookPath: { type: 'string', minLength: 1, default: '/validate-and-transact', title: 'Path of the webhook' },
      webhookMethod: { type: 'string', enum: ['POST'], default: 'POST', title: 'Method of the webhook' },
    },
    additionalProperties: false,
  },
  configurationParams: { tracerProviderConfigId: 'tracer', midazProviderConfigId: 'midaz' },
  contentOf: tracerMidazContent,
};

function tracerMidazContent(params: JsonObject): WorkflowContent {
  const description = textOf(params, 'workflowDescription');
  return {
    name: textOf(params, 'workflowName'),
    ...(description === '' ? {} : { description }),
    nodes: tracerMidazNodes(params),
    edges: [
      { id: 'trigger-to-validate', source: 'webhook-trigger', target: 'tracer-validate' },
      { id: 'validate-to-decision', source: 'tracer-validate', target: 'decision-check' },
      {
        id: 'decision-to-midaz',
        source: 'decision-check',
        target: 'midaz-create-tx',
        sourceHandle: 'true',
        label: 'Approved',
      },
    ],
    metadata: { templateId: 'tracer-midaz-validation', templateVersion: 'v1' },
  };
}

const validatedFields = ['requestId', 'transactionType', 'amount', 'currency', 'transactionTimestamp', 'account'];

function tracerMidazNodes(params: JsonObject): WorkflowNode[] {
  return [
    {
      id: 'webhook-trigger',
      type: 'trigger',
      name: 'Webhook',
      position: { x: 250, y: 0 },
      data: {
        triggerType: 'webhook',
        path: textOf(params, 'webhookPath', '/validate-and-transact'),
        method: textOf(params, 'webhookMethod', 'POST'),
      },
    },
    {
      id: 'tracer-validate',
      type: 'executor',
      name: 'Validate with Tracer',
      position: { x: 250, y: 150 },
      data: {
        executorId: 'tracer.validate-transaction',
        providerConfigId: textOf(params, 'tracerProviderConfigId'),
        method: 'POST',
        path: '/v1/validations',
        inputMapping: validatedFields.map((field) => ({ source: `workflow.${field}`, target: field })),
      },
    },
    {
      id: 'decision-check',
      type: 'conditional',
      name: 'Allowed by Tracer',
      position: { x: 250, y: 300 },
      data: { condition: 'tracer-validate.body.decision == "ALLOW"' },
    },
    {
      id: 'midaz-create-tx',
      type: 'executor',
      name: 'Post the transaction',
      position: { x: 100, y: 450 },
      data: {
        executorId: 'midaz.create-transaction',
        providerConfigId: textOf(params, 'midazProviderConfigId'),
        inputMapping: [
          { source: 'workflow.transaction', target: 'send' },
          { source: 'workflow.transactionDescription', target: 'description' },
        ],
      },
    },
  ];
}

function textOf(params: JsonObject, key: string, otherwise = ''): string {
  const value = params[key];
  return typeof value === 'string' ? value : otherwise;
}

/** Sorted by id. */
export const workflowTemplates: readonly WorkflowTemplate[] = [tracerMidazValidation];

export function findTemplate(id: string): WorkflowTemplate | undefined {
  return workflowTemplates.find((template) => template.id === id);
}
