import { createHmac } from 'node:crypto';
import { isSignedBy } from './crypto.webhook-proof.js';

const nowMs = Date.parse('2026-05-02T13:05:00Z');
const body = new TextEncoder().encode('{"a":1}');

function signed(key: Uint8Array, timestamp = String(nowMs / 1000)) {
  const signature = createHmac('sha256', key).update(`msg.${timestamp}.`).update(body).digest('base64');
  return { id: 'msg', timestamp, signature: `v1,bm9uZQ== v1,${signature}` };
}

describe('the signature of a webhook', () => {
  const key = Buffer.from('a key of some length');

  it.each([`whsec_${key.toString('base64')}`, key.toString('utf8')])('is proven by the secret %s', (secret) => {
    expect(isSignedBy(secret, signed(key), body, nowMs)).toBe(true);
    expect(isSignedBy(secret, signed(Buffer.from('another key')), body, nowMs)).toBe(false);
    expect(isSignedBy(secret, signed(key), new TextEncoder().encode('{"a":2}'), nowMs)).toBe(false);
  });

  it('is of no use later than five minutes after it was made', () => {
    const sent = signed(key, String(nowMs / 1000 - 301));
    expect(isSignedBy(key.toString('utf8'), sent, body, nowMs)).toBe(false);
  });

  it.each(['whsec_', 'whsec_!!!', ''])('proves nothing when the secret %p leaves no key', (secret) => {
    expect(isSignedBy(secret, signed(new Uint8Array()), body, nowMs)).toBe(false);
  });
});
