// What is wrong with a definition, and with which code each fault is answered: on saving, and on activating what was saved.
import type { Outcome, Sent } from './outcome.js';
import { refused, rejected } from './outcome.js';
import type { World } from './world.js';
import { calls, straight, unknownId } from './world.js';

const position = { x: 0, y: 0 };
const trigger = { id: 'in', type: 'trigger', position, data: {} };
const node = (id: string, type: string, data: object = {}): object => ({ id, type, position, data });
const edge = (source: string, target: string, more: object = {}): object => ({
  id: `${source}-${target}`,
  source,
  target,
  ...more,
});

const saved =
  (content: object) =>
  (w: World): Sent => ({ body: { name: w.fresh('workflow'), ...straight, ...content } });

/** A definition whose executor node calls a provider that exists, but for `more`. */
function calling(more: object, config: object = {}): Outcome['send'] {
  return async (w) => {
    const provider = await w.provider(config);
    const data = { executorId: 'http.request', providerConfigId: provider, path: '/ok', ...more };
    const nodes = [trigger, node('call', 'executor', data)];
    return saved({ nodes, edges: [edge('in', 'call')] })(w);
  };
}

export const savingOutcomes: readonly Outcome[] = [
  rejected('the body is no JSON', 400, 'FLK-0001', () => ({ body: '{' })),
  rejected('a field is unknown', 400, 'FLK-0001', saved({ colour: 'red' })),
  rejected('the description is too long', 400, 'FLK-0001', saved({ description: 'd'.repeat(501) })),
  rejected('it has no name', 400, 'FLK-0110', () => ({ body: straight })),
  rejected('its name is too long', 400, 'FLK-0111', saved({ name: 'n'.repeat(101) })),
  rejected('it has too many nodes', 400, 'FLK-0113', saved({ nodes: many(101, (n) => node(n, 'trigger')) })),
  rejected(
    'it has too many edges',
    400,
    'FLK-0114',
    saved({ edges: many(201, (id) => ({ ...edge('in', 'out'), id })) }),
  ),
  rejected('an edge leads nowhere', 400, 'FLK-0115', saved({ edges: [edge('in', 'nowhere')] })),
  rejected('two nodes have one id', 400, 'FLK-0120', saved({ nodes: [trigger, trigger], edges: [] })),
  rejected('a label is too long', 400, 'FLK-0130', saved({ edges: [edge('in', 'out', { label: 'l'.repeat(51) })] })),
  refused('a condition is malformed', 422, 'FLK-0105', saved({ edges: [edge('in', 'out', { condition: '(' })] })),
  rejected('the executor is unknown', 404, 'FLK-0104', calling({ executorId: 'no.such' })),
  rejected('a node names no executor', 400, 'WORKFLOW_INVALID_EXECUTOR_CONFIG', calling({ executorId: '' })),
  rejected('the node breaks its schema', 400, 'WORKFLOW_INVALID_EXECUTOR_CONFIG', calling({ successCodes: [1] })),
  rejected('the provider configuration is unknown', 400, 'FLK-0150', calling({ providerConfigId: unknownId })),
  rejected('it belongs to another provider', 400, 'FLK-0151', calling({ executorId: 'tracer.validate-transaction' })),
  rejected(
    'the input mapping is malformed',
    400,
    'FLK-0140',
    calling({ inputMapping: [{ source: 'a[', target: 'b' }] }),
  ),
  rejected('the output mapping is malformed', 400, 'FLK-0141', calling({ outputMapping: 7 })),
  rejected('a transformation is unknown', 400, 'FLK-0142', calling({ transforms: [{ operation: 'no', spec: {} }] })),
  rejected(
    'the body is too large',
    413,
    'PAYLOAD_TOO_LARGE',
    saved({ metadata: { large: 'x'.repeat(4 * 1024 * 1024) } }),
  ),
  {
    when: 'it is too large for an event',
    send: saved({ metadata: { large: 'x'.repeat(300_000) } }),
    status: 413,
    code: 'EVENT_TOO_LARGE',
    // The name is claimed before the log is asked, and given back; that it was too large is nobody's decision.
    entries: ['VALUE_RESERVED', 'VALUE_RELEASED'],
  },
];

const drafted =
  (content: object) =>
  async (w: World): Promise<Sent> => ({ params: { id: await w.draft(content) } });
const conditional = (data: object, more: object = {}): object => ({
  nodes: [trigger, node('if', 'conditional', data), node('out', 'action')],
  edges: [edge('in', 'if'), edge('if', 'out', more)],
});
const called =
  (more: object) =>
  async (w: World): Promise<Sent> => {
    const data = { executorId: 'http.request', providerConfigId: await w.provider(), path: '/ok', ...more };
    const nodes = [trigger, node('call', 'executor', data), node('later', 'action')];
    return drafted({ nodes, edges: [edge('in', 'call'), edge('call', 'later')] })(w);
  };
const ahead = [{ source: 'later.answer', target: 'answer' }];

export const activatingOutcomes: readonly Outcome[] = [
  rejected('a branch has no handle', 400, 'FLK-0115', drafted(conditional({ condition: 'workflow.a == 1' }))),
  rejected(
    'a node has a reserved id',
    400,
    'FLK-0120',
    drafted({ nodes: [trigger, node('output', 'action')], edges: [edge('in', 'output')] }),
  ),
  refused('it has no nodes', 422, 'FLK-0112', drafted({ nodes: [], edges: [] })),
  refused('it has no trigger', 422, 'FLK-0116', drafted({ nodes: [node('out', 'action')], edges: [] })),
  refused('a condition is missing', 422, 'FLK-0105', drafted(conditional({}, { sourceHandle: 'true' }))),
  rejected('a mapping reads what cannot be there yet', 400, 'FLK-0140', called({ inputMapping: ahead })),
  rejected(
    'a transformation reads it',
    400,
    'FLK-0142',
    called({ transforms: [{ operation: 'shift', spec: { a: 'later.b' } }] }),
  ),
  rejected('its provider was disabled', 400, 'FLK-0150', async (w) => {
    const provider = await w.provider();
    const id = await w.draft(calls('/ok', provider));
    await w.arrange('POST', `/v1/provider-configurations/${provider}/disable`);
    return { params: { id } };
  }),
];

function many(count: number, make: (id: string) => object): object[] {
  return Array.from({ length: count }, (_, index) => make(`n${index}`));
}
