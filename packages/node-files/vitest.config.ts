import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { name: '@lux/node-files', include: ['test/**/*.test.ts'] } })
