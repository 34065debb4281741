import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { name: '@lux/crypto', include: ['test/**/*.test.ts'] } })
