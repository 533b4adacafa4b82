import { createHmac } from 'node:crypto';
import { isSignedBy, sameText } from './crypto.webhook-proof.js';

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

  // The example that the Standard Webhooks specification and its libraries are tested with.
  const published = {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestamp: '1614265330',
    signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  };
  const isPublished = (change: Partial<Parameters<typeof isSignedBy>[1]>): boolean =>
    isSignedBy(
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      { ...published, ...change },
      new TextEncoder().encode('{"test": 2432232314}'),
      1_614_265_330_000,
    );

  it('is computed as the standard publishes it', () => {
    expect(isPublished({})).toBe(true);
  });

  it.each([
    ['another id', { id: 'msg_other' }],
    ['another time', { timestamp: '1614265331' }],
    ['another version', { signature: published.signature.replace('v1', 'v2') }],
    ['no signature', { signature: undefined }],
    ['a time that is no number', { timestamp: 'now' }],
  ])('is refused with %s', (_what, change) => {
    expect(isPublished(change)).toBe(false);
  });
});

it('texts are compared as a whole', () => {
  expect(sameText('s3cr3t', 's3cr3t')).toBe(true);
  expect(sameText('s3cr3t', 's3cr3t ')).toBe(false);
});
