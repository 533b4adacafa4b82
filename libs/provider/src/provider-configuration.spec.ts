import { fold, isRefusal } from '@app/kernel';
import type { ProviderConfigurationCommand } from './provider-configuration.js';
import { providerConfiguration } from './provider-configuration.js';
import type { ProviderEvent } from './provider-events.js';

const config = { base_url: 'http://localhost:9999', api_key: { $secret: 's1' } };
const created: ProviderEvent = {
  type: 'ProviderConfigCreated',
  data: { name: 'tracer-prod', providerId: 'tracer', config, metadata: { owner: 'risk' } },
};
const disabled: ProviderEvent = { type: 'ProviderConfigDisabled', data: { name: 'tracer-prod' } };
const deleted: ProviderEvent = { type: 'ProviderConfigDeleted', data: { name: 'tracer-prod' } };
const create: ProviderConfigurationCommand = {
  kind: 'CreateProviderConfiguration',
  name: 'tracer-prod',
  providerId: 'tracer',
  config,
  metadata: { owner: 'risk' },
};

function decide(given: readonly ProviderEvent[], command: ProviderConfigurationCommand) {
  const outcome = providerConfiguration.decide(command, fold(providerConfiguration, given));
  return isRefusal(outcome) ? outcome.code : outcome;
}

describe('a provider configuration', () => {
  it('is created active', () => {
    expect(decide([], create)).toEqual([created]);
    expect(fold(providerConfiguration, [created])).toMatchObject({ status: 'active', providerId: 'tracer' });
  });

  it.each([
    [{ name: ' ' }, 'FLK-0295'],
    [{ name: 'é'.repeat(51) }, 'FLK-0296'],
    [{ description: 'x'.repeat(501) }, 'FLK-0297'],
    [{ config: {} }, 'FLK-0298'],
    [{ providerId: 's3' }, 'FLK-0294'],
  ])('is refused with %j: %s', (fields, code) => {
    expect(decide([], { ...create, ...fields })).toBe(code);
  });

  it('says what an update changed, and shows no secret', () => {
    const after = { base_url: 'http://localhost:9998', api_key: { $secret: 's2' } };
    expect(decide([created], { kind: 'UpdateProviderConfiguration', config: after, metadata: { tier: 1 } })).toEqual([
      {
        type: 'ProviderConfigUpdated',
        data: {
          name: 'tracer-prod',
          config: after,
          metadata: { owner: 'risk', tier: 1 },
          changes: [
            { path: 'config.base_url', before: 'http://localhost:9999', after: 'http://localhost:9998' },
            { path: 'config.api_key', before: '[secret changed]', after: '[secret changed]' },
            { path: 'metadata.tier', after: 1 },
          ],
        },
      },
    ]);
  });

  it('has nothing to say about an update that changes nothing', () => {
    expect(decide([created], { kind: 'UpdateProviderConfiguration', name: 'tracer-prod', config })).toEqual([]);
  });

  it('is disabled and enabled once each', () => {
    expect(decide([created], { kind: 'DisableProviderConfiguration' })).toEqual([disabled]);
    expect(decide([created, disabled], { kind: 'DisableProviderConfiguration' })).toBe('FLK-0292');
    expect(decide([created], { kind: 'EnableProviderConfiguration' })).toBe('FLK-0292');
    expect(decide([created, disabled], { kind: 'EnableProviderConfiguration' })).toMatchObject([
      { type: 'ProviderConfigEnabled' },
    ]);
  });

  it('is updated while it is disabled, and stays disabled', () => {
    const updated = decide([created, disabled], { kind: 'UpdateProviderConfiguration', name: 'new' });
    const state = fold(providerConfiguration, [created, disabled, ...(updated as ProviderEvent[])]);
    expect(state).toMatchObject({ status: 'disabled', name: 'new', providerId: 'tracer' });
  });

  it('is not deleted while a workflow uses it, and says which', () => {
    const users = [{ id: 'w1', name: 'pix', status: 'active' }];
    const refusal = providerConfiguration.decide(
      { kind: 'DeleteProviderConfiguration', users },
      fold(providerConfiguration, [created]),
    );
    expect(refusal).toMatchObject({
      kind: 'conflict',
      code: 'PROVIDER_CONFIG_IN_USE',
      fields: [{ field: 'workflows[0]' }],
    });
    expect(decide([created], { kind: 'DeleteProviderConfiguration', users: [] })).toEqual([deleted]);
  });

  it('is gone after it was deleted', () => {
    const commands: ProviderConfigurationCommand[] = [
      { kind: 'UpdateProviderConfiguration', name: 'x' },
      { kind: 'EnableProviderConfiguration' },
      { kind: 'DeleteProviderConfiguration', users: [] },
      { kind: 'RecordProviderConfigurationTest', overallStatus: 'passed', stages: [], durationMs: 1 },
    ];
    for (const command of commands) {
      expect(decide([created, deleted], command)).toBe('FLK-0290');
      expect(decide([], command)).toBe('FLK-0290');
    }
  });
});
