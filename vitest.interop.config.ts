import { defineConfig } from 'vitest/config'

// What `npm run interop` runs with the evaluator, the KMIP client or the token that it built.
export default defineConfig({
  test: {
    name: 'interop',
    include: [
      'apps/desktop/test/core/*.interop.ts',
      'apps/companion-server/test/doors/kmip/*.interop.ts',
      'packages/hsm/test/profiles/*.interop.ts',
    ],
    testTimeout: 30 * 60_000,
    hookTimeout: 10 * 60_000,
    fileParallelism: false,
    retry: 0,
  },
})
