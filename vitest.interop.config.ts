import { defineConfig } from 'vitest/config'

// What `npm run interop` runs with the evaluator that it built.
export default defineConfig({
  test: {
    name: 'interop',
    include: ['apps/desktop/test/core/*.interop.ts'],
    fileParallelism: false,
    retry: 0,
  },
})
