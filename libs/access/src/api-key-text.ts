// The text of an API key: `rl_<id>_<secret><checksum>`.
//
// `id` is the key's UUID without dashes and public; `secret` is 28 base62 digits (166 bits); `checksum` is the CRC-32 of
// everything before it as 6 base62 digits, so that a typing error is told from a forged key without asking anything.

export interface ApiKeyText {
  /** UUID, with dashes. */
  readonly id: string;
  readonly secret: string;
}

export const API_KEY_PREFIX = 'rl';
export const API_KEY_SECRET_LENGTH = 28;
export const base62Digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const CHECKSUM_LENGTH = 6;
const pattern = /^rl_([0-9a-f]{32})_([0-9A-Za-z]{28})([0-9A-Za-z]{6})$/;

/** @param id a UUID @param secret exactly 28 base62 digits */
export function formatApiKey({ id, secret }: ApiKeyText): string {
  const body = `${API_KEY_PREFIX}_${id.replaceAll('-', '').toLowerCase()}_${secret}`;
  return body + checksumOf(body);
}

/** The parts of a well-formed key; `mistyped` when it has the shape but not the checksum; undefined when it is no key. */
export function parseApiKey(text: string): ApiKeyText | 'mistyped' | undefined {
  const [, hex, secret, checksum] = pattern.exec(text) ?? [];
  if (hex === undefined || secret === undefined) return undefined;
  if (checksumOf(text.slice(0, -CHECKSUM_LENGTH)) !== checksum) return 'mistyped';
  const id = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  return { id, secret };
}

function checksumOf(ascii: string): string {
  let rest = crc32(ascii);
  let digits = '';
  for (let place = 0; place < CHECKSUM_LENGTH; place += 1) {
    digits = base62Digits.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

/** CRC-32 (ISO 3309) of ASCII text, 0 <= result < 2^32. */
export function crc32(ascii: string): number {
  let crc = 0xffffffff;
  for (let index = 0; index < ascii.length; index += 1) {
    crc = (table[(crc ^ ascii.charCodeAt(index)) & 0xff] ?? 0) ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
