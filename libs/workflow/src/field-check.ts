// Single fields: lengths, ranges, spelling. The limits are those of the wire contract, section 1.1.
import type { Json, JsonObject } from '@app/kernel';
import type { WorkflowDefinition, WorkflowNode, WorkflowSettings } from './definition.js';
import type { CheckPurpose, Finding } from './finding.js';
import { finding } from './finding.js';
import { secretIdOf, triggerSecretKeys } from './trigger-secret.js';

const TEXT_LENGTH_MAX = 50;
const EDGE_CONDITION_LENGTH_MAX = 500;
/** Seconds. */
export const STEP_TIMEOUT_MAX = 300;
export const RUN_TIMEOUT_MAX = 86_400;
const STEP_CONCURRENCY_MAX = 1_000;
const RETRY_ATTEMPTS_MAX = 10;
const RETRY_DELAY_MS_MAX = 300_000;
/** A run's context holds its input and its result under these names, beside the outputs by node id. */
const reservedNodeIds = new Set(['workflow', 'output']);
const effects = ['idempotent', 'at_least_once', 'at_most_once'];
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

export function nodeFieldFindings({ nodes }: WorkflowDefinition, purpose: CheckPurpose): readonly Finding[] {
  return [
    ...repeatedIds('FLK-0120', 'nodes', nodes),
    ...nodes.flatMap((node, index) => {
      const at = `nodes[${index}]`;
      return [
        ...lengthFindings('FLK-0120', `${at}.id`, node.id, 1, TEXT_LENGTH_MAX),
        ...lengthFindings('FLK-0120', `${at}.type`, node.type, 1, TEXT_LENGTH_MAX),
        ...lengthFindings('FLK-0120', `${at}.name`, node.name, 0, TEXT_LENGTH_MAX),
        ...(purpose === 'activation' && reservedNodeIds.has(node.id)
          ? [finding('FLK-0120', `${at}.id`, `must not be "${node.id}", a name that every run uses itself`)]
          : []),
        ...(node.id in Object.prototype
          ? [finding('FLK-0120', `${at}.id`, `must not be "${node.id}", a name that every object inherits`)]
          : []),
        ...(node.type === 'trigger' ? triggerFindings(`${at}.data`, node.data ?? {}) : []),
      ];
    }),
  ];
}

function triggerFindings(at: string, data: JsonObject): readonly Finding[] {
  const secrets = triggerSecretKeys.flatMap((key) => {
    const value = data[key];
    if (value === undefined || value === null || typeof value === 'string' || secretIdOf(value)) return [];
    return [finding('FLK-0120', `${at}.${key}`, 'must be text')];
  });
  if (data['triggerType'] !== 'webhook') return secrets;
  const path = data['path'];
  const noText = path !== undefined && path !== null && typeof path !== 'string';
  return [
    ...(noText ? [finding('FLK-0120', `${at}.path`, 'must be text')] : []),
    ...methodFindings('FLK-0120', at, data['method']),
    ...secrets,
  ];
}

function methodFindings(code: Finding['code'], at: string, method: Json | undefined): readonly Finding[] {
  if (method === undefined || method === null || method === '') return [];
  if (typeof method === 'string' && methods.includes(method.toUpperCase())) return [];
  return [finding(code, `${at}.method`, `must be one of ${methods.join(', ')}`)];
}

export function edgeFieldFindings({ edges }: WorkflowDefinition): readonly Finding[] {
  const texts = [
    ['id', 1, TEXT_LENGTH_MAX],
    ['source', 1, TEXT_LENGTH_MAX],
    ['target', 1, TEXT_LENGTH_MAX],
    ['sourceHandle', 0, TEXT_LENGTH_MAX],
    ['label', 0, TEXT_LENGTH_MAX],
    ['condition', 0, EDGE_CONDITION_LENGTH_MAX],
  ] as const;
  return [
    ...repeatedIds('FLK-0130', 'edges', edges),
    ...edges.flatMap((edge, index) =>
      texts.flatMap(([key, min, max]) => lengthFindings('FLK-0130', `edges[${index}].${key}`, edge[key], min, max)),
    ),
  ];
}

function repeatedIds(code: Finding['code'], name: string, elements: readonly { id: string }[]): readonly Finding[] {
  const first = new Map<string, number>();
  return elements.flatMap(({ id }, index) => {
    const earlier = first.get(id);
    if (earlier === undefined) {
      first.set(id, index);
      return [];
    }
    return [finding(code, `${name}[${index}].id`, `repeats "${id}" of ${name}[${earlier}]`)];
  });
}

/** Lengths count characters (code points). */
function lengthFindings(
  code: Finding['code'],
  field: string,
  text: string | undefined,
  min: number,
  max: number,
): readonly Finding[] {
  if (text === undefined) return [];
  const length = Array.from(text).length;
  if (length < min) return [finding(code, field, 'must not be empty')];
  return length > max ? [finding(code, field, `must be at most ${max} characters long`)] : [];
}

export function settingsFindings(settings: WorkflowSettings | undefined): readonly Finding[] {
  if (settings === undefined) return [];
  const { runTimeoutSeconds: run, stepTimeoutSeconds: step, stepConcurrencyMax: many } = settings;
  const check = (key: string, right: boolean, message: string) =>
    right ? [] : [finding('FLK-0001', `settings.${key}`, message)];
  return [
    ...check('runTimeoutSeconds', isWithin(run, 0, RUN_TIMEOUT_MAX), `must be > 0 and <= ${RUN_TIMEOUT_MAX} seconds`),
    ...check(
      'stepTimeoutSeconds',
      isWithin(step, 0, STEP_TIMEOUT_MAX),
      `must be > 0 and <= ${STEP_TIMEOUT_MAX} seconds`,
    ),
    ...check(
      'stepConcurrencyMax',
      isWithin(many, 0, STEP_CONCURRENCY_MAX) && (many === undefined || Number.isInteger(many)),
      `must be an integer from 1 to ${STEP_CONCURRENCY_MAX}`,
    ),
  ];
}

/** min < value <= max, or absent. */
function isWithin(value: number | undefined, min: number, max: number): boolean {
  return value === undefined || (value > min && value <= max);
}

/** What the engine itself reads of an executor node; the rest is the executor's own schema. */
export function executorFieldFindings({ nodes }: WorkflowDefinition): readonly Finding[] {
  return nodes.flatMap((node, index) =>
    node.type === 'executor' ? executorFindings(node, `nodes[${index}].data`) : [],
  );
}

function executorFindings(node: WorkflowNode, at: string): readonly Finding[] {
  const data: JsonObject = node.data ?? {};
  const { timeout, effect, retry, headers } = data;
  const refused = (key: string, message: string) =>
    finding('WORKFLOW_INVALID_EXECUTOR_CONFIG', `${at}.${key}`, message);
  const isTimeout = timeout === undefined || (typeof timeout === 'number' && isWithin(timeout, 0, STEP_TIMEOUT_MAX));
  const isEffect = effect === undefined || (typeof effect === 'string' && effects.includes(effect));
  return [
    ...['path', 'endpointName'].flatMap((key) =>
      [undefined, null].includes(data[key] as null) || typeof data[key] === 'string'
        ? []
        : [refused(key, 'must be text')],
    ),
    ...methodFindings('WORKFLOW_INVALID_EXECUTOR_CONFIG', at, data['method']),
    ...(isTimeout ? [] : [refused('timeout', `must be a number of seconds > 0 and <= ${STEP_TIMEOUT_MAX}`)]),
    ...(isEffect ? [] : [refused('effect', `must be one of ${effects.join(', ')}`)]),
    ...(retry === undefined ? [] : retryProblems(retry).map(([key, problem]) => refused(`retry${key}`, problem))),
    ...credentialHeaders(headers).map((name) =>
      refused(`headers.${name}`, 'carries a credential; credentials belong into the provider configuration'),
    ),
  ];
}

function retryProblems(retry: Json): readonly (readonly [key: string, problem: string])[] {
  if (typeof retry !== 'object' || retry === null || Array.isArray(retry)) return [['', 'must be an object']];
  const isInteger = (key: string, min: number, max: number) => {
    const value = retry[key];
    return value === undefined || (Number.isInteger(value) && Number(value) >= min && Number(value) <= max);
  };
  const delays = ['initialDelayMs', 'maxDelayMs'];
  return [
    ...Object.keys(retry)
      .filter((key) => key !== 'maxAttempts' && !delays.includes(key))
      .map((key) => [`.${key}`, 'is unknown; maxAttempts, initialDelayMs and maxDelayMs are known'] as const),
    ...(isInteger('maxAttempts', 1, RETRY_ATTEMPTS_MAX)
      ? []
      : [['.maxAttempts', `must be an integer from 1 to ${RETRY_ATTEMPTS_MAX}`] as const]),
    ...delays
      .filter((key) => !isInteger(key, 0, RETRY_DELAY_MS_MAX))
      .map((key) => [`.${key}`, `must be an integer from 0 to ${RETRY_DELAY_MS_MAX} milliseconds`] as const),
  ];
}

const credentialNames = new Set(['authorization', 'proxy-authorization', 'x-api-key', 'api-key', 'cookie']);

/** Node data is stored and shown as it is, so it is no place for credentials. */
function credentialHeaders(headers: Json | undefined): readonly string[] {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) return [];
  return Object.keys(headers).filter((name) => {
    const lower = name.trim().toLowerCase();
    return credentialNames.has(lower) || /token|secret|password/.test(lower);
  });
}
