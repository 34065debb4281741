import { defineConfig } from 'vitest/config'
import { LongestFirst } from '../scripts/test/longest-first.ts'

const shared = {
  // A whole ceremony takes half a minute, and several times that where other work fills the processors.
  testTimeout: 480_000,
  hookTimeout: 240_000,
  expect: { poll: { timeout: 60_000 } },
  // Two windows at once, each on a display of its own: more would wait for each other on two cores.
  maxWorkers: 2,
  retry: 0,
  setupFiles: ['./support/keep-on-failure.ts'],
  // In the order of their definition: what keeps a trace comes before what closes the window.
  sequence: { hooks: 'list' as const },
}

export default defineConfig({
  test: {
    ...shared,
    root: import.meta.dirname,
    sequence: { ...shared.sequence, sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...shared,
          name: 'e2e',
          include: ['**/*.test.ts'],
          exclude: ['package/**', '**/node_modules/**'],
        },
      },
      { test: { ...shared, name: 'package', include: ['package/**/*.test.ts'] } },
    ],
  },
})
