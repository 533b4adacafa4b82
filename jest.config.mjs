import { readFileSync } from 'node:fs';

const {
  module: _module,
  sourceMaps: _maps,
  $schema: _schema,
  ...swc
} = JSON.parse(readFileSync(new URL('./.swcrc', import.meta.url), 'utf8'));
const libraries = Object.entries(
  JSON.parse(readFileSync(new URL('./tsconfig.json', import.meta.url), 'utf8')).compilerOptions.paths,
).map(([name, [path]]) => [`^${name}$`, `<rootDir>/${path.slice(2)}`]);

/** @type {import('jest').Config} */
export default {
  rootDir: '.',
  testMatch: ['<rootDir>/{apps,libs,test}/**/*.spec.ts'],
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.(ts|js)$': ['@swc/jest', { ...swc, swcrc: false }] },
  // CommonJS packages require these two ESM-only ones; below Node 24.9 Jest cannot do that without transforming them.
  transformIgnorePatterns: ['/node_modules/(?!(content-disposition|cookie)/)'],
  moduleNameMapper: { ...Object.fromEntries(libraries), '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  testTimeout: 30_000,
  testSequencer: '<rootDir>/test/support/longest-first.cjs',
  // Two, also where that is every processor: most of the time a test file waits for servers that it started.
  maxWorkers: 2,
  // Modules of earlier files are never given back.
  workerIdleMemoryLimit: '1GB',
};
