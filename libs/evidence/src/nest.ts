// The door for whoever runs on Node. Auditors' tools come in here too and must stay small: what a server has besides (stores,
// drivers, the framework) is loaded when it is asked for.
import type * as server from './server.module.js';
import type * as watching from './watching.worker.js';

export * from './node.signature.js';
export * from './open-evidence.worker.js';
export type * from './server.module.js';
export type { HeldHead } from './watching.worker.js';

export function evidenceServer(): Promise<typeof server> {
  return import('./server.module.js');
}

export function evidenceWatching(): Promise<typeof watching> {
  return import('./watching.worker.js');
}
