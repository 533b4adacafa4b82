import type { JsonObject } from '@app/kernel';
import type { ConfigurationFact } from './executor-check.js';
import { checkExecutors, configurationIdsOf } from './executor-check.js';

const id = '5b0e1f0a-3f5a-4a53-8a63-0f0d8c1f7a10';
const tracer: ConfigurationFact = { status: 'active', providerId: 'tracer' };

function codesOf(data: JsonObject, fact?: ConfigurationFact) {
  const nodes = [{ id: 'call', type: 'executor', position: { x: 0, y: 0 }, data }];
  const { executors, configurations } = checkExecutors({ nodes }, new Map(fact ? [[id, fact]] : []));
  return [...executors, ...configurations].map(({ code, field }) => `${code} ${field.replace('nodes[0].data', '')}`);
}
const executorId = 'tracer.validate-transaction';

describe('an executor node', () => {
  it('is right with a known executor and an active configuration of its provider', () =>
    expect(codesOf({ executorId, providerConfigId: id }, tracer)).toEqual([]));
  it('names an executor', () =>
    expect(codesOf({ providerConfigId: id }, tracer)).toEqual(['WORKFLOW_INVALID_EXECUTOR_CONFIG .executorId']));
  it('names an executor of the catalogue', () =>
    expect(codesOf({ executorId: 'tracer.nothing', providerConfigId: id }, tracer)).toEqual(['FLK-0104 .executorId']));
  it('names a provider configuration by a UUID', () => {
    expect(codesOf({ executorId })).toEqual(['FLK-0150 .providerConfigId']);
    expect(codesOf({ executorId, providerConfigId: 'tracer-prod' })).toEqual(['FLK-0150 .providerConfigId']);
  });
  it('names a provider configuration that exists', () =>
    expect(codesOf({ executorId, providerConfigId: id })).toEqual(['FLK-0150 .providerConfigId']));
  it('names a provider configuration that is active', () =>
    expect(codesOf({ executorId, providerConfigId: id }, { ...tracer, status: 'disabled' })).toEqual([
      'FLK-0150 .providerConfigId',
    ]));
  it('names a configuration of its own provider', () =>
    expect(codesOf({ executorId: 'midaz.get-account', providerConfigId: id }, tracer)).toEqual([
      'FLK-0151 .providerConfigId',
    ]));
  it('fits the schema of its executor as soon as it holds any configuration', () =>
    expect(codesOf({ executorId: 'tracer.list-validations', providerConfigId: id, limit: 0 }, tracer)).toEqual([
      'WORKFLOW_INVALID_EXECUTOR_CONFIG .limit',
    ]));
  it('fits whatever the schema says when it holds mappings only', () =>
    expect(
      codesOf(
        { executorId, providerConfigId: id, inputMapping: [{ source: 'workflow.d', target: 'document/fullName' }] },
        tracer,
      ),
    ).toEqual([]));
});

it('each provider configuration of a definition counts once', () => {
  const node = { id: 'a', type: 'executor', position: { x: 0, y: 0 }, data: { providerConfigId: id } };
  expect(configurationIdsOf({ nodes: [node, { ...node, id: 'b' }, { ...node, id: 'c', type: 'note' }] })).toEqual([id]);
});
