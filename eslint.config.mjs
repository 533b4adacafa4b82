// What the compiler does not see and Prettier does not write. Who may import whom is checked by test/architecture.
import eslint from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import globals from 'globals';
import tseslint from 'typescript-eslint';

const noDefaultExport = {
  selector: 'ExportDefaultDeclaration',
  message: 'Name what you export: a default export has no name of its own.',
};

export default defineConfig(
  globalIgnores(['dist/', 'node_modules/', 'data/', 'coverage/', '.cache/']),
  eslint.configs.recommended,
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: { globals: globals.node },
    rules: { 'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }] },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: ['error', 'always'],
      'no-console': 'error',
      'no-restricted-syntax': ['error', noDefaultExport],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx', 'hack'], location: 'start' }],
      '@typescript-eslint/consistent-type-assertions': [
        'error',
        { assertionStyle: 'as', objectLiteralTypeAssertions: 'allow' },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      // Numbers and booleans in messages are fine; objects are not.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // Nest modules are classes with nothing but a decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      // Answers are plain objects of the shape of a documented class; ports are implemented by objects in tests.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Texts are counted and cut by code point, and request objects are spread into commands, on purpose.
      '@typescript-eslint/no-misused-spread': 'off',
      // Calls it wrong where something else changes a flag meanwhile (an aborted signal), or where a type only promises.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // Copies of plain objects lose keys by `delete`; they are small and short-lived.
      '@typescript-eslint/no-dynamic-delete': 'off',
      // Control characters are what some patterns look for.
      'no-control-regex': 'off',
      // An implementation of a port may answer at once where the port promises later.
      '@typescript-eslint/require-await': 'off',
      // `Position | 'start'` says more to a reader than to the compiler.
      '@typescript-eslint/no-redundant-type-constituents': 'off',
      // `get<Document>(view, key)` names what the caller knows to be stored there.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['**/*.spec.ts', '**/*.contract.ts', 'test/**/*.ts'],
    rules: {
      'no-console': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
      'no-restricted-properties': [
        'error',
        ...['it', 'test', 'describe'].flatMap((object) =>
          ['only', 'skip', 'todo'].map((property) => ({
            object,
            property,
            message: 'Every test runs, and none runs alone.',
          })),
        ),
      ],
    },
  },
  {
    files: ['apps/server/src/main.ts', 'scripts/**'],
    rules: { 'no-console': 'off' },
  },
);
