import { afterAll, vi } from 'vitest'

// Files of a worker share its process, and each finds it as the first one did; mocks are the runner's own care. What is registered
// first runs last.
const found = { ...process.env }
afterAll(() => {
  vi.useRealTimers()
  vi.unstubAllEnvs()
  for (const name of Object.keys(process.env)) if (!(name in found)) delete process.env[name]
  Object.assign(process.env, found)
})
