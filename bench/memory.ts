import { readdirSync, readFileSync } from 'node:fs'

/** Proportional set size in MiB of a process and all its descendants (Linux, /proc/PID/smaps_rollup). */
export function treeMemory(pid: number): number {
  return descendants(pid).reduce((sum, one) => sum + memoryOf(one), 0)
}

/** Looks every `everyMs` and keeps the most that it saw. */
export function watchMemory(pid: number, everyMs = 200): () => number {
  let peak = 0
  const timer = setInterval(() => {
    peak = Math.max(peak, treeMemory(pid))
  }, everyMs)
  return () => {
    clearInterval(timer)
    return peak
  }
}

function memoryOf(pid: number): number {
  const kib = /^Pss:\s+(\d+) kB$/m.exec(readProc(`/proc/${pid}/smaps_rollup`))?.[1]
  return Number(kib ?? 0) / 1024
}

/** A process and all its descendants. */
export function descendants(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    // After the command in parentheses come the state and the parent (proc_pid_stat(5)).
    const parent = /^\d+ \(.*\) \S (\d+)/s.exec(readProc(`/proc/${name}/stat`))?.[1]
    if (parent !== undefined)
      children.set(Number(parent), [...(children.get(Number(parent)) ?? []), Number(name)])
  }
  const found = [pid]
  for (const one of found) found.push(...(children.get(one) ?? []))
  return found
}

/** A process may end while one looks at it. */
function readProc(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
