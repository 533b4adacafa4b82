import type { Condition } from './readiness.js';
import { durationText, readinessOf } from './readiness.js';

const sound: Condition = {
  phase: 'serving',
  store: { status: 'up', latencyMs: 0.4 },
  views: { caughtUp: true, rebuilding: [] },
  evidence: { state: 'working' },
  workers: [{ name: 'runner', condition: 'running' }],
};

describe('a server', () => {
  it('is ready when all its parts are', () => {
    expect(readinessOf(sound)).toEqual({
      ready: true,
      checks: {
        server: { status: 'up' },
        event_store: { status: 'up', latency_ms: 0 },
        views: { status: 'up' },
        evidence: { status: 'up' },
        workers: { status: 'up' },
      },
    });
  });

  const broken: [string, Partial<Condition>, string, RegExp][] = [
    ['it starts', { phase: 'starting' }, 'server', /starting/],
    ['it drains', { phase: 'draining' }, 'server', /stop/],
    ['the log is away', { store: { status: 'down', latencyMs: 2000 } }, 'event_store', /does not answer/],
    ['no room is left', { store: { status: 'down', latencyMs: 1, reason: 'no room' } }, 'event_store', /no room/],
    ['views wait', { views: { ...sound.views, failed: 'no route', passing: true } }, 'views', /no route/],
    ['a view failed', { views: { ...sound.views, failed: 'a bug' } }, 'views', /cannot be folded/],
    ['views are behind', { views: { ...sound.views, caughtUp: false } }, 'views', /behind/],
    ['views are rebuilt', { views: { ...sound.views, rebuilding: ['a', 'b'] } }, 'views', /a, b/],
    ['the evidence failed', { evidence: { state: 'failed', reason: 'leaf 7' } }, 'evidence', /leaf 7/],
    ['no evidence is made', { evidence: { state: 'stopped', reason: 'a bug' } }, 'evidence', /a bug/],
    ['evidence waits', { evidence: { state: 'waiting', reason: 'no room' } }, 'evidence', /no room/],
    ['a worker met a bug', { workers: [{ name: 'w', condition: 'failed', reason: 'hush' }] }, 'workers', /bug: w/],
    ['a worker waits', { workers: [{ name: 'w', condition: 'retrying', reason: 'hush' }] }, 'workers', /store: w/],
  ];
  it.each(broken)('is not ready while %s, and says so', (_name, change, check, reason) => {
    const { ready, checks } = readinessOf({ ...sound, ...change });
    expect(ready).toBe(false);
    expect(checks[check]?.status).not.toBe('up');
    expect(checks[check]?.reason).toMatch(reason);
    expect(JSON.stringify(checks)).not.toContain('hush');
  });

  it('tells how long it has been up', () => {
    expect([0, 1_250, 61_000, 3_723_400].map(durationText)).toEqual(['0s', '1.2s', '1m1s', '1h2m3.4s']);
  });
});
