// What a check found. The first finding names the whole refusal, so checks run in the order of the wire contract.
import type { FieldFinding, Refusal, RefusalKind } from '@app/kernel';
import { refuse } from '@app/kernel';

/**
 * Where the contract has no code of its own for a rule, its nearest neighbour stands for it: a cycle or a handle that does
 * not exist is a bad edge (FLK-0115), a node that no trigger reaches lacks a trigger (FLK-0116), a conditional without
 * branches is an invalid condition (FLK-0105), bad, repeated or reserved ids and names are bad node and edge fields
 * (FLK-0120, FLK-0130).
 */
const kinds = {
  'FLK-0001': 'invalid',
  'FLK-0110': 'invalid',
  'FLK-0111': 'invalid',
  'FLK-0112': 'state',
  'FLK-0113': 'invalid',
  'FLK-0114': 'invalid',
  'FLK-0115': 'invalid',
  'FLK-0116': 'state',
  'FLK-0120': 'invalid',
  'FLK-0130': 'invalid',
  'FLK-0104': 'not_found',
  'FLK-0105': 'state',
  'FLK-0140': 'invalid',
  'FLK-0141': 'invalid',
  'FLK-0142': 'invalid',
  'FLK-0150': 'invalid',
  'FLK-0151': 'invalid',
  WORKFLOW_INVALID_EXECUTOR_CONFIG: 'invalid',
} as const satisfies Record<string, RefusalKind>;

export interface Finding extends FieldFinding {
  readonly code: keyof typeof kinds;
}

export function finding(code: Finding['code'], field: string, message: string): Finding {
  return { field, message, code };
}

/** One refusal for all findings, under the code of the first; undefined when there are none. */
export function refusalOf(findings: readonly Finding[]): Refusal | undefined {
  const first = findings[0];
  if (!first) return undefined;
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : '';
  return refuse(kinds[first.code], first.code, `${first.field} ${first.message}${more}`, findings);
}

/** A draft may be incomplete when it is saved; what is to run may not. */
export type CheckPurpose = 'saving' | 'activation';
