import { isRefusal } from '@app/kernel';
import { checkForActivation } from './definition-check.js';
import { checkExecutors } from './executor-check.js';
import { contentFromTemplate } from './template-catalog.js';
import { workflowTemplates } from './workflow-template.js';

const tracer = '5b0e1f0a-3f5a-4a53-8a63-0f0d8c1f7a10';
const midaz = 'b3d1c1c2-9d0e-4d8e-b6bb-3d1f6b6e2c77';
const params = { workflowName: 'guard', tracerProviderConfigId: tracer, midazProviderConfigId: midaz };

function made(from: Record<string, string> = params) {
  const choice = contentFromTemplate('tracer-midaz-validation', from);
  if (isRefusal(choice)) throw new Error(choice.message);
  return choice;
}

describe('the template tracer-midaz-validation', () => {
  it('makes a workflow that can be activated', () => {
    const { content, template } = made();
    const findings = checkExecutors(
      content,
      new Map([
        [tracer, { status: 'active' as const, providerId: 'tracer' }],
        [midaz, { status: 'active' as const, providerId: 'midaz' }],
      ]),
    );
    expect(checkForActivation(content, findings)).toEqual([]);
    expect(template).toEqual({ id: 'tracer-midaz-validation', version: 'v1' });
    expect(content.metadata).toEqual({ templateId: 'tracer-midaz-validation', templateVersion: 'v1' });
    expect(content.nodes.map(({ id, position }) => [id, position.x, position.y])).toEqual([
      ['webhook-trigger', 250, 0],
      ['tracer-validate', 250, 150],
      ['decision-check', 250, 300],
      ['midaz-create-tx', 100, 450],
    ]);
  });

  it('listens at its default path unless another is given', () => {
    expect(made().content.nodes[0]?.data).toMatchObject({ path: '/validate-and-transact', method: 'POST' });
    expect(made({ ...params, webhookPath: '/pix' }).content.nodes[0]?.data).toMatchObject({ path: '/pix' });
  });

  it('refuses params that do not fit, with every finding', () =>
    expect(
      contentFromTemplate('tracer-midaz-validation', { workflowName: '', webhookMethod: 'GET', more: 1 }),
    ).toMatchObject({
      kind: 'invalid',
      code: 'FLK-0242',
      fields: expect.arrayContaining([
        expect.objectContaining({ field: 'params.tracerProviderConfigId' }),
        expect.objectContaining({ field: 'params.workflowName' }),
        expect.objectContaining({ field: 'params.webhookMethod' }),
        expect.objectContaining({ field: 'params.more' }),
      ]) as unknown,
    }));
});

it('an unknown template is not found', () =>
  expect(contentFromTemplate('nothing', {})).toMatchObject({ kind: 'not_found', code: 'FLK-0240' }));

it('templates are sorted by id', () =>
  expect(workflowTemplates.map(({ id }) => id)).toEqual(workflowTemplates.map(({ id }) => id).sort()));
