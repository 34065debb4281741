import child from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'

/**
 * Hosts of tokens and key children are started with an environment of their own, so they would compile their sources at each of
 * some thousand starts. In tests they have the cache of this process, as long as its environment names one.
 */
const start = child.fork
function forkCompiled(...given: unknown[]): child.ChildProcess {
  const [entry, args, options] = given as Parameters<typeof child.fork>
  const cache = process.env.NODE_COMPILE_CACHE
  if (cache === undefined || options?.env === undefined) return start(entry, args, options)
  return start(entry, args, { ...options, env: { NODE_COMPILE_CACHE: cache, ...options.env } })
}

// This runs before each file of a worker.
if (start.name !== forkCompiled.name) {
  Object.defineProperty(child, 'fork', { value: forkCompiled, configurable: true, writable: true })
  syncBuiltinESMExports()
}
