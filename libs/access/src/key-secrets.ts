// The port to chance and to the server's own key, which no event and no answer ever shows.

export abstract class KeySecrets {
  /** A fresh secret of 28 base62 digits, from a cryptographic source. */
  abstract newSecret(): string;
  /** HMAC-SHA-256 of the whole key text under the server's own key, 64 hexadecimal digits. */
  abstract keyedHash(keyText: string): string;
  /** Compares in a time that does not depend on where the difference is. */
  abstract matches(keyText: string, keyedHash: string): boolean;
}
