import type { FaultLog } from './fault-log.js';

/** @param open a log, and what it has written so far */
export function faultLogContract(
  name: string,
  open: () => { readonly log: FaultLog; readonly written: () => string },
): void {
  describe(`${name} keeps the promises of FaultLog`, () => {
    it('tells what happened, with its details', () => {
      const { log, written } = open();
      log.error('the store failed', { requestId: 'r1', error: new TypeError('no such thing') });
      for (const part of ['the store failed', 'r1', 'TypeError', 'no such thing']) expect(written()).toContain(part);
    });

    it('shows no value that stands under the name of a secret', () => {
      const { log, written } = open();
      const secrets = { authorization: 'Bearer hush', token: 'hush', password: 'hush' };
      log.error('a call failed', { ...secrets, headers: { 'x-api-key': 'hush', cookie: 'hush' } });
      expect(written()).toContain('a call failed');
      expect(written()).not.toContain('hush');
    });

    it('never throws, whatever it is given', () => {
      const { log } = open();
      const circle: Record<string, unknown> = {};
      circle['self'] = circle;
      expect(() => log.error('circle', { circle, error: 'no error at all', big: 1n })).not.toThrow();
    });
  });
}
