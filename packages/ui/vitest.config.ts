import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { name: '@lux/ui', include: ['test/**/*.test.ts', 'test/**/*.test.tsx'] },
})
