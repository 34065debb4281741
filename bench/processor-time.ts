import { readdirSync, readFileSync } from 'node:fs'
import { descendants } from './memory.ts'

/** Milliseconds that all threads of a process have run for. */
export function processorTime(pid: number | null): number {
  return pid === null ? 0 : threadTimes(pid).reduce((sum, one) => sum + one, 0)
}

/** Milliseconds that the busiest thread of a process and its descendants has run for: what others do adds nothing to it. */
export function busiestThread(pid: number): number {
  return Math.max(...descendants(pid).flatMap(threadTimes))
}

/** Of each thread (Linux, first field of /proc/PID/task/TID/schedstat). */
function threadTimes(pid: number): number[] {
  const tasks = `/proc/${pid}/task`
  return readdirSync(tasks).map((task) => {
    const [nanoseconds = '0'] = readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')
    return Number(nanoseconds) / 1e6
  })
}
