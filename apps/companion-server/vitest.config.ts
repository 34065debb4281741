import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: '@lux/companion-server',
    include: ['test/**/*.test.ts'],
    // Each of these tests starts a database of its own, which takes long where other work fills the processors.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
