import { defineConfig } from 'vitest/config'

// What `npm run interop` runs with the evaluator, or the KMIP client, that it built.
export default defineConfig({
  test: {
    name: 'interop',
    include: ['apps/desktop/test/core/*.interop.ts', 'apps/companion-server/test/kmip/*.interop.ts'],
    testTimeout: 30 * 60_000,
    hookTimeout: 10 * 60_000,
    fileParallelism: false,
    retry: 0,
  },
})
