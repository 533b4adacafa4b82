import fc from 'fast-check';
import type { JsonObject } from '@app/kernel';
import type { CheckedContent } from './definition-check.js';
import { checkForActivation, checkForSaving, noProviderFindings } from './definition-check.js';
import type { WorkflowEdge, WorkflowNode } from './definition.js';

const at = { x: 0, y: 0 };
const trigger: WorkflowNode = { id: 'in', type: 'trigger', position: at, data: { triggerId: 'webhook' } };
const node = (id: string, type = 'action', data?: JsonObject): WorkflowNode => ({
  id,
  type,
  position: at,
  ...(data === undefined ? {} : { data }),
});
const edge = (id: string, source: string, target: string, rest: Partial<WorkflowEdge> = {}): WorkflowEdge => ({
  id,
  source,
  target,
  ...rest,
});
const content = (nodes: WorkflowNode[], edges: WorkflowEdge[] = [], rest: Partial<CheckedContent> = {}) => ({
  name: 'w',
  nodes,
  edges,
  ...rest,
});

const onSaving = (checked: CheckedContent) =>
  checkForSaving(checked, noProviderFindings).map(({ code, field }) => `${code} ${field}`);
const onActivation = (checked: CheckedContent) =>
  checkForActivation(checked, noProviderFindings).map(({ code, field }) => `${code} ${field}`);
const executor = (data: JsonObject) => content([trigger, node('call', 'executor', data)], [edge('e', 'in', 'call')]);

describe('a definition', () => {
  it('may be empty as long as it is a draft', () => {
    expect(onSaving(content([]))).toEqual([]);
    expect(onActivation(content([]))).toEqual(['FLK-0112 nodes', 'FLK-0116 nodes']);
  });

  it('activates with a trigger that says nothing but its triggerId', () =>
    expect(onActivation(content([trigger]))).toEqual([]));

  it('reports every finding at once, in the order of the contract', () =>
    expect(
      onSaving(
        content(
          [trigger, trigger, node('x'.repeat(51)), node('if', 'conditional', { condition: 'a ==' })],
          [edge('e', 'in', 'gone'), edge('e', 'if', 'in', { sourceHandle: 'maybe' })],
          { name: '', description: 'd'.repeat(501), settings: { stepTimeoutSeconds: 301 } },
        ),
      ),
    ).toEqual([
      'FLK-0110 name',
      'FLK-0115 edges[0].target',
      'FLK-0115 edges[1].sourceHandle',
      'FLK-0001 description',
      'FLK-0120 nodes[1].id',
      'FLK-0120 nodes[2].id',
      'FLK-0130 edges[1].id',
      'FLK-0001 settings.stepTimeoutSeconds',
      'FLK-0105 nodes[3].data.condition',
    ]));

  it('holds at most 100 nodes and 200 edges', () => {
    const nodes = Array.from({ length: 101 }, (_, index) => node(`n${index}`, 'note'));
    const edges = Array.from({ length: 201 }, (_, index) => edge(`e${index}`, 'n0', 'n1'));
    expect(onSaving(content(nodes, edges))).toEqual(['FLK-0113 nodes', 'FLK-0114 edges']);
    expect(onSaving(content(nodes.slice(1), []))).toEqual([]);
  });

  it('is acyclic already as a draft', () =>
    expect(
      onSaving(content([node('a', 'note'), node('b', 'note')], [edge('1', 'a', 'b'), edge('2', 'b', 'a')])),
    ).toEqual(['FLK-0115 edges[0]', 'FLK-0115 edges[1]']));

  it('has no node without a way from a trigger once it is activated', () => {
    const lost = content([trigger, node('lost', 'note')]);
    expect(onSaving(lost)).toEqual([]);
    expect(onActivation(lost)).toEqual(['FLK-0116 nodes[1]']);
  });

  it.each(['workflow', 'output'])('has no node named %s once it is activated', (id) => {
    const reserved = content([trigger, node(id, 'note')], [edge('e', 'in', id)]);
    expect(onSaving(reserved)).toEqual([]);
    expect(onActivation(reserved)).toEqual(['FLK-0120 nodes[1].id']);
  });

  it.each(['constructor', '__proto__'])(
    'the id %s, which every object inherits, is refused on saving already',
    (id) => {
      expect(onSaving(content([trigger, node(id, 'note')], []))).toEqual(['FLK-0120 nodes[1].id']);
    },
  );

  it('takes node types that it does not know', () => expect(onSaving(content([node('a', 'sticky-note')]))).toEqual([]));

  it('ignores the handle of an edge that leaves no conditional', () =>
    expect(
      onActivation(content([trigger, node('a', 'note')], [edge('e', 'in', 'a', { sourceHandle: 'out' })])),
    ).toEqual([]));
});

describe('a conditional', () => {
  const branched = (data: JsonObject, sourceHandle?: string) =>
    content(
      [trigger, node('if', 'conditional', data), node('then', 'note')],
      [edge('a', 'in', 'if'), edge('b', 'if', 'then', sourceHandle === undefined ? {} : { sourceHandle })],
    );

  it('may be unfinished as a draft', () => {
    expect(onSaving(branched({}))).toEqual([]);
    expect(onActivation(branched({}))).toEqual(['FLK-0115 edges[1].sourceHandle', 'FLK-0105 nodes[1].data.condition']);
  });
  it('needs a branch', () =>
    expect(
      onActivation(
        content([trigger, node('if', 'conditional', { condition: 'workflow.a == 1' })], [edge('a', 'in', 'if')]),
      ),
    ).toEqual(['FLK-0105 nodes[1]']));
  it('activates with a condition and a true branch', () =>
    expect(onActivation(branched({ condition: 'workflow.a == 1' }, 'true'))).toEqual([]));
  it('needs a condition that is text', () =>
    expect(onSaving(branched({ condition: 5 }, 'true'))).toEqual(['FLK-0105 nodes[1].data.condition']));
  it('does not read nodes that do not exist', () =>
    expect(onSaving(branched({ condition: 'kyc.score > 1' }, 'true'))).toEqual(['FLK-0105 nodes[1].data.condition']));
  it('does not read nodes that cannot have run before', () => {
    const later = branched({ condition: 'then.score > 1' }, 'true');
    expect(onSaving(later)).toEqual([]);
    expect(onActivation(later)).toEqual(['FLK-0105 nodes[1].data.condition']);
  });
});

describe('the condition of an edge', () => {
  const guarded = (condition: string) =>
    content(
      [trigger, node('a', 'note'), node('b', 'note')],
      [edge('1', 'in', 'a'), edge('2', 'a', 'b', { condition })],
    );
  it('may read the node that the edge leaves', () => expect(onActivation(guarded('a.x == 1'))).toEqual([]));
  it('does not read the node that it leads to', () =>
    expect(onActivation(guarded('b.x == 1'))).toEqual(['FLK-0105 edges[1].condition']));
  it('must parse', () => expect(onSaving(guarded('a.x =='))).toEqual(['FLK-0105 edges[1].condition']));
  it('may be blank', () => expect(onActivation(guarded(' '))).toEqual([]));
  it('has at most 500 characters', () =>
    expect(onSaving(guarded(`a.x == "${'y'.repeat(500)}"`))).toEqual(['FLK-0130 edges[1].condition']));
});

describe('an executor node', () => {
  const refused = (key: string) => [`WORKFLOW_INVALID_EXECUTOR_CONFIG nodes[1].data.${key}`];

  it.each([1, 0.5, 300])('may have a timeout of %d seconds', (timeout) =>
    expect(onSaving(executor({ timeout }))).toEqual([]),
  );
  it.each([0, -1, 301, '30', null])('does not have a timeout of %j', (timeout) =>
    expect(onSaving(executor({ timeout }))).toEqual(refused('timeout')),
  );
  it('may declare its retry policy and its effect', () =>
    expect(
      onSaving(
        executor({ retry: { maxAttempts: 10, initialDelayMs: 0, maxDelayMs: 300_000 }, effect: 'at_most_once' }),
      ),
    ).toEqual([]));
  it.each([
    [{ retry: { maxAttempts: 0 } }, 'retry.maxAttempts'],
    [{ retry: { maxAttempts: 11 } }, 'retry.maxAttempts'],
    [{ retry: { initialDelayMs: -1 } }, 'retry.initialDelayMs'],
    [{ retry: { maxDelayMs: 1.5 } }, 'retry.maxDelayMs'],
    [{ retry: { attempts: 3 } }, 'retry.attempts'],
    [{ retry: 5 }, 'retry'],
    [{ effect: 'sometimes' }, 'effect'],
    [{ method: 'FETCH' }, 'method'],
    [{ path: 5 }, 'path'],
    [{ headers: { Authorization: 'Bearer x' } }, 'headers.Authorization'],
    [{ headers: { 'X-Api-Key': 'x' } }, 'headers.X-Api-Key'],
    [{ headers: { 'X-Session-Token': 'x' } }, 'headers.X-Session-Token'],
  ] as [JsonObject, string][])('is refused with %j', (data, key) =>
    expect(onSaving(executor(data))).toEqual(refused(key)),
  );

  it('may send headers that carry no credential', () =>
    expect(onSaving(executor({ headers: { Accept: 'text/csv' } }))).toEqual([]));
});

describe('a trigger', () => {
  it('takes secrets as text only, lest they protect nothing', () =>
    expect(onSaving(content([node('in', 'trigger', { verify_token: ['x'] })]))).toEqual([
      'FLK-0120 nodes[0].data.verify_token',
    ]));
  it('has a method that exists', () =>
    expect(onSaving(content([node('in', 'trigger', { triggerType: 'webhook', path: '/a', method: 'ANY' })]))).toEqual([
      'FLK-0120 nodes[0].data.method',
    ]));
});

describe('any definition', () => {
  const ids = fc.constantFrom('in', 'a', 'b', 'c', 'workflow', '');
  const junk = fc.jsonValue({ maxDepth: 3 });
  const anyNode = fc.record({
    id: ids,
    type: fc.constantFrom('trigger', 'executor', 'conditional', 'action', 'note'),
    position: fc.constant(at),
    data: fc.dictionary(
      fc.constantFrom(
        'condition',
        'inputMapping',
        'outputMapping',
        'transforms',
        'output',
        'retry',
        'headers',
        'timeout',
      ),
      junk,
    ) as fc.Arbitrary<JsonObject>,
  });
  const anyEdge = fc.record({ id: ids, source: ids, target: ids, condition: fc.string() });
  const anyContent = fc
    .tuple(fc.array(anyNode, { maxLength: 6 }), fc.array(anyEdge, { maxLength: 8 }))
    .map(([nodes, edges]) => content(nodes, edges));

  it('is judged without a fault, and never more strictly as a draft', () => {
    fc.assert(
      fc.property(anyContent, (checked) => {
        const activation = new Set(onActivation(checked));
        for (const found of onSaving(checked)) expect(activation).toContain(found);
      }),
    );
  });
});
