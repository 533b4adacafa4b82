import { base62Digits } from './api-key-text.js';
import type { KeySecrets } from './key-secrets.js';

/** @param open two of them with the same key of the server, and a third with another */
export function keySecretsContract(name: string, open: () => readonly [KeySecrets, KeySecrets, KeySecrets]): void {
  describe(`${name} keeps the promises of KeySecrets`, () => {
    it('makes secrets of 28 base62 digits, never the same', () => {
      const [secrets] = open();
      const made = Array.from({ length: 200 }, () => secrets.newSecret());
      expect(new Set(made).size).toBe(200);
      expect(
        made.every((secret) => secret.length === 28 && [...secret].every((digit) => base62Digits.includes(digit))),
      ).toBe(true);
      expect(new Set(made.join('')).size).toBe(62);
    });

    it('hashes under the key of the server', () => {
      const [first, second, foreign] = open();
      expect(first.keyedHash('text')).toMatch(/^[0-9a-f]{64}$/);
      expect(second.keyedHash('text')).toBe(first.keyedHash('text'));
      expect(foreign.keyedHash('text')).not.toBe(first.keyedHash('text'));
    });

    it('knows the text again, and no other', () => {
      const [first, second, foreign] = open();
      const hash = first.keyedHash('text');
      expect(second.matches('text', hash)).toBe(true);
      expect([second.matches('texT', hash), second.matches('', hash), second.matches('text', '')]).toEqual([
        false,
        false,
        false,
      ]);
      expect(foreign.matches('text', hash)).toBe(false);
    });
  });
}
