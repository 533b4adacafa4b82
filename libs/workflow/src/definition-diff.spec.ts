import fc from 'fast-check';
import type { Json, JsonObject } from '@app/kernel';
import { changesBetween, compareDefinitions, sameJson } from './definition-diff.js';
import type { WorkflowDefinition, WorkflowNode } from './definition.js';
import type { Change } from './workflow-events.js';

const at = { x: 0, y: 0 };
const node = (id: string, data?: JsonObject): WorkflowNode => ({
  id,
  type: 'action',
  position: at,
  ...(data === undefined ? {} : { data }),
});
const content = (nodes: WorkflowNode[]): WorkflowDefinition & { name: string } => ({ name: 'w', nodes, edges: [] });

/** Puts every change of nodes back to what it says came before, and says what results, by id. */
function undone(after: WorkflowDefinition, changes: readonly Change[]): Record<string, Json> {
  const result = Object.fromEntries(after.nodes.map((one) => [one.id, structuredClone(one) as unknown as Json]));
  for (const change of changes) {
    const [, id, rest] = /^nodes\[(\w+)\](?:\.(.*))?$/.exec(change.path) ?? [];
    if (id === undefined) continue;
    if (rest === undefined) put(result, [id], change.before);
    else put(result, [id, ...rest.split('.')], change.before);
  }
  return result;
}

function put(document: Record<string, Json>, [key, ...rest]: string[], value: Json | undefined): void {
  if (key === undefined) return;
  if (rest.length > 0) put(document[key] as JsonObject, rest, value);
  else if (value === undefined) Reflect.deleteProperty(document, key);
  else document[key] = value;
}

const leaves = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.string(),
  fc.array(fc.integer(), { maxLength: 3 }),
);
const keys = fc.constantFrom('a', 'b', 'constructor', 'toString');
const data = fc.dictionary(keys, fc.oneof(leaves, fc.dictionary(keys, leaves, { maxKeys: 3 })), { maxKeys: 4 });
const nodes = fc.uniqueArray(
  fc.record({ id: fc.constantFrom('p', 'q', 'r', 's'), data: fc.option(data, { nil: undefined }) }),
  {
    selector: (one) => one.id,
  },
);
const contents = nodes.map((list) => content(list.map((one) => node(one.id, one.data as JsonObject | undefined))));

describe('the changes between two contents', () => {
  it('are none between equal contents', () => {
    fc.assert(fc.property(contents, (one) => expect(changesBetween(one, structuredClone(one))).toEqual([])));
  });

  it('lead from what is to what was', () => {
    fc.assert(
      fc.property(contents, contents, (before, after) => {
        const was = Object.fromEntries(before.nodes.map((one) => [one.id, one as unknown as Json]));
        expect(sameJson(undone(after, changesBetween(before, after)), was)).toBe(true);
      }),
    );
  });

  it('name nodes by id and fields by path', () => {
    const before = content([node('screen', { timeout: 5, path: '/a' })]);
    const after = content([node('screen', { timeout: 9, path: '/a' })]);
    expect(changesBetween(before, after)).toEqual([{ path: 'nodes[screen].data.timeout', before: 5, after: 9 }]);
  });

  it('show a new node as a whole', () =>
    expect(changesBetween(content([]), content([node('a')]))).toEqual([{ path: 'nodes[a]', after: node('a') }]));

  it('show another order, because the first trigger is where runs begin', () =>
    expect(changesBetween(content([node('a'), node('b')]), content([node('b'), node('a')]))).toEqual([
      { path: 'nodes', before: ['a', 'b'], after: ['b', 'a'] },
    ]));

  it('never show a secret', () => {
    const before = content([node('in', { verify_token: { $secret: 'one' } })]);
    const after = content([node('in', { verify_token: { $secret: 'two' } })]);
    expect(changesBetween(before, after)).toEqual([
      { path: 'nodes[in].data.verify_token', before: '[secret changed]', after: '[secret changed]' },
    ]);
    expect(JSON.stringify(changesBetween(content([]), after))).not.toContain('two');
  });

  it('compare name, description, settings and metadata', () => {
    const before = { ...content([]), description: 'old', metadata: { a: 1 } };
    const after = { ...content([]), name: 'v', settings: { runTimeoutSeconds: 9 }, metadata: { a: 1, b: 2 } };
    expect(changesBetween(before, after)).toEqual([
      { path: 'name', before: 'w', after: 'v' },
      { path: 'description', before: 'old' },
      { path: 'settings', after: { runTimeoutSeconds: 9 } },
      { path: 'metadata.b', after: 2 },
    ]);
  });
});

describe('two versions side by side', () => {
  it('tell added, removed and changed elements apart', () => {
    const before = content([node('a', { t: 1 }), node('b')]);
    const after = content([node('a', { t: 2 }), node('c')]);
    expect(compareDefinitions(before, after)).toEqual({
      nodes: {
        added: ['c'],
        removed: ['b'],
        changed: [{ id: 'a', changes: [{ path: 'data.t', before: 1, after: 2 }] }],
      },
      edges: { added: [], removed: [], changed: [] },
      settings: [],
    });
  });
});
