// What a workflow says is to be done: a directed acyclic graph of nodes and edges, as on the wire.
import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import type { JsonObject } from '@app/kernel';

export const NODES_MAX = 100;
export const EDGES_MAX = 200;
/** UTF-8 bytes. */
export const NAME_BYTES_MAX = 100;

export const nodeSchema = Type.Object({
  id: Type.String(),
  type: Type.String({ description: 'trigger, executor, conditional or action; any other type passes through' }),
  name: Type.Optional(Type.String()),
  position: Type.Object({ x: Type.Number(), y: Type.Number() }),
  data: Type.Optional(Type.Unsafe<JsonObject>(Type.Record(Type.String(), Type.Unknown()))),
});
export type WorkflowNode = Static<typeof nodeSchema>;

export const edgeSchema = Type.Object({
  id: Type.String(),
  source: Type.String(),
  target: Type.String(),
  sourceHandle: Type.Optional(Type.String()),
  condition: Type.Optional(Type.String()),
  label: Type.Optional(Type.String()),
});
export type WorkflowEdge = Static<typeof edgeSchema>;

export const settingsSchema = Type.Object({
  /** Seconds a whole run may take; default 300. */
  runTimeoutSeconds: Type.Optional(Type.Number()),
  /** Seconds one attempt of a step may take unless its node says otherwise; default 30. */
  stepTimeoutSeconds: Type.Optional(Type.Number()),
  /** Steps of this workflow that may call a provider at the same time, over all its runs; default: the server's limit. */
  stepConcurrencyMax: Type.Optional(Type.Number()),
});
export type WorkflowSettings = Static<typeof settingsSchema>;

export interface WorkflowDefinition {
  readonly nodes: readonly WorkflowNode[];
  readonly edges: readonly WorkflowEdge[];
  readonly settings?: WorkflowSettings;
}

/** Name of the node as people see it: its own, or `<type>_<id>`. */
export function stepNameOf(node: WorkflowNode): string {
  return node.name !== undefined && node.name !== '' ? node.name : `${node.type}_${node.id}`;
}
