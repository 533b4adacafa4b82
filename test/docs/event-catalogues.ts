// Every event type there is, by the stream it is recorded on.
import type { EventDefinition } from '@app/kernel';
import { accessEvents, apiKeyEvents, systemEvents } from '@app/access';
import { reservationEvents } from '@app/event-store';
import { executionEvents } from '@app/execution';
import { providerEvents } from '@app/provider';
import { workflowEvents } from '@app/workflow';

export interface EventCatalogue {
  readonly title: string;
  /** Shape of the stream's name. */
  readonly stream: string;
  readonly about: string;
  readonly events: Readonly<Record<string, EventDefinition>>;
}

export const eventCatalogues: readonly EventCatalogue[] = [
  {
    title: 'Workflows',
    stream: 'workflow-<uuid>',
    about: 'One stream per workflow; `WorkflowDeleted` closes it.',
    events: workflowEvents,
  },
  {
    title: 'Provider configurations',
    stream: 'providerConfiguration-<uuid>',
    about: 'One stream per configuration; `ProviderConfigDeleted` closes it. Secrets are references, never values.',
    events: providerEvents,
  },
  {
    title: 'Runs',
    stream: 'execution-<uuid>',
    about: 'One stream per run; it ends with `ExecutionCompleted`, `ExecutionFailed` or `ExecutionCancelled`.',
    events: executionEvents,
  },
  {
    title: 'API keys',
    stream: 'apiKey-<uuid>',
    about: 'One stream per key; `ApiKeyRevoked` closes it.',
    events: apiKeyEvents,
  },
  {
    title: 'Reservations',
    stream: 'reservation-<sha256>',
    about: 'One stream per unique value: a name, a webhook route. Never closed.',
    events: reservationEvents,
  },
  {
    title: 'Access',
    stream: 'access-<yyyymmdd>',
    about: 'One stream per day of what was refused; never written again once the day is over.',
    events: accessEvents,
  },
  {
    title: 'System',
    stream: 'system-<yyyymmdd>',
    about: 'One stream per day of what the servers did with themselves.',
    events: systemEvents,
  },
];
