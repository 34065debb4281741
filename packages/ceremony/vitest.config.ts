import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { name: '@lux/ceremony', include: ['test/**/*.test.ts'], testTimeout: 30_000, hookTimeout: 60_000 },
})
