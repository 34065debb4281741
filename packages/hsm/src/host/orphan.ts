import { Worker } from 'node:worker_threads'
import { load } from 'koffi'

/** How long a host may work on after its parent is gone: a write that is under way ends, a library that hangs does not. */
export const defaultOrphanMs = 30_000

/**
 * Plain JavaScript, since a thread's own file would have to be found in every form of packaging. Looks at the parent every
 * second, and counts once it is another one than it was.
 */
const watch = `
const { workerData: { parent, orphanMs } } = require('node:worker_threads')
const every = Math.min(1000, orphanMs)
let left = orphanMs
setInterval(() => {
  if (process.ppid === parent) return
  left -= every
  if (left <= 0) process.kill(process.pid, 'SIGKILL')
}, every)
`

/**
 * Ends this process `orphanMs` after its parent ended, at the latest. A call into the library may block the main thread, so a thread of its
 * own watches. The library's exit handlers may hang too, so the system's alarm covers the exit.
 */
export function endAsOrphan(orphanMs: number): void {
  const thread = new Worker(watch, {
    eval: true,
    env: {},
    execArgv: [],
    workerData: { parent: process.ppid, orphanMs },
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 },
  })
  thread.unref()
  if (process.platform !== 'linux') return
  const alarm = findAlarm()
  if (alarm !== null) process.once('exit', () => void alarm(Math.ceil(orphanMs / 1000)))
}

/** POSIX alarm(2), of glibc; null where another C library is in its place: the thread watches all the same. */
function findAlarm(): ((seconds: number) => number) | null {
  try {
    return load('libc.so.6').func('alarm', 'uint', ['uint'])
  } catch {
    return null
  }
}
