// Ids of events as a database keeps them: a UUID as its 16 bytes, less than half of its text; any other id as it is.

const UUID_LENGTH = 36;
const UUID_BYTES = 16;
const NO_DIGIT = 255;

const digits = '0123456789abcdef';
const values = new Uint8Array(128).fill(NO_DIGIT);
for (let value = 0; value < digits.length; value += 1) values[digits.charCodeAt(value)] = value;
const pairs = [...digits].flatMap((high) => [...digits].map((low) => high + low));

/** Only the one spelling that `eventIdOf` gives back becomes bytes. */
export function eventKeyOf(eventId: string): Uint8Array | string {
  if (eventId.length !== UUID_LENGTH) return eventId;
  const bytes = new Uint8Array(UUID_BYTES);
  let at = 0;
  for (let index = 0; index < UUID_BYTES; index += 1) {
    if (isDash(index)) {
      if (eventId[at] !== '-') return eventId;
      at += 1;
    }
    const high = values[eventId.charCodeAt(at)] ?? NO_DIGIT;
    const low = values[eventId.charCodeAt(at + 1)] ?? NO_DIGIT;
    if (high === NO_DIGIT || low === NO_DIGIT) return eventId;
    bytes[index] = (high << 4) | low;
    at += 2;
  }
  return bytes;
}

/** Undefined for what `eventKeyOf` never gives. */
export function eventIdOf(key: unknown): string | undefined {
  if (typeof key === 'string') return typeof eventKeyOf(key) === 'string' ? key : undefined;
  if (!(key instanceof Uint8Array) || key.length !== UUID_BYTES) return undefined;
  let text = '';
  for (let index = 0; index < UUID_BYTES; index += 1) {
    if (isDash(index)) text += '-';
    text += pairs[key[index] as number] as string;
  }
  return text;
}

/** Whether a dash stands before this byte. */
function isDash(index: number): boolean {
  return index === 4 || index === 6 || index === 8 || index === 10;
}
