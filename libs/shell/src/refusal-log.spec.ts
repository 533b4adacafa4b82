import { isRecorded } from './refusal-log.js';

describe('a refusal', () => {
  it('is recorded whenever somebody was turned away', () => {
    for (const kind of ['unauthenticated', 'forbidden'] as const) {
      for (const method of ['GET', 'POST']) expect(isRecorded(kind, method, 'rest')).toBe(true);
    }
  });

  it('is recorded for commands, and behind a webhook every method is one', () => {
    for (const kind of ['conflict', 'state'] as const) {
      for (const method of ['POST', 'PUT', 'DELETE']) expect(isRecorded(kind, method, 'rest')).toBe(true);
      for (const method of ['GET', 'HEAD', 'OPTIONS']) {
        expect([method, isRecorded(kind, method, 'rest')]).toEqual([method, false]);
        expect([method, isRecorded(kind, method, 'webhook')]).toEqual([method, true]);
      }
    }
  });

  it('is not recorded where nothing was decided', () => {
    for (const kind of ['invalid', 'not_found', 'too_large', 'unavailable'] as const) {
      for (const method of ['GET', 'POST']) expect(isRecorded(kind, method, 'webhook')).toBe(false);
    }
  });
});
