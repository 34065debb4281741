import { readdirSync, readFileSync } from 'node:fs'

/** Milliseconds that all threads of a process have run for (Linux, first field of /proc/PID/task/TID/schedstat). */
export function processorTime(pid: number | null): number {
  if (pid === null) return 0
  const tasks = `/proc/${pid}/task`
  return readdirSync(tasks).reduce((sum, task) => {
    const [nanoseconds = '0'] = readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')
    return sum + Number(nanoseconds) / 1e6
  }, 0)
}
