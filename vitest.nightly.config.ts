import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'nightly',
    include: [
      '{packages,apps}/*/test/**/*.nightly.ts',
      'scripts/test/**/*.nightly.ts',
      'e2e/**/*.nightly.ts',
    ],
    testTimeout: 30 * 60_000,
    hookTimeout: 10 * 60_000,
    globalSetup: 'scripts/test/token-addon.ts',
    fileParallelism: false,
    retry: 0,
  },
})
