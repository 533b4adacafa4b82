// Lets Node run the TypeScript sources directly: `node --import ./test/support/typescript.mjs apps/server/src/main.ts`.
// Used by tests that start a process or a thread, so that they run the sources in front of you and not an older build.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
