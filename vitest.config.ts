import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: ['packages/*', 'apps/*', 'scripts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Its default leaves one processor free, which on two cores is one file at a time.
    maxWorkers: '100%',
  },
})
