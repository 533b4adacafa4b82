// Who may call a webhook: the holder of its token, or of its signing secret (Standard Webhooks 1.0.0).
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** How far a signature's timestamp may lie from our clock. */
const TOLERANCE_MS = 5 * 60_000;

/** Compares in a time that does not depend on where the texts differ. */
export function sameText(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

export interface WebhookSignature {
  readonly id: string | undefined;
  /** Seconds since 1970. */
  readonly timestamp: string | undefined;
  /** `v1,<base64>` texts separated by spaces. */
  readonly signature: string | undefined;
}

/** @param secret `whsec_<base64>`, or any text, whose UTF-8 bytes are then the key */
export function isSignedBy(secret: string, sent: WebhookSignature, body: Uint8Array, nowMs: number): boolean {
  const { id, timestamp, signature } = sent;
  if (!id || !signature || timestamp === undefined || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(nowMs - Number(timestamp) * 1000) > TOLERANCE_MS) return false;
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret, 'utf8');
  // Anybody could sign with an empty key.
  if (key.length === 0) return false;
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
  return signature.split(' ').some((one) => one.startsWith('v1,') && sameText(one.slice(3), expected));
}
