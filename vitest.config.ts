import { defineConfig } from 'vitest/config';

const project = (name: string, options: { testTimeout?: number; globalSetup?: string } = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: options.testTimeout ?? 30_000,
    hookTimeout: 60_000,
    ...(options.globalSetup ? { globalSetup: options.globalSetup } : {}),
  },
});

export default defineConfig({
  test: {
    pool: 'forks',
    // Handlers under test log as they do on AWS; a failing assertion tells more than their lines.
    env: { POWERTOOLS_LOG_LEVEL: 'SILENT', POWERTOOLS_TRACE_ENABLED: 'false' },
    maxWorkers: 2,
    projects: [
      project('unit'),
      project('infra', { testTimeout: 60_000, globalSetup: 'test/support/bundle-once.ts' }),
      project('statemachine', { testTimeout: 60_000, globalSetup: 'test/support/bundle-once.ts' }),
      project('chaos', { testTimeout: 60_000 }),
      project('e2e', { testTimeout: 60_000, globalSetup: 'test/support/bundle-once.ts' }),
    ],
  },
});
