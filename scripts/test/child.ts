import { type ChildProcess, spawn } from 'node:child_process'

export type Ended = { code: number | null; overdue: boolean }

let running: ChildProcess | null = null

/** Ends whatever runs now, with everything it started. */
export function endRunning(signal: NodeJS.Signals): void {
  if (running?.pid === undefined) return
  try {
    process.kill(-running.pid, signal)
  } catch {
    // The group is gone already.
  }
}

/** Runs a command in a process group of its own, ended as a whole when it is done or takes longer than `limitMs`. */
export function runChild(
  command: string,
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv; limitMs: number },
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    })
    running = child
    let overdue = false
    const timer = setTimeout(() => {
      overdue = true
      endRunning('SIGKILL')
    }, options.limitMs)
    const finish = (code: number | null): void => {
      clearTimeout(timer)
      endRunning('SIGKILL')
      running = null
      resolve({ code, overdue })
    }
    child.on('error', (error) => {
      process.stderr.write(`${command}: ${error.message}\n`)
      finish(null)
    })
    child.on('exit', (code) => finish(code))
  })
}
