import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { checkDockerfile, dockerfileRules } from './dockerfile-rules.js';
import { parseDockerfile } from './dockerfile.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const text = readFileSync(`${root}Dockerfile`, 'utf8');
const sent = readFileSync(`${root}.dockerignore`, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('!'))
  .map((line) => line.slice(1));

const around = {
  exists: (path: string) => existsSync(`${root}${path}`),
  isSent: (path: string) => sent.some((one) => path === one || path.startsWith(`${one}/`)),
};

/** A change that each rule must notice. */
const planted: Readonly<Record<string, readonly (readonly [RegExp | string, string])[]>> = {
  'pinned-base': [
    [/:24\.21\.0-bookworm-slim$/m, ':24-bookworm-slim'],
    [/:24\.21\.0-bookworm-slim$/m, ':latest'],
    [/:24\.21\.0-bookworm-slim$/m, ':24.20.0-bookworm-slim'],
  ],
  'two-stages': [
    [/--from=build \/app\/dist/, '--from=builder /app/dist'],
    [/^FROM node\S+$/m, ''],
  ],
  'no-build-tools': [
    ['/usr/local/bin/npm ', ''],
    ['&& mkdir /data', '&& npm ci && mkdir /data'],
    ['&& mkdir /data', '&& apt-get update && mkdir /data'],
  ],
  'locked-packages': [
    ['npm ci --no-progress', 'npm install'],
    [' && npm prune --omit=dev', ''],
    [' .npmrc', ''],
  ],
  'not-root': [
    [/^USER node$/m, ''],
    [/^USER node$/m, 'USER 0'],
    [/^USER node$/m, 'USER node\nRUN chmod 777 /app'],
  ],
  'exec-form': [[/^CMD .*$/m, 'CMD node dist/apps/server/src/main.js']],
  health: [
    [/^HEALTHCHECK.*$/m, ''],
    ['--timeout=5s', ''],
    ['CMD ["node", "scripts/health.mjs"]', 'CMD ["node", "scripts/health.js"]'],
  ],
  'one-writable-place': [
    [/^VOLUME \/data$/m, 'VOLUME /data /app'],
    ['DATA_DIR=/data', 'DATA_DIR=/app/data'],
    ['chmod 700 /data', 'chmod 777 /data'],
  ],
  'no-secrets': [
    ['PORT=4021', 'PORT=4021 API_KEY_PEPPER=abc'],
    [/^WORKDIR \/app$/m, 'WORKDIR /app\nARG NPM_TOKEN=abc'],
  ],
  'plain-copies': [
    [/^COPY libs libs$/m, 'ADD libs libs'],
    [/^COPY libs libs$/m, 'COPY . .'],
    [/^COPY libs libs$/m, 'COPY lib lib'],
    [/^COPY libs libs$/m, 'COPY docs docs'],
  ],
};

describe('the Dockerfile', () => {
  it('keeps every rule', () => {
    expect(checkDockerfile(text, around)).toEqual([]);
  });

  it('is read whole: comments, continued lines, stages', () => {
    const stages = parseDockerfile('# a\nFROM a:1 AS b\nRUN x \\\n  && y\n\nFROM c:2\nUSER d\n');
    expect(stages).toEqual([
      { image: 'a:1', alias: 'b', line: 2, instructions: [{ line: 3, name: 'RUN', text: 'x && y' }] },
      { image: 'c:2', alias: undefined, line: 6, instructions: [{ line: 7, name: 'USER', text: 'd' }] },
    ]);
    expect(() => parseDockerfile('RUN x\n')).toThrow('before the first stage');
    expect(() => parseDockerfile('FROM a\n???\n')).toThrow('no instruction');
  });

  it('has a planted violation for every rule', () => {
    expect(Object.keys(planted).sort()).toEqual(dockerfileRules.map(({ name }) => name).sort());
  });

  it.each(Object.entries(planted).flatMap(([name, changes]) => changes.map((change) => [name, ...change] as const)))(
    'would be refused by %s with %p as %p',
    (name, from, to) => {
      // The last place: what is true of the stage that runs.
      const at = [...text.matchAll(new RegExp(typeof from === 'string' ? escaped(from) : from.source, 'gm'))].at(-1);
      expect(at).toBeDefined();
      const changed = text.slice(0, at?.index) + to + text.slice((at?.index ?? 0) + (at?.[0].length ?? 0));
      expect(checkDockerfile(changed, around).map((told) => told.split(':')[0])).toContain(name);
    },
  );
});

function escaped(literal: string): string {
  return literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
