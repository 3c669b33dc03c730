/** Shared by all projects. Tests run as CommonJS: no top-level await, no ESM-only dependency. */
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
      displayName: 'model',
      testMatch: testsIn('model'),
      // The model stands in for the server and both SDKs, so that time is virtual and a crash is one line.
      moduleNameMapper: {
        '^@temporalio/workflow$': '<rootDir>/test/model/temporal/workflow.ts',
        '^@temporalio/activity$': '<rootDir>/test/model/temporal/activity.ts',
      },
    },
    {
      ...base,
      displayName: 'crash',
      testMatch: testsIn('crash'),
      globalSetup: '<rootDir>/test/crash/global-setup.ts',
      setupFilesAfterEnv: ['<rootDir>/test/crash/patience.ts'],
    },
    {
      ...base,
      displayName: 'server',
      testMatch: testsIn('integration', 'faults'),
      globalSetup: '<rootDir>/test/environment/global-setup.ts',
    },
    {
      ...base,
      displayName: 'monkey',
      testMatch: testsIn('monkey'),
      globalSetup: '<rootDir>/test/environment/global-setup.ts',
    },
  ],
};
