// A port for a server of a test that is stopped and comes back: nobody else is given it meanwhile.
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below those that the system hands out, to connections too. */
const PORTS: PortRange = [20_000, 30_000];

/** From the first, and below the second. */
export type PortRange = readonly [number, number];

/** One on loopback that was free a moment ago. */
export async function freePort([from, to]: PortRange = PORTS): Promise<number> {
  for (;;) {
    const port = randomInt(from, to);
    const probe = createServer();
    const free = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!free) continue;
    probe.close();
    await once(probe, 'close');
    return port;
  }
}
