import { defineConfig } from 'vitest/config';

// Stories share one service and one browser, and run one after the other: a slow machine must not fail them.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: [process.env['MEASURE'] === undefined ? '**/*.story.ts' : '**/*.measure.ts'],
    globalSetup: './setup.ts',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
