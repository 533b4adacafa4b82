// What must be true after a load, whatever happened meanwhile: everything acknowledged is there, nothing was done twice.
import type { RecordedEvent } from '@app/kernel';
import type { Caller } from './caller.js';
import { until } from './until.js';
import type { CountingProvider } from './counting-provider.js';
import type { Load } from './load.js';
import { STEPS } from './load.js';

export async function everyRunEnded(server: Caller): Promise<void> {
  await until(async () => {
    const { status, body } = await server.call('GET', '/v1/dashboards/executions');
    return status === 200 && body['running'] === 0;
  }, 100);
}

export async function everythingIsThere(server: Caller, { acknowledged, workflowsMade }: Load): Promise<void> {
  for (const id of acknowledged.values()) {
    const run = await server.call('GET', `/v1/executions/${id}`);
    expect(run.body).toMatchObject({ executionId: id, status: 'completed' });
  }
  for (const id of workflowsMade) expect((await server.call('GET', `/v1/workflows/${id}`)).status).toBe(200);
}

/** Every run is one of a load, and completed: what the log says was finished against what the provider was asked. */
export function nothingWasRepeated(events: readonly RecordedEvent[], provider: CountingProvider): void {
  const of = (type: string): RecordedEvent[] => events.filter((event) => event.type === type);
  expect(of('ExecutionCompleted')).toHaveLength(of('ExecutionStarted').length);
  const finished = countBy(of('StepCompleted'), stepKey);
  expect(Math.max(...finished.values())).toBe(1);
  expect(finished.size).toBe(of('ExecutionStarted').length * STEPS.length);
  const claims = countBy(of('StepStarted'), stepKey);
  const calls = countBy(provider.calls, (call) => call.key);
  for (const [key, count] of calls) expect([key, count <= (claims.get(key) ?? 0)]).toEqual([key, true]);
  const finishedAt = new Map(of('StepCompleted').map((event) => [stepKey(event), Date.parse(event.recordedAt)]));
  expect(provider.calls.filter((call) => call.atMs > (finishedAt.get(call.key) ?? 0))).toEqual([]);
}

/** Steps whose call was cut by the end of the server that made it. */
export function interruptions(events: readonly RecordedEvent[]): number {
  const failed = events.filter(({ type }) => type === 'StepFailed');
  return failed.filter(({ data }) => (data as { error: { code: string } }).error.code === 'interrupted').length;
}

const stepKey = (event: RecordedEvent): string =>
  `${event.stream.slice('execution-'.length)}:${(event.data as { nodeId: string }).nodeId}`;

function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}
