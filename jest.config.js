// Tests run against sources (the `source` export condition). The integration project's database server and the
// platform of the end-to-end project are started from what `make build` built.
const shared = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'default'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'es6' } },
    ],
  },
  modulePathIgnorePatterns: ['/dist/', '/var/'],
};

/** @type {import('jest').Config} */
export default {
  // A bound for hangs, generous on slow and busy machines; no test waits for time to pass.
  testTimeout: 120_000,
  // Modules of finished tests stay in memory (the way Jest runs ES modules): a worker that has grown so far is replaced,
  // or the last of the suites would run ever slower and then out of memory.
  workerIdleMemoryLimit: '1GB',
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/{libs,services,apps,bench}/*/src/**/*.test.ts'],
    },
    {
      ...shared,
      displayName: 'integration',
      globalSetup: '<rootDir>/test/support/global-setup.js',
      globalTeardown: '<rootDir>/test/support/global-teardown.js',
      testMatch: ['<rootDir>/{libs,services,apps}/*/test/**/*.int.test.ts'],
    },
    { ...shared, displayName: 'e2e', testMatch: ['<rootDir>/test/e2e/**/*.e2e.test.ts'] },
  ],
};
