/** Shared by both projects. Tests run as CommonJS: no top-level await, no ESM-only dependency. */
const base = {
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'commonjs' },
      },
    ],
  },
  extensionsToTreatAsEsm: [],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.pollux/'],
  restoreMocks: true,
};

const testsIn = (...folders) => folders.map((folder) => `<rootDir>/test/${folder}/**/*.test.ts`);

export default {
  maxWorkers: 2,
  testTimeout: 30_000,
  projects: [
    {
      ...base,
      displayName: 'pure',
      testMatch: testsIn('architecture', 'unit', 'contract', 'replay', 'types'),
    },
    {
      ...base,
      displayName: 'server',
      testMatch: testsIn('integration', 'faults'),
      globalSetup: '<rootDir>/test/environment/global-setup.ts',
    },
  ],
};
