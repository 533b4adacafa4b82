import { fold, isRefusal } from '@app/kernel';
import type { ProviderFindings } from './definition-check.js';
import { noProviderFindings } from './definition-check.js';
import { finding } from './finding.js';
import type { WorkflowEvent } from './workflow-events.js';
import type { WorkflowCommand, WorkflowContent, WorkflowState } from './workflow.js';
import { activeVersionOf, definitionHashOf, versionOf, workflow } from './workflow.js';

const at = { x: 0, y: 0 };
const runnable: WorkflowContent = {
  name: 'kyc',
  nodes: [
    { id: 'in', type: 'trigger', position: at, data: { triggerId: 'webhook' } },
    { id: 'yes', type: 'action', position: at, data: { actionType: 'set_output', output: { ok: true } } },
  ],
  edges: [{ id: 'e1', source: 'in', target: 'yes' }],
};
const empty: WorkflowContent = { name: 'kyc', nodes: [], edges: [] };

const created = (content: WorkflowContent = runnable): WorkflowEvent => ({
  type: 'WorkflowCreated',
  data: { ...content, nodes: [...content.nodes], edges: [...content.edges] },
});
const activated = (version = 1, content: WorkflowContent = runnable): WorkflowEvent => ({
  type: 'WorkflowActivated',
  data: { name: content.name, version, definitionHash: definitionHashOf(content) },
});
const deactivated: WorkflowEvent = { type: 'WorkflowDeactivated', data: { name: 'kyc' } };
const drafted: WorkflowEvent = { type: 'WorkflowDrafted', data: { name: 'kyc' } };
const deleted: WorkflowEvent = { type: 'WorkflowDeleted', data: { name: 'kyc' } };

const create = (content: WorkflowContent, providerFindings: ProviderFindings = noProviderFindings) =>
  ({ kind: 'CreateWorkflow', content, providerFindings }) as const;
const update = (content: WorkflowContent) =>
  ({ kind: 'UpdateWorkflow', content, providerFindings: noProviderFindings }) as const;
const activate: WorkflowCommand = { kind: 'ActivateWorkflow', providerFindings: noProviderFindings };
const deactivate: WorkflowCommand = { kind: 'DeactivateWorkflow' };
const draft: WorkflowCommand = { kind: 'DraftWorkflow' };
const remove: WorkflowCommand = { kind: 'DeleteWorkflow' };

function given(...events: WorkflowEvent[]) {
  const state: WorkflowState = fold(workflow, events);
  return {
    state,
    when(command: WorkflowCommand) {
      const decision = workflow.decide(command, state);
      return {
        then: (...expected: WorkflowEvent[]) => expect(decision).toEqual(expected),
        thenTypes: (...types: string[]) =>
          expect(isRefusal(decision) ? decision : decision.map((event) => event.type)).toEqual(types),
        thenRefused: (code: string, kind: string) =>
          expect(decision).toMatchObject({ refused: true, code, kind, message: expect.any(String) as string }),
      };
    },
  };
}

describe('a workflow', () => {
  it('comes to be as a draft', () => {
    given().when(create(runnable)).then(created());
    expect(given(created()).state.status).toBe('draft');
  });

  it('may be created without nodes', () => given().when(create(empty)).then(created(empty)));

  it('remembers the template that it was made from', () =>
    given()
      .when({ ...create(empty), template: { id: 't', version: 'v1' } })
      .then({
        type: 'WorkflowCreated',
        data: { ...empty, nodes: [], edges: [], templateId: 't', templateVersion: 'v1' },
      }));

  it('is cloned from any content under another name', () =>
    given()
      .when({ kind: 'CloneWorkflow', content: { ...runnable, name: 'b' }, sourceWorkflowId: 'a-id', sourceName: 'kyc' })
      .then({
        type: 'WorkflowCloned',
        data: {
          ...runnable,
          name: 'b',
          nodes: [...runnable.nodes],
          edges: [...runnable.edges],
          sourceWorkflowId: 'a-id',
          sourceName: 'kyc',
        },
      }));

  it('is not created twice', () => given(created()).when(create(runnable)).thenRefused('FLK-0350', 'conflict'));

  it.each([
    ['', 'FLK-0110'],
    ['   ', 'FLK-0110'],
    ['é'.repeat(51), 'FLK-0111'],
    ['x'.repeat(101), 'FLK-0111'],
  ])('is not created with the name "%s"', (name, code) =>
    given()
      .when(create({ ...runnable, name }))
      .thenRefused(code, 'invalid'),
  );

  it('may have a name of exactly 100 bytes', () =>
    given()
      .when(create({ ...empty, name: 'é'.repeat(50) }))
      .thenTypes('WorkflowCreated'));

  it('is not created when its providers are not right', () =>
    given()
      .when(
        create(runnable, {
          executors: [finding('FLK-0104', 'nodes[1].data.executorId', 'is unknown')],
          configurations: [],
        }),
      )
      .thenRefused('FLK-0104', 'not_found'));
});

describe('updating', () => {
  it('replaces the content of a draft and says what changed', () =>
    given(created())
      .when(update({ ...runnable, name: 'kyc 2' }))
      .then({
        type: 'WorkflowUpdated',
        data: {
          ...runnable,
          name: 'kyc 2',
          nodes: [...runnable.nodes],
          edges: [...runnable.edges],
          changes: [{ path: 'name', before: 'kyc', after: 'kyc 2' }],
        },
      }));

  it('changes nothing when the content is the same', () => given(created()).when(update(runnable)).then());

  it('merges metadata and never removes a key of it', () => {
    const before = given(created({ ...empty, metadata: { squad: 'risk', tier: 1 } }));
    const decision = workflow.decide(update({ ...empty, metadata: { tier: 2 } }), before.state);
    expect(decision).toMatchObject([{ data: { metadata: { squad: 'risk', tier: 2 } } }]);
  });

  it('is refused while the workflow is active', () =>
    given(created(), activated()).when(update(empty)).thenRefused('FLK-0103', 'state'));
  it('is refused while the workflow is inactive', () =>
    given(created(), activated(), deactivated).when(update(empty)).thenRefused('FLK-0103', 'state'));
  it('is refused before the content is looked at', () =>
    given(created(), activated())
      .when(update({ ...empty, name: '' }))
      .thenRefused('FLK-0103', 'state'));
  it('is refused for an unknown workflow', () => given().when(update(empty)).thenRefused('FLK-0100', 'not_found'));
});

describe('activation', () => {
  it('freezes the content as version 1 with its hash', () => {
    given(created()).when(activate).then(activated());
    const { state } = given(created(), activated());
    expect(activeVersionOf(state)).toEqual({
      version: 1,
      definitionHash: definitionHashOf(runnable),
      definition: { nodes: runnable.nodes, edges: runnable.edges },
      activatedRevision: 1,
    });
  });

  it('freezes the next version after a change, and keeps the one before', () => {
    const changed = { ...runnable, settings: { runTimeoutSeconds: 60 } };
    const edited: WorkflowEvent = {
      type: 'WorkflowUpdated',
      data: { ...changed, nodes: [...changed.nodes], edges: [...changed.edges], changes: [] },
    };
    const { state } = given(created(), activated(), deactivated, drafted, edited, activated(2, changed));
    expect(activeVersionOf(state)?.version).toBe(2);
    expect(activeVersionOf(state)?.definition.settings).toEqual({ runTimeoutSeconds: 60 });
    expect(versionOf(state, 1)?.definition).toEqual({ nodes: runnable.nodes, edges: runnable.edges });
    expect(versionOf(state, 3)).toBeUndefined();
  });

  it('is refused without nodes', () => given(created(empty)).when(activate).thenRefused('FLK-0112', 'state'));
  it('is refused without a trigger', () =>
    given(created({ ...runnable, nodes: runnable.nodes.slice(1), edges: [] }))
      .when(activate)
      .thenRefused('FLK-0116', 'state'));
  it('is refused while active', () => given(created(), activated()).when(activate).thenRefused('FLK-0102', 'state'));
  it('is refused while inactive', () =>
    given(created(), activated(), deactivated).when(activate).thenRefused('FLK-0102', 'state'));
  it('names a provider that was disabled before it names the status', () =>
    given(created(), activated())
      .when({
        kind: 'ActivateWorkflow',
        providerFindings: {
          executors: [],
          configurations: [finding('FLK-0150', 'nodes[1].data.providerConfigId', 'no')],
        },
      })
      .thenRefused('FLK-0150', 'invalid'));

  it('is refused when two triggers of the workflow ask for one route', () => {
    const trigger = (id: string, path: string) => ({
      id,
      type: 'trigger',
      position: at,
      data: { triggerType: 'webhook', path, method: 'post' },
    });
    given(created({ name: 'kyc', nodes: [trigger('a', 'in/'), trigger('b', '/in')], edges: [] }))
      .when(activate)
      .thenRefused('FLK-0360', 'conflict');
  });
  it('is refused for an unknown workflow', () => given().when(activate).thenRefused('FLK-0100', 'not_found'));
});

describe('the status machine', () => {
  const draftState = [created()];
  const active = [created(), activated()];
  const inactive = [created(), activated(), deactivated];
  const gone = [created(), deleted];

  it('deactivates an active workflow', () =>
    given(...active)
      .when(deactivate)
      .then(deactivated));
  it('does not deactivate a draft', () =>
    given(...draftState)
      .when(deactivate)
      .thenRefused('FLK-0102', 'state'));
  it('does not deactivate twice', () =>
    given(...inactive)
      .when(deactivate)
      .thenRefused('FLK-0102', 'state'));
  it('makes an inactive workflow a draft', () =>
    given(...inactive)
      .when(draft)
      .then(drafted));
  it('does not make a draft of an active one', () =>
    given(...active)
      .when(draft)
      .thenRefused('FLK-0102', 'state'));
  it('does not make a draft of a draft', () =>
    given(...draftState)
      .when(draft)
      .thenRefused('FLK-0102', 'state'));
  it('deletes a draft', () =>
    given(...draftState)
      .when(remove)
      .then(deleted));
  it('deletes an inactive workflow', () =>
    given(...inactive)
      .when(remove)
      .then(deleted));
  it('does not delete an active workflow', () =>
    given(...active)
      .when(remove)
      .thenRefused('FLK-0103', 'state'));
  it.each([
    activate,
    deactivate,
    draft,
    remove,
    update(runnable),
    { kind: 'RestoreWorkflowVersion', version: 1 } as const,
  ])('finds nothing after deletion: %j', (command) =>
    given(...gone)
      .when(command)
      .thenRefused('FLK-0100', 'not_found'),
  );

  it('keeps the versions of a deleted workflow for the runs that are pinned to them', () => {
    const { state } = given(...inactive, deleted);
    expect(versionOf(state, 1)?.definition.nodes).toHaveLength(2);
    expect(activeVersionOf(state)).toBeUndefined();
  });
  it('has no active version while inactive', () => expect(activeVersionOf(given(...inactive).state)).toBeUndefined());
});

describe('restoring a version', () => {
  const changed = { ...runnable, name: 'renamed', nodes: runnable.nodes.slice(0, 1), edges: [] };
  const edited: WorkflowEvent = { type: 'WorkflowUpdated', data: { ...changed, changes: [] } };
  const history = [created(), activated(), deactivated, drafted, edited];
  const restore = (version: number) => ({ kind: 'RestoreWorkflowVersion', version }) as const;

  it('puts its nodes, edges and settings into the draft, which keeps its name', () => {
    const decision = workflow.decide(restore(1), given(...history).state);
    expect(decision).toMatchObject([
      {
        type: 'WorkflowRestored',
        data: { name: 'renamed', version: 1, nodes: runnable.nodes, edges: runnable.edges },
      },
    ]);
  });
  it('changes nothing when the draft says the same', () =>
    given(created(), activated(), deactivated, drafted).when(restore(1)).then());
  it('is refused for a version that is not there', () =>
    given(...history)
      .when(restore(2))
      .thenRefused('FLK-0100', 'not_found'));
  it('is refused unless the workflow is a draft', () =>
    given(created(), activated()).when(restore(1)).thenRefused('FLK-0103', 'state'));
});

describe('the hash of a definition', () => {
  it('does not depend on the order of keys', () => {
    const [first] = runnable.nodes;
    const turned = { data: { triggerId: 'webhook' }, position: { y: 0, x: 0 }, type: 'trigger', id: 'in' };
    expect(definitionHashOf({ ...runnable, nodes: [turned, ...runnable.nodes.slice(1)] })).toBe(
      definitionHashOf(runnable),
    );
    expect(first).toEqual(turned);
  });
  it('does not depend on the name', () =>
    expect(definitionHashOf({ ...runnable, ...{ name: 'other' } })).toBe(definitionHashOf(runnable)));
  it('depends on every node', () =>
    expect(definitionHashOf({ ...runnable, nodes: runnable.nodes.slice(1) })).not.toBe(definitionHashOf(runnable)));
});
