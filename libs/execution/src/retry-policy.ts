// When a failed attempt is followed by another one, and what a lost one means. Pure.
import type { Json, JsonObject } from '@app/kernel';
import type { StepEffect } from './execution-state.js';
import { isObject } from './execution-state.js';

export interface RetryPolicy {
  /** >= 1; the first attempt counts. */
  readonly maxAttempts: number;
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
}

export const defaultRetryPolicy: RetryPolicy = { maxAttempts: 5, initialDelayMs: 1_000, maxDelayMs: 8_000 };
/** The longest `Retry-After` that is honoured. */
export const RETRY_AFTER_MAX_MS = 60_000;

export function retryPolicyOf(value: Json | undefined): RetryPolicy {
  if (!isObject(value)) return defaultRetryPolicy;
  const initialDelayMs = numberOf(value['initialDelayMs'], defaultRetryPolicy.initialDelayMs);
  return {
    maxAttempts: numberOf(value['maxAttempts'], defaultRetryPolicy.maxAttempts),
    initialDelayMs,
    maxDelayMs: Math.max(initialDelayMs, numberOf(value['maxDelayMs'], defaultRetryPolicy.maxDelayMs)),
  };
}

/**
 * Milliseconds until the next attempt, or undefined when there is none: exponential from `initialDelayMs`, full jitter,
 * never before what the provider asked for.
 * @param failures failed attempts so far, >= 1
 * @param random in [0, 1)
 */
export function retryDelayMs(
  policy: RetryPolicy,
  failures: number,
  random: number,
  retryAfterMs?: number,
): number | undefined {
  if (failures >= policy.maxAttempts) return undefined;
  const ceiling = Math.min(policy.maxDelayMs, policy.initialDelayMs * 2 ** (failures - 1));
  return Math.max(Math.round(ceiling * random), Math.min(retryAfterMs ?? 0, RETRY_AFTER_MAX_MS));
}

const repeatable = new Set(['GET', 'PUT', 'DELETE', 'HEAD', 'OPTIONS']);

/** What may be done about a claim without a result: as the node declares, else by its method. */
export function effectOf(data: JsonObject): StepEffect {
  const declared = data['effect'];
  if (declared === 'idempotent' || declared === 'at_least_once' || declared === 'at_most_once') return declared;
  const method = typeof data['method'] === 'string' ? data['method'].toUpperCase() : 'POST';
  return repeatable.has(method) ? 'idempotent' : 'at_least_once';
}

function numberOf(value: Json | undefined, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
