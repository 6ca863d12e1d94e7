import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// Tests run on the sources, so that a stale build can never pass for a fresh one.
export default defineConfig({
  resolve: {
    alias: {
      '@shunt/model': source('packages/model/src/index.ts'),
      '@shunt/compiler': source('packages/compiler/src/index.ts'),
      '@shunt/cluster': source('packages/cluster/src/index.ts'),
      '@shunt/dataplane': source('packages/dataplane/src/index.ts'),
      '@shunt/testing/cases': source('packages/testing/src/cases/index.ts'),
      '@shunt/testing/vitest': source('packages/testing/src/vitest.ts'),
      '@shunt/testing': source('packages/testing/src/index.ts'),
      '@shunt/kernel': source('packages/kernel/src/index.ts'),
      '@shunt/agent': source('packages/agent/src/index.ts'),
      '@shunt/cli': source('packages/cli/src/index.ts'),
    },
  },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'bench/src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // All processors: the runner would leave one of two idle.
    maxWorkers: '100%',
  },
});
