import { defineConfig } from 'vitest/config'
import { languages } from './scripts/build/languages.ts'
import { compiledOnce } from './scripts/test/compiled-once.ts'
import { LongestFirst } from './scripts/test/longest-first.ts'
import { filesOfTier } from './scripts/test/tiers.ts'

/** Of each test: a busy machine takes several times what it needs. Whoever polls stops at once when there is what it looks for. */
const patience = { testTimeout: 180_000, hookTimeout: 180_000, expect: { poll: { timeout: 30_000 } } }
const quickSetup = 'packages/crypto/test/quick-setup.ts'
const asFound = 'scripts/test/as-found.ts'
const madeOnce = 'scripts/test/made-once.ts'
const compiledHosts = 'scripts/test/compiled-hosts.ts'

// `--sequence.shuffle.files` looks for tests that depend on those before them.
const shuffled = process.argv.some((word) => word.startsWith('--sequence.shuffle'))

export default defineConfig({
  test: {
    ...(shuffled ? {} : { sequence: { sequencer: LongestFirst } }),
    projects: [
      {
        // Screens may load texts; no unit test reads any.
        plugins: [languages(() => false)],
        test: {
          ...filesOfTier.unit,
          name: 'unit',
          // One loading of the sources, and one making of what the tests share, for all files of a worker.
          isolate: false,
          setupFiles: ['scripts/test/no-process.ts', quickSetup],
          ...patience,
        },
      },
      {
        test: {
          ...filesOfTier.driver,
          name: 'driver',
          env: compiledOnce,
          setupFiles: [compiledHosts],
          globalSetup: ['scripts/test/token-addon.ts', madeOnce],
          // Every test starts processes: on a busy machine the usual five seconds are gone before the first call.
          ...patience,
        },
      },
      {
        test: {
          ...filesOfTier.flow,
          name: 'flow',
          // As for units: loading the sources anew for each of 200 files takes a third of their time.
          isolate: false,
          env: compiledOnce,
          globalSetup: ['scripts/test/built.ts', madeOnce],
          setupFiles: [asFound, quickSetup, compiledHosts],
          // Each may start a database or a dozen commands, which takes long where other work fills the processors.
          ...patience,
        },
      },
    ],
  },
})
