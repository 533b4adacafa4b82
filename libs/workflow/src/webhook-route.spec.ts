import { normalizeRoute, webhookRoutesOf } from './webhook-route.js';

const trigger = (data: Record<string, string | { $secret: string }>) => ({
  nodes: [{ id: 'in', type: 'trigger', position: { x: 0, y: 0 }, data }],
});

describe('a webhook route', () => {
  it.each([
    ['post', 'kyc/inbound', 'POST /kyc/inbound'],
    ['POST', '/kyc/inbound///', 'POST /kyc/inbound'],
    ['Get', '/', 'GET /'],
    ['get', '///', 'GET /'],
    ['PUT', '/Kyc', 'PUT /Kyc'],
  ])('of %s %s is %s', (method, path, route) => expect(normalizeRoute(method, path)).toBe(route));

  it('belongs to a trigger of type webhook with path and method', () =>
    expect(webhookRoutesOf(trigger({ triggerType: 'webhook', path: 'in', method: 'post' }))).toEqual([
      { method: 'POST', path: '/in', route: 'POST /in', nodeId: 'in', nodeIndex: 0 },
    ]));

  it.each([
    [{ triggerId: 'webhook' }],
    [{ triggerType: 'webhook', path: '/in' }],
    [{ triggerType: 'webhook', method: 'POST', path: ' ' }],
    [{ triggerType: 'schedule', method: 'POST', path: '/in' }],
  ])('does not belong to %j', (data) => expect(webhookRoutesOf(trigger(data))).toEqual([]));

  it('names its secrets by their ids', () =>
    expect(
      webhookRoutesOf(
        trigger({
          triggerType: 'webhook',
          path: '/in',
          method: 'POST',
          verify_token: { $secret: 's1' },
          signing_secret: { $secret: 's2' },
        }),
      ),
    ).toMatchObject([{ verifyTokenId: 's1', signingSecretId: 's2' }]));
});
