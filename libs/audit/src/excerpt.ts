// Showing a part of a large value, and saying so.

export interface Excerpt {
  readonly value: unknown;
  /** Whether anything was left out. */
  readonly truncated: boolean;
}

const STRING_MARK = '…';
const SECRET_MARK = '[secret]';

/**
 * The value as far as about `charactersMax` characters of JSON go: in order, whole members as long as they fit, the last
 * string cut. A reference into the secret store is shown as `[secret]`. Costs no more than the limit, however large the
 * value is.
 */
export function excerptOf(value: unknown, charactersMax: number): Excerpt {
  const budget = { left: charactersMax, truncated: false };
  const shown = take(value, budget);
  return { value: shown, truncated: budget.truncated };
}

interface Budget {
  left: number;
  truncated: boolean;
}

function take(value: unknown, budget: Budget): unknown {
  if (typeof value === 'string') return takeText(value, budget);
  if (typeof value !== 'object' || value === null) {
    budget.left -= 6;
    return value;
  }
  budget.left -= 2;
  if (Array.isArray(value)) return takeItems(value, budget);
  return '$secret' in value ? SECRET_MARK : takeMembers(value, budget);
}

function takeText(text: string, budget: Budget): string {
  budget.left -= text.length + 2;
  if (budget.left >= 0) return text;
  budget.truncated = true;
  const kept = Math.max(0, text.length + budget.left);
  budget.left = 0;
  return text.slice(0, endOfCharacter(text, kept)) + STRING_MARK;
}

/** Never between the two halves of one character. */
function endOfCharacter(text: string, end: number): number {
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}

function takeItems(items: readonly unknown[], budget: Budget): unknown[] {
  const kept: unknown[] = [];
  for (const item of items) {
    if (budget.left <= 0) {
      budget.truncated = true;
      break;
    }
    kept.push(take(item, budget));
  }
  return kept;
}

function takeMembers(members: object, budget: Budget): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(members)) {
    budget.left -= key.length + 4;
    if (budget.left <= 0) {
      budget.truncated = true;
      break;
    }
    kept[key] = take(member, budget);
  }
  return kept;
}
