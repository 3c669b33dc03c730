import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** One entry of `no-restricted-imports`: what a room may not reach, and the arrow that says so. */
const not = (group, message, allowTypeImports = false) => ({ group, message, allowTypeImports });

const TEMPORAL = ['@temporalio/*'];
const NODE = ['node:*'];
const ADAPTERS = ['**/providers/**', '**/storage/**', '**/ledger/**', '**/media/**'];

const arrows = (files, ...patterns) => ({
  files,
  rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] },
});

export default tseslint.config(
  { ignores: ['dist/**', '.pollux/**', 'coverage/**', 'test/histories/**'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'max-lines': ['error', { max: 400 }],
      'no-console': 'error',
    },
  },
  {
    files: ['**/*.{js,mjs}', 'bin/pollux'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        fetch: 'readonly',
        Buffer: 'readonly',
      },
    },
  },
  {
    files: ['scripts/**', 'bench/**', 'examples/**', 'src/cli/**'],
    rules: { 'no-console': 'off' },
  },
  arrows(
    ['src/core/**'],
    not([...TEMPORAL, ...NODE, 'zod', '../*'], 'core imports nothing but itself'),
  ),
  arrows(
    ['src/workflows/**'],
    not(
      [...NODE, 'zod', ...ADAPTERS, '**/config.ts', '**/client.ts', '**/worker.ts'],
      'workflow code is deterministic: core, failures and @temporalio/workflow only',
    ),
    not(['**/activities/**'], 'workflows take activities as types only', true),
    not(
      ['@temporalio/activity', '@temporalio/client', '@temporalio/worker', '@temporalio/testing'],
      'not available to workflow code',
    ),
  ),
  arrows(
    ['src/activities/**'],
    not([...ADAPTERS, '**/workflows/**', '**/config.ts'], 'adapters arrive as ports'),
    not(
      ['@temporalio/client', '@temporalio/worker', '@temporalio/workflow'],
      'activities use core and @temporalio/activity',
    ),
  ),
  arrows(
    ['src/providers/**'],
    not(
      [...TEMPORAL, '**/storage/**', '**/ledger/**', '**/media/**', '**/config.ts'],
      'providers use core and their own libraries',
    ),
  ),
  arrows(
    ['src/storage/**'],
    not(
      [...TEMPORAL, '**/providers/**', '**/ledger/**', '**/media/**', '**/config.ts'],
      'stores use core and their own libraries',
    ),
  ),
  arrows(
    ['src/ledger/**'],
    not(
      [...TEMPORAL, '**/providers/**', '**/storage/**', '**/media/**', '**/config.ts'],
      'the ledger uses core and its own libraries',
    ),
  ),
  arrows(
    ['src/media/**'],
    not(
      [...TEMPORAL, '**/providers/**', '**/storage/**', '**/ledger/**', '**/config.ts'],
      'media checks use core and their own libraries',
    ),
  ),
  arrows(
    ['src/maintenance/**'],
    not(
      [...TEMPORAL, ...ADAPTERS, '**/workflows/**', '**/activities/**', '**/config.ts'],
      'maintenance uses core; everything else arrives as ports',
    ),
  ),
  arrows(
    ['src/cli/**'],
    not(
      [...ADAPTERS, '**/workflows/**', '**/activities/**'],
      'commands use core, config, client and the composition root',
    ),
  ),
  arrows(['simulator/**'], not(['**/src/**'], 'the simulator is an independent judge')),
  {
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
