// One English sentence about an event, from the event alone.
import type { Actor, RecordedEvent } from '@app/kernel';
import type { DataOf, DeclaredType } from './event-vocabulary.js';
import { isDeclared } from './event-vocabulary.js';

type Telling = Pick<RecordedEvent, 'type' | 'data' | 'metadata'>;
type Sentence<T extends DeclaredType> = (data: DataOf<T>, who: string) => string;

const NAME_LENGTH_MAX = 120;
const MESSAGE_LENGTH_MAX = 300;
const PATHS_MAX = 3;

/** Total: an event of a type that this server does not know is told by its type. */
export function summaryOf(event: Telling): string {
  const who = nameOf(event.metadata.actor);
  if (!isDeclared(event)) return `${who} recorded ${oneLine(event.type, NAME_LENGTH_MAX)}`;
  const sentence = sentences[event.type] as (data: object, who: string) => string;
  return sentence(event.data, who);
}

/** One sentence per declared event type: a new event without a sentence does not compile. */
const sentences: { readonly [T in DeclaredType]: Sentence<T> } = {
  WorkflowCreated: ({ name, templateId }, who) =>
    `${who} created ${quoted(name)}${templateId === undefined ? '' : ` from template ${quoted(templateId)}`}`,
  WorkflowCloned: ({ name, sourceName }, who) => `${who} cloned ${quoted(sourceName)} as ${quoted(name)}`,
  WorkflowUpdated: ({ name, changes }, who) => `${who} changed ${quoted(name)}${pathsOf(changes)}`,
  WorkflowActivated: ({ name, version }, who) => `${who} activated ${quoted(name)} version ${version}`,
  WorkflowDeactivated: ({ name }, who) => `${who} deactivated ${quoted(name)}`,
  WorkflowDrafted: ({ name }, who) => `${who} returned ${quoted(name)} to draft`,
  WorkflowRestored: ({ name, version }, who) => `${who} restored ${quoted(name)} from version ${version}`,
  WorkflowDeleted: ({ name }, who) => `${who} deleted ${quoted(name)}`,

  ProviderConfigCreated: ({ name, providerId }, who) =>
    `${who} created provider configuration ${quoted(name)} for ${quoted(providerId)}`,
  ProviderConfigUpdated: ({ name, changes }, who) =>
    `${who} changed provider configuration ${quoted(name)}${pathsOf(changes)}`,
  ProviderConfigEnabled: ({ name }, who) => `${who} enabled provider configuration ${quoted(name)}`,
  ProviderConfigDisabled: ({ name }, who) => `${who} disabled provider configuration ${quoted(name)}`,
  ProviderConfigDeleted: ({ name }, who) => `${who} deleted provider configuration ${quoted(name)}`,
  ProviderConfigTested: ({ name, overallStatus }, who) =>
    `${who} tested provider configuration ${quoted(name)}: ${told(overallStatus)}`,

  ApiKeyCreated: ({ name, expiresAt }, who) =>
    `${who} created API key ${quoted(name)}${expiresAt === undefined ? '' : `, valid until ${told(expiresAt)}`}`,
  ApiKeyRevoked: ({ name }, who) => `${who} revoked API key ${quoted(name)}`,
  AccessDenied: ({ method, path, status, message, count }, who) =>
    `${who} was turned away from ${request(method, path)}${times(count)}: ${status}, ${told(message)}`,
  CommandRefused: ({ method, path, status, message }, who) =>
    `${who} was refused ${request(method, path)}: ${status}, ${told(message)}`,

  AuditExported: ({ format }, who) => `${who} exported the audit trail as ${told(format)}`,

  ServerStarted: ({ host, port, version, auth }) =>
    `Server version ${told(version)} started on ${told(host)}:${port}, authentication ${told(auth)}`,
  ServerStopped: ({ signal }) => `Server stopped${signal === undefined ? '' : ` on ${told(signal)}`}`,
  ViewsRebuilt: ({ views }) => `Views rebuilt from the log: ${told(views.join(', '))}`,

  ExecutionStarted: ({ workflowName, workflowVersion, trigger }, who) =>
    `${who} started a run of ${quoted(workflowName)} version ${workflowVersion}${trigger.kind === 'webhook' ? ' by webhook' : ''}`,
  ExecutionCompleted: ({ workflowName, durationMs }) => `Run of ${quoted(workflowName)} completed in ${ms(durationMs)}`,
  ExecutionFailed: ({ workflowName, error, nodeId }) => {
    const at = nodeId ?? error.nodeId;
    // The message names the node as the contract wants it; a sentence names it once.
    const why = told(error.message).replace(`node "${at ?? ''}": `, '');
    return `Run of ${quoted(workflowName)} failed${at === undefined ? '' : ` at ${quoted(at)}`}: ${why}`;
  },
  ExecutionCancelled: ({ workflowName, reason }, who) =>
    `${who} cancelled the run of ${quoted(workflowName)}${reason === undefined ? '' : `: ${told(reason)}`}`,
  ExecutionRetried: ({ workflowName, fromNodeId }, who) =>
    `${who} retried the run of ${quoted(workflowName)} from ${quoted(fromNodeId)}`,

  StepStarted: ({ stepName, attempt, executorId }) =>
    executorId === undefined
      ? `${step(stepName, attempt)} began`
      : `${step(stepName, attempt)} called ${quoted(executorId)}`,
  StepCompleted: ({ stepName, attempt, durationMs, call }) =>
    call?.status === undefined
      ? `${step(stepName, attempt)} completed in ${ms(durationMs)}`
      : `${step(stepName, attempt)} was answered ${call.status} in ${ms(call.durationMs)}`,
  StepFailed: ({ stepName, attempt, error, retryAt }) =>
    `${step(stepName, attempt)} failed: ${told(error.message)}${retryAt === undefined ? '' : `; attempt ${attempt + 1} follows`}`,
  StepSkipped: ({ stepName, reason }) => `Step ${quoted(stepName)} was skipped: ${told(reason)}`,

  ValueReserved: ({ scope, value }, who) => `${who} reserved ${unique(scope)} ${quoted(value)}`,
  ValueReleased: ({ scope, value }, who) => `${who} released ${unique(scope)} ${quoted(value)}`,
};

const uniqueThings = new Map([
  ['workflow.name', 'the workflow name'],
  ['webhook.route', 'the webhook route'],
  ['providerConfiguration.name', 'the provider configuration name'],
  ['apiKey.name', 'the API key name'],
]);

function unique(scope: string): string {
  return uniqueThings.get(scope) ?? told(scope);
}

function nameOf(actor: Actor): string {
  switch (actor.id) {
    case 'anonymous':
      return 'Anonymous';
    case 'engine':
      return 'The engine';
    default:
      return oneLine(actor.name || actor.id, NAME_LENGTH_MAX);
  }
}

/** A name between asterisks, on one line. */
function quoted(name: string | undefined): string {
  return `*${oneLine(name, NAME_LENGTH_MAX)}*`;
}

/** Text from elsewhere, on one line. */
function told(text: string | undefined): string {
  return oneLine(text, MESSAGE_LENGTH_MAX);
}

/** Tolerates what is missing: the row of a view may lack what was too large for it. */
function oneLine(text: string | undefined, lengthMax: number): string {
  const line = (text ?? '').replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length <= lengthMax ? line : `${line.slice(0, lengthMax - 1)}…`;
}

function step(name: string, attempt: number): string {
  return attempt > 1 ? `Step ${quoted(name)} (attempt ${attempt})` : `Step ${quoted(name)}`;
}

function ms(duration: number): string {
  return `${Math.round(duration)} ms`;
}

function request(method: string, path: string): string {
  return told(`${method} ${path}`);
}

function times(count: number | undefined): string {
  return count !== undefined && count > 1 ? ` ${count} times` : '';
}

function pathsOf(changes: readonly { readonly path: string }[]): string {
  if (changes.length === 0) return '';
  const shown = changes.slice(0, PATHS_MAX).map(({ path }) => told(path));
  const more = changes.length - shown.length;
  return `: ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
