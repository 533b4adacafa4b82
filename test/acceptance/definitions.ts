// Workflows in the words of the contract, sections 1.2, 1.3 and 10.2.

const position = { x: 0, y: 0 };

export interface Node {
  readonly id: string;
  readonly type: string;
  readonly [key: string]: unknown;
}

export const trigger: Node = { id: 'in', type: 'trigger', position, data: { triggerId: 'webhook' } };

export function webhookTrigger(path: string, more: object = {}): Node {
  return { ...trigger, data: { triggerType: 'webhook', path, method: 'POST', ...more } };
}

export function executor(id: string, providerConfigId: string, data: object = {}): Node {
  const call = { executorId: 'tracer.validate-transaction', providerConfigId };
  return { id, type: 'executor', position, data: { ...call, inputMapping: [passed], ...data } };
}

/** A mapping of one field, so that the node is accepted whatever the executor's schema says. */
const passed = { source: 'workflow.document', target: 'document' };

export function conditional(id: string, condition: string): Node {
  return { id, type: 'conditional', position, data: { condition } };
}

export function setOutput(id: string, output: unknown): Node {
  return { id, type: 'action', position, data: { actionType: 'set_output', output } };
}

/** `a>b`, or `a>b:true` for the branch of a conditional. */
export function edges(...arrows: readonly string[]): object[] {
  return arrows.map((arrow, index) => {
    const [, source, target, sourceHandle] = /^([^>]+)>([^:]+)(?::(.+))?$/.exec(arrow) ?? [];
    return { id: `e${index + 1}`, source, target, ...(sourceHandle ? { sourceHandle } : {}) };
  });
}

export function workflow(name: string, nodes: readonly Node[], arrows: readonly string[], more: object = {}): object {
  return { name, nodes, edges: edges(...arrows), ...more };
}

/** The trigger, then each node after the one before. */
export function chain(name: string, ...nodes: readonly Node[]): object {
  const ids = ['in', ...nodes.map(({ id }) => id)];
  return workflow(
    name,
    [trigger, ...nodes],
    nodes.map(({ id }, index) => `${ids[index] ?? ''}>${id}`),
  );
}

/** Screens a PIX before posting it: the example of section 10.2. */
export function pixScreening(name: string, providerConfigId: string): object {
  return {
    name,
    description: 'Screens a PIX before posting',
    metadata: { squad: 'risk' },
    nodes: [
      {
        id: 'in',
        type: 'trigger',
        name: 'Entry',
        position: { x: 0, y: 0 },
        data: { triggerType: 'webhook', path: `/${name}/in`, method: 'POST', verify_token: 's3cr3t-of-the-hook' },
      },
      {
        id: 'screen',
        type: 'executor',
        name: 'Screen',
        position: { x: 200, y: 0 },
        data: {
          executorId: 'tracer.validate-transaction',
          providerConfigId,
          endpointName: 'validations',
          inputMapping: [
            {
              source: 'workflow.doc',
              target: 'document',
              required: true,
              transformation: { type: 'remove_characters', config: { characters: '.-/' } },
            },
          ],
          outputMapping: [{ source: 'body.decision', target: 'decision' }],
        },
      },
      {
        id: 'ok?',
        type: 'conditional',
        name: 'Allowed',
        position: { x: 400, y: 0 },
        data: { condition: 'screen.decision == "ALLOW"' },
      },
      {
        id: 'yes',
        type: 'action',
        name: 'Approve',
        position: { x: 600, y: -80 },
        data: { actionType: 'set_output', output: { approved: true } },
      },
      {
        id: 'no',
        type: 'action',
        name: 'Refuse',
        position: { x: 600, y: 80 },
        data: { actionType: 'set_output', output: { approved: false } },
      },
    ],
    edges: [
      { id: 'e1', source: 'in', target: 'screen' },
      { id: 'e2', source: 'screen', target: 'ok?' },
      { id: 'e3', source: 'ok?', target: 'yes', sourceHandle: 'true', label: 'allowed' },
      { id: 'e4', source: 'ok?', target: 'no', sourceHandle: 'false' },
    ],
  };
}
