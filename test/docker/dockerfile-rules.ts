// What our Dockerfile must keep, in the manner of hadolint, which cannot run here.
import type { Instruction, Stage } from './dockerfile.js';
import { parseDockerfile } from './dockerfile.js';

export interface Surroundings {
  /** Whether the path is in the repository. */
  readonly exists: (path: string) => boolean;
  /** Whether .dockerignore lets it into the build. */
  readonly isSent: (path: string) => boolean;
}

export interface DockerfileRule {
  readonly name: string;
  readonly sentence: string;
  readonly check: (stages: readonly Stage[], around: Surroundings) => Iterable<string>;
}

const all = (stages: readonly Stage[], name: string): Instruction[] =>
  stages.flatMap(({ instructions }) => instructions.filter((one) => one.name === name));
const lastOf = (stages: readonly Stage[]): Stage => stages.at(-1) as Stage;
const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '' && !word.startsWith('--'));
const isExecForm = (text: string): boolean => {
  try {
    return Array.isArray(JSON.parse(text));
  } catch {
    return false;
  }
};

export const dockerfileRules: readonly DockerfileRule[] = [
  {
    name: 'pinned-base',
    sentence: 'Every base image is pinned to a full version, and all stages stand on the same.',
    *check(stages) {
      for (const { image, line } of stages) {
        if (!/^[a-z0-9./-]+:\d+\.\d+\.\d+[a-z0-9.-]*$/.test(image)) yield `line ${line}: ${image} is not pinned`;
      }
      if (new Set(stages.map(({ image }) => image)).size > 1) yield 'the stages stand on different images';
    },
  },
  {
    name: 'two-stages',
    sentence: 'What builds and what runs are two stages, and the last takes only named parts of the first.',
    *check(stages) {
      if (stages.length < 2) yield 'there is one stage only';
      const aliases = stages.map(({ alias }) => alias);
      for (const { line, text } of all(stages, 'COPY')) {
        const [, from] = /--from=(\S+)/.exec(text) ?? [];
        if (from !== undefined && !aliases.includes(from)) yield `line ${line}: there is no stage ${from}`;
      }
    },
  },
  {
    name: 'no-build-tools',
    sentence: 'The last stage installs and builds nothing, and does without what installs packages.',
    *check(stages) {
      const runs = all([lastOf(stages)], 'RUN');
      for (const { line, text } of runs) {
        if (/\b(npm|npx|yarn|apt-get|apt|apk|tsc|nest)\b(?! *\/)(?=\s+(ci|install|add|build|run|update|--))/.test(text))
          yield `line ${line}: installs or builds`;
      }
      for (const tool of ['/usr/local/lib/node_modules', '/usr/local/bin/npm', '/usr/local/bin/npx', '/opt/yarn']) {
        if (!runs.some(({ text }) => text.includes('rm -rf') && text.includes(tool)))
          yield `${tool} is left in the image`;
      }
    },
  },
  {
    name: 'locked-packages',
    sentence: 'Packages come from the lock file, without scripts, and those for development do not go on.',
    *check(stages) {
      const text = all(stages, 'RUN')
        .map((one) => one.text)
        .join('\n');
      if (!/\bnpm ci\b/.test(text)) yield 'packages are not installed with npm ci';
      if (/\bnpm (install|i)\b/.test(text)) yield 'npm install does not keep to the lock file';
      if (!/\bnpm prune --omit=dev\b/.test(text)) yield 'packages for development stay';
      if (!all(stages, 'COPY').some((one) => words(one.text).includes('.npmrc')))
        yield '.npmrc, which forbids scripts, is not there';
    },
  },
  {
    name: 'not-root',
    sentence: 'It runs as a user that is not root, settled before its command.',
    *check(stages) {
      const { instructions } = lastOf(stages);
      const at = instructions.findLastIndex(({ name }) => name === 'USER');
      const user = instructions[at]?.text ?? 'root';
      if (/^(root|0)(:|$)/.test(user)) yield 'it runs as root';
      if (instructions.slice(at + 1).some(({ name }) => name === 'RUN')) yield 'something is run after USER';
      if (!instructions.slice(at + 1).some(({ name }) => name === 'CMD')) yield 'the command stands before USER';
    },
  },
  {
    name: 'exec-form',
    sentence: 'Commands are lists, so that signals reach the server and no shell is in between.',
    *check(stages) {
      for (const { line, name, text } of [...all(stages, 'CMD'), ...all(stages, 'ENTRYPOINT')]) {
        if (!isExecForm(text)) yield `line ${line}: ${name} is no list`;
      }
      if (all([lastOf(stages)], 'CMD').length !== 1) yield 'there is not one CMD';
    },
  },
  {
    name: 'health',
    sentence: 'It says whether it is ready, by a program that is in the image.',
    *check(stages) {
      const [check] = all([lastOf(stages)], 'HEALTHCHECK');
      if (!check) return yield 'there is no HEALTHCHECK';
      if (!/--interval=\d+s/.test(check.text) || !/--timeout=\d+s/.test(check.text))
        yield 'it has no interval or timeout';
      const [, program = ''] = /"(scripts\/[^"]+)"/.exec(check.text) ?? [];
      const copied = all([lastOf(stages)], 'COPY').flatMap(({ text }) => words(text));
      if (!copied.includes(program)) yield `${program} is not in the image`;
    },
  },
  {
    name: 'one-writable-place',
    sentence: 'The only volume is the data directory, made for the user, so that the root may be read-only.',
    *check(stages) {
      const last = lastOf(stages);
      const volumes = all([last], 'VOLUME').map(({ text }) => text);
      const environment = all([last], 'ENV')
        .map(({ text }) => text)
        .join(' ');
      const [, directory] = /\bDATA_DIR=(\S+)/.exec(environment) ?? [];
      if (volumes.length !== 1 || volumes[0] !== directory) yield 'VOLUME and DATA_DIR are not one and the same';
      const made = all([last], 'RUN').some(
        ({ text }) => text.includes('mkdir /data') && text.includes('chmod 700 /data'),
      );
      if (!made) yield 'the data directory is not made, or not for its user alone';
    },
  },
  {
    name: 'no-secrets',
    sentence: 'No secret is an argument of the build or part of the image.',
    *check(stages) {
      for (const { line, text } of [...all(stages, 'ENV'), ...all(stages, 'ARG')]) {
        if (/(PASSWORD|SECRET|TOKEN|PEPPER|_KEY|_URL)\w*=/i.test(text)) yield `line ${line}: looks like a secret`;
      }
    },
  },
  {
    name: 'plain-copies',
    sentence: 'Files are copied from the repository by name, never added from elsewhere, and all of them are there.',
    *check(stages, { exists, isSent }) {
      for (const { line } of all(stages, 'ADD')) yield `line ${line}: ADD fetches and unpacks: use COPY`;
      for (const { line, text } of all(stages, 'COPY')) {
        if (text.includes('--from=')) continue;
        for (const path of words(text).slice(0, -1)) {
          if (path === '.' || path.includes('*')) yield `line ${line}: copies everything`;
          else if (!exists(path)) yield `line ${line}: there is no ${path}`;
          else if (!isSent(path)) yield `line ${line}: .dockerignore keeps ${path} back`;
        }
      }
    },
  },
];

/** Each finding begins with the name of its rule. */
export function checkDockerfile(text: string, around: Surroundings): string[] {
  const stages = parseDockerfile(text);
  if (stages.length === 0) return ['there is no stage'];
  return dockerfileRules.flatMap((rule) => [...rule.check(stages, around)].map((told) => `${rule.name}: ${told}`));
}
