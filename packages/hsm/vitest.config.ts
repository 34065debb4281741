import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { name: '@lux/hsm', include: ['test/**/*.test.ts'] } })
