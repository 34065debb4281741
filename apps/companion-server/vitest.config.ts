import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { name: '@lux/companion-server', include: ['test/**/*.test.ts'] } })
