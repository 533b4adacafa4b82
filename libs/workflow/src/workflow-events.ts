import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import type { EventsOf, Json, JsonObject } from '@app/kernel';
import { defineEvent } from '@app/kernel';
import { edgeSchema, nodeSchema, settingsSchema } from './definition.js';

const jsonObject = Type.Unsafe<JsonObject>(Type.Record(Type.String(), Type.Unknown()));
const json = Type.Unsafe<Json>(Type.Unknown());
const content = {
  name: Type.String(),
  description: Type.Optional(Type.String()),
  nodes: Type.Array(nodeSchema),
  edges: Type.Array(edgeSchema),
  metadata: Type.Optional(jsonObject),
  settings: Type.Optional(settingsSchema),
};

/** What an update changed; arrays of nodes and edges are matched by id: `nodes[screen].data.timeout`. */
export const changeSchema = Type.Object({
  path: Type.String(),
  before: Type.Optional(json),
  after: Type.Optional(json),
});
export type Change = Static<typeof changeSchema>;

export const workflowEvents = {
  WorkflowCreated: defineEvent(
    'WorkflowCreated',
    'A workflow came to be, as a draft.',
    Type.Object({
      ...content,
      templateId: Type.Optional(Type.String()),
      templateVersion: Type.Optional(Type.String()),
    }),
  ),
  WorkflowCloned: defineEvent(
    'WorkflowCloned',
    'A workflow came to be, as a draft, from the content of another one.',
    Type.Object({ ...content, sourceWorkflowId: Type.String(), sourceName: Type.String() }),
  ),
  WorkflowUpdated: defineEvent(
    'WorkflowUpdated',
    'The content of a draft was replaced.',
    Type.Object({ ...content, changes: Type.Array(changeSchema) }),
  ),
  WorkflowActivated: defineEvent(
    'WorkflowActivated',
    'The content of a workflow was frozen as a numbered version, and runs of it may start.',
    Type.Object({
      name: Type.String(),
      version: Type.Integer({ minimum: 1 }),
      definitionHash: Type.String({ description: 'SHA-256 of the canonical nodes, edges and settings, hexadecimal' }),
    }),
  ),
  WorkflowDeactivated: defineEvent(
    'WorkflowDeactivated',
    'A workflow was taken out of service; runs under way go on.',
    Type.Object({ name: Type.String() }),
  ),
  WorkflowDrafted: defineEvent(
    'WorkflowDrafted',
    'An inactive workflow became a draft again, to be changed.',
    Type.Object({ name: Type.String() }),
  ),
  WorkflowRestored: defineEvent(
    'WorkflowRestored',
    'A draft took over the nodes, edges and settings of one of its frozen versions.',
    Type.Object({
      ...content,
      version: Type.Integer({ minimum: 1, description: 'the version whose content it is' }),
      changes: Type.Array(changeSchema),
    }),
  ),
  WorkflowDeleted: defineEvent(
    'WorkflowDeleted',
    'A workflow was deleted; its stream and its runs stay readable.',
    Type.Object({ name: Type.String() }),
  ),
};
export type WorkflowEvent = EventsOf<typeof workflowEvents>;
