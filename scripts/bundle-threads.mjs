// The second half of npm run build: each thread of the server becomes one file with what it shares with the others in
// dist/threads. A thread has a heap of its own: what it need not load costs neither memory nor time at the start.
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const threads = [
  'apps/server/src/projector.thread.js',
  'libs/event-store/src/log.thread.js',
  'libs/evidence/src/evidence.thread.js',
  'libs/read-model/src/view-reader.thread.js',
];

/** Modules of ours do nothing when they are loaded: those that nobody uses can be left out. */
const withoutEffects = {
  name: 'without-effects',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^\./ }, async ({ path, pluginData, ...rest }) => {
      if (pluginData === 'resolved') return undefined;
      return { ...(await resolve(path, { ...rest, pluginData: 'resolved' })), sideEffects: false };
    });
  },
};

await build({
  absWorkingDir: dist,
  entryPoints: threads,
  outdir: dist,
  outbase: dist,
  allowOverwrite: true,
  bundle: true,
  // Parts that are loaded on demand stay apart.
  splitting: true,
  chunkNames: 'threads/[name]-[hash]',
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  plugins: [withoutEffects],
  logLevel: 'warning',
});
