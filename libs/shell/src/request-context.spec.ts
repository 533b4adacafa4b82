import fc from 'fast-check';
import { jsonDefect } from '@app/kernel';
import { requestContextOf } from './request-context.js';
import { trustNobody } from './trusted-proxies.js';

const contextOf = (headers: Record<string, string>) =>
  requestContextOf({ headers, peer: '192.0.2.1', requestId: 'r1', channel: 'rest' }, trustNobody);

describe('the context of a request', () => {
  it('says who asks, from where, in which chain of causes', () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const headers = { 'user-agent': 'curl/8', traceparent, 'x-correlation-id': 'c1', 'x-audit-reason': 'Q3 review' };
    expect(contextOf(headers)).toEqual({
      actor: { type: 'user', id: 'anonymous', name: 'anonymous', via: 'none' },
      channel: 'rest',
      ip: '192.0.2.1',
      userAgent: 'curl/8',
      requestId: 'r1',
      correlationId: 'c1',
      traceparent,
      reason: 'Q3 review',
    });
  });

  it('takes the request id for the correlation id when none is acceptable', () => {
    expect(contextOf({}).correlationId).toBe('r1');
    expect(contextOf({ 'x-correlation-id': 'a b' }).correlationId).toBe('r1');
  });

  it.each([`00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`, `ff-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, '00-1-2-3'])(
    'drops the traceparent %s',
    (traceparent) => {
      expect(contextOf({ traceparent }).traceparent).toBeUndefined();
    },
  );

  it('reads reasons in UTF-8 and in Latin-1', () => {
    const asHeader = Buffer.from('Prüfung für 東京').toString('latin1');
    expect(contextOf({ 'x-audit-reason': asHeader }).reason).toBe('Prüfung für 東京');
    expect(contextOf({ 'x-audit-reason': 'Pr\u00fcfung' }).reason).toBe('Prüfung');
  });

  it('holds only bounded, strict JSON, whatever the headers are', () => {
    const latin1 = fc.string({
      unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
      maxLength: 2_000,
    });
    const headers = fc.record({
      'user-agent': latin1,
      'x-audit-reason': latin1,
      'x-correlation-id': latin1,
      traceparent: latin1,
    });
    fc.assert(
      fc.property(headers, (each) => {
        const context = contextOf(each);
        expect(jsonDefect(context)).toBeUndefined();
        expect(JSON.stringify(context).length).toBeLessThan(6_000);
        expect(`${context.userAgent ?? ''}${context.reason ?? ''}`).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      }),
    );
  });
});
