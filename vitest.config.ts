import { defineConfig } from 'vitest/config'

/** Projects take nothing of what stands here: each has its own time limits. */
export default defineConfig({ test: { projects: ['packages/*', 'apps/*', 'scripts'] } })
