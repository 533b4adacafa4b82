// The workflow of the demo: identity check, and unless that already says no, a screening; then approve or review.

export interface ComplianceProviders {
  readonly identityConfigId: string;
  readonly screeningConfigId: string;
}

export function complianceWorkflow(name: string, { identityConfigId, screeningConfigId }: ComplianceProviders): object {
  return {
    name,
    description: 'Checks a new customer: who is it, and is there anything against it?',
    metadata: { team: 'compliance' },
    nodes: [
      node('start', 'trigger', 'New customer', 0, 0, { triggerType: 'webhook', path: `/${name}`, method: 'POST' }),
      node('identity-check', 'executor', 'Identity check', 200, 0, {
        executorId: 'http.request',
        providerConfigId: identityConfigId,
        path: '/v1/identity-checks',
        inputMapping: [
          { source: 'workflow.customer.name', target: 'fullName', required: true },
          { source: 'workflow.customer.country', target: 'country' },
          {
            source: 'workflow.customer.document',
            target: 'document',
            required: true,
            transformation: { type: 'remove_characters', config: { characters: '.-/' } },
          },
        ],
        outputMapping: [
          { source: 'body.riskScore', target: 'riskScore' },
          { source: 'body.verified', target: 'verified' },
        ],
      }),
      node('low-risk', 'conditional', 'Risk below 70?', 400, 0, { condition: 'identity-check.riskScore < 70' }),
      node('aml-check', 'executor', 'Money-laundering check', 600, -80, {
        executorId: 'http.request',
        providerConfigId: screeningConfigId,
        path: '/v1/screenings',
        inputMapping: [
          { source: 'workflow.customer.name', target: 'fullName', required: true },
          { source: 'workflow.amount', target: 'amount' },
        ],
        outputMapping: [
          { source: 'body.decision', target: 'decision' },
          { source: 'body.hits', target: 'hits' },
        ],
      }),
      node('is-clear', 'conditional', 'Nothing found?', 800, -80, { condition: 'aml-check.decision == "CLEAR"' }),
      node('approve', 'action', 'Approve', 1000, -160, {
        actionType: 'set_output',
        output: { decision: 'approve', riskScore: '= steps["identity-check"].riskScore' },
      }),
      node('review-hit', 'action', 'Review: screening', 1000, 0, {
        actionType: 'set_output',
        output: { decision: 'review', reason: 'the screening found something' },
      }),
      node('review-risk', 'action', 'Review: identity', 600, 80, {
        actionType: 'set_output',
        output: { decision: 'review', reason: 'the identity check scores too high' },
      }),
    ],
    edges: [
      edge('e1', 'start', 'identity-check'),
      edge('e2', 'identity-check', 'low-risk'),
      edge('e3', 'low-risk', 'aml-check', 'true'),
      edge('e4', 'low-risk', 'review-risk', 'false'),
      edge('e5', 'aml-check', 'is-clear'),
      edge('e6', 'is-clear', 'approve', 'true'),
      edge('e7', 'is-clear', 'review-hit', 'false'),
    ],
  };
}

function node(id: string, type: string, name: string, x: number, y: number, data: object): object {
  return { id, type, name, position: { x, y }, data };
}

function edge(id: string, source: string, target: string, sourceHandle?: string): object {
  return { id, source, target, ...(sourceHandle === undefined ? {} : { sourceHandle }) };
}

export interface Customer {
  readonly title: string;
  readonly inputData: object;
}

export const customers: readonly Customer[] = [
  {
    title: 'A low-risk customer',
    inputData: { customer: { name: 'Ana Souza', document: '123.456.789-09', country: 'BR' }, amount: 1500.5 },
  },
  {
    title: 'A high-risk customer',
    inputData: { customer: { name: 'Nemo Nobody', document: '000.000.000-00', country: 'XX' }, amount: 90 },
  },
];
