import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: '@lux/desktop',
    include: ['test/**/*.test.ts'],
    globalSetup: './test/support/built.ts',
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
})
