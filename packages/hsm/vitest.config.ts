import { defineConfig } from 'vitest/config'

/** Every test starts processes: on a busy machine the usual five seconds are gone before the first call. */
export default defineConfig({
  test: { name: '@lux/hsm', include: ['test/**/*.test.ts'], testTimeout: 30_000, hookTimeout: 30_000 },
})
