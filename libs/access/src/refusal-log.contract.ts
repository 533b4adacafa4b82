import type { RequestContext } from '@app/kernel';
import { anonymousActor } from '@app/kernel';
import type { RefusalEntry, RefusalLog } from '@app/shell';

/** What an adapter shows of what it recorded. */
export interface ShownRefusal {
  readonly type: 'AccessDenied' | 'CommandRefused';
  readonly code: string;
  readonly message: string;
  readonly requestId: string | undefined;
}

/** @param open a log, and all that it has recorded, in order */
export function refusalLogContract(
  name: string,
  open: () => Promise<{ readonly log: RefusalLog; readonly recorded: () => Promise<readonly ShownRefusal[]> }>,
): void {
  const context = (requestId: string): RequestContext => ({
    actor: anonymousActor,
    channel: 'rest',
    correlationId: requestId,
    requestId,
  });
  const entry: RefusalEntry = {
    kind: 'state',
    method: 'POST',
    path: '/v1/workflows/1/activate',
    status: 422,
    code: 'FLK-0102',
    message: 'not from here',
  };

  describe(`${name} keeps the promises of RefusalLog`, () => {
    it('shows what was recorded once it has resolved', async () => {
      const { log, recorded } = await open();
      await log.record(entry, context('r1'));
      expect(await recorded()).toEqual([
        { type: 'CommandRefused', code: 'FLK-0102', message: 'not from here', requestId: 'r1' },
      ]);
    });

    it('tells who was turned away from what was refused, and why', async () => {
      const { log, recorded } = await open();
      await log.record({ ...entry, kind: 'forbidden', status: 403, code: 'NO', detail: 'reads only' }, context('r1'));
      await log.record({ ...entry, kind: 'unauthenticated', status: 401, code: 'WHO' }, context('r2'));
      await log.record({ ...entry, kind: 'conflict', status: 409, code: 'FLK-0101' }, context('r3'));
      expect((await recorded()).map(({ type, code, message }) => [type, code, message])).toEqual([
        ['AccessDenied', 'NO', 'not from here: reads only'],
        ['AccessDenied', 'WHO', 'not from here'],
        ['CommandRefused', 'FLK-0101', 'not from here'],
      ]);
    });

    it('keeps all that come at once, in their order', async () => {
      const { log, recorded } = await open();
      const ids = Array.from({ length: 500 }, (_, index) => `r${index}`);
      await Promise.all(ids.map((id) => log.record(entry, context(id))));
      expect((await recorded()).map(({ requestId }) => requestId)).toEqual(ids);
    });

    it('takes texts of any length', async () => {
      const { log, recorded } = await open();
      const long = '\u{1F512}'.repeat(100_000);
      await log.record({ ...entry, message: long, path: `/${long}` }, context('r1'));
      const [shown] = await recorded();
      expect(shown?.message.length).toBeLessThan(2_000);
      expect(long.startsWith(shown?.message ?? 'nothing')).toBe(true);
    });
  });
}
