// The story that the demo tells, against any server: two providers, one workflow, two customers, one audit trail.
import type { ApiClient } from '../support/api-client.js';
import { complianceWorkflow, customers } from './compliance-workflow.js';
import type { Customer } from './compliance-workflow.js';
import { table } from './table.js';

export type Tell = (text: string) => void;

interface StepResult {
  readonly stepNumber: number;
  readonly stepName: string;
  readonly status: string;
  readonly output?: unknown;
  readonly durationMs: number;
}
interface RunResult {
  readonly status: string;
  readonly stepResults: readonly StepResult[];
  readonly finalOutput?: unknown;
}
interface Run {
  readonly executionId: string;
  readonly status: string;
}
interface AuditEntry {
  readonly timestamp: string;
  readonly eventType: string;
  readonly summary: string;
  readonly result: string;
  readonly actor: { readonly type: string; readonly id: string; readonly name?: string; readonly ipAddress?: string };
}

export interface Told {
  readonly workflowId: string;
  readonly runs: readonly { readonly customer: string; readonly executionId: string; readonly result: RunResult }[];
  readonly audit: readonly AuditEntry[];
}

export interface Providers {
  readonly identityUrl: string;
  readonly screeningUrl: string;
}

/** @param suffix makes the names of this telling its own, so that it can be told again on the same log. */
export async function tellStory(api: ApiClient, providers: Providers, suffix: string, tell: Tell): Promise<Told> {
  const since = new Date().toISOString();
  tell('\n1. Two providers\n');
  const identityConfigId = await configure(api, `identity-check-${suffix}`, providers.identityUrl, tell);
  const screeningConfigId = await configure(api, `money-laundering-check-${suffix}`, providers.screeningUrl, tell);

  tell('\n2. A compliance workflow: identity check, screening, approve or review\n');
  const definition = complianceWorkflow(`customer-onboarding-${suffix}`, { identityConfigId, screeningConfigId });
  const { workflowId } = await api.post<{ readonly workflowId: string }>('/v1/workflows', definition);
  await api.post(`/v1/workflows/${workflowId}/activate`);
  tell(`  created and activated: ${workflowId}`);

  const runs: Told['runs'][number][] = [];
  for (const [index, customer] of customers.entries()) {
    tell(`\n${index + 3}. ${customer.title}\n`);
    runs.push(await runFor(api, workflowId, customer, `${suffix}-${index}`, tell));
  }

  tell(`\n${customers.length + 3}. Who did what: the audit trail, newest first\n`);
  const audit = await auditSince(api, since);
  tell(auditTable(audit));
  return { workflowId, runs, audit };
}

async function configure(api: ApiClient, name: string, url: string, tell: Tell): Promise<string> {
  const { id } = await api.post<{ readonly id: string }>('/v1/provider-configurations', {
    name,
    providerId: 'http',
    config: { base_url: url },
  });
  tell(`  ${name} at ${url}: ${id}`);
  return id;
}

async function runFor(
  api: ApiClient,
  workflowId: string,
  { title, inputData }: Customer,
  key: string,
  tell: Tell,
): Promise<Told['runs'][number]> {
  const { executionId } = await api.post<Run>(
    `/v1/workflows/${workflowId}/executions`,
    { inputData },
    { 'idempotency-key': key, prefer: 'wait=10' },
  );
  const result = await ended(api, executionId);
  const rows = result.stepResults.map(({ stepNumber, stepName, status, durationMs, output }) => [
    stepNumber,
    stepName,
    status,
    `${Math.round(durationMs)} ms`,
    JSON.stringify(output),
  ]);
  tell(table(['#', 'step', 'status', 'took', 'output'], rows, 76));
  tell(`\n  run ${executionId}: ${result.status}, ${JSON.stringify(result.finalOutput)}`);
  return { customer: title, executionId, result };
}

/** The results of a run once it has ended; it is asked again for at most ten seconds. */
async function ended(api: ApiClient, executionId: string): Promise<RunResult> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const { status } = await api.get<Run>(`/v1/executions/${executionId}`);
    if (!['pending', 'running'].includes(status)) return api.get(`/v1/executions/${executionId}/results`);
    await new Promise((later) => setTimeout(later, 50));
  }
  throw new Error(`run ${executionId} did not end within ten seconds`);
}

async function auditSince(api: ApiClient, since: string): Promise<readonly AuditEntry[]> {
  const query = `dateFrom=${encodeURIComponent(since)}&limit=100`;
  return (await api.get<{ readonly items: readonly AuditEntry[] }>(`/v1/audit-events?${query}`)).items;
}

function auditTable(entries: readonly AuditEntry[]): string {
  const rows = entries.map(({ timestamp, eventType, actor, summary, result }) => [
    timestamp.slice(11, 23),
    eventType,
    `${actor.name ?? actor.id}${actor.ipAddress ? ` (${actor.ipAddress})` : ''}`,
    result,
    summary,
  ]);
  return table(['time (UTC)', 'event', 'actor', 'result', 'summary'], rows, 84);
}
