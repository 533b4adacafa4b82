import type { Refusal } from '@app/kernel';
import { refuse } from '@app/kernel';

const KEY_LENGTH_MAX = 255;

const forbidden = /[\u0000-\u001f\u007f]/;

/** The key of the header, trimmed; undefined when there is none or it is blank. */
export function idempotencyKeyOf(header: string | undefined): string | undefined | Refusal {
  const key = header?.trim();
  if (key === undefined || key === '') return undefined;
  if (key.length > KEY_LENGTH_MAX || forbidden.test(key)) {
    const message = `must be at most ${KEY_LENGTH_MAX} printable characters`;
    return refuse('invalid', 'FLK-0509', `Idempotency-Key ${message}`, [{ field: 'Idempotency-Key', message }]);
  }
  return key;
}
