import { defineConfig } from 'vitest/config'
import { filesOfTier } from './scripts/test/tiers.ts'

const verifiedOnce = 'packages/crypto/test/verified-once-setup.ts'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...filesOfTier.unit,
          name: 'unit',
          // One loading of the sources, and one making of what the tests share, for all files of a worker.
          isolate: false,
          setupFiles: ['scripts/test/no-process.ts', verifiedOnce],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          ...filesOfTier.driver,
          name: 'driver',
          // Every test starts processes: on a busy machine the usual five seconds are gone before the first call.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          ...filesOfTier.flow,
          name: 'flow',
          globalSetup: 'scripts/test/built.ts',
          setupFiles: [verifiedOnce],
          // Each may start a database or a dozen commands, which takes long where other work fills the processors.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
