import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

type Process = {
  readonly pid: number
  readonly name: string
  readonly parent: number
  readonly started: string
}

/**
 * When the npm that runs this program as a script has ended: whoever kills `npm run server` means the server, and npm's shell
 * tells nobody. Never, where no npm stands above.
 */
export async function npmGone(): Promise<void> {
  const npm = process.env.npm_lifecycle_event === undefined ? null : await npmAbove(process.ppid)
  if (npm === null) return new Promise(() => undefined)
  // Its start is asked for as well: the number of a process that ended may be given to another.
  while ((await find(npm.pid))?.started === npm.started) await sleep(500, undefined, { ref: false })
}

async function npmAbove(from: number): Promise<Process | null> {
  for (let pid = from; pid > 1; ) {
    const found = await find(pid)
    if (found === null || found.name.startsWith('npm')) return found
    pid = found.parent
  }
  return null
}

/** Of proc(5), /proc/PID/stat: fields 2, 4 and 22. Null of a process that has ended, though nobody has asked about it yet. */
async function find(pid: number): Promise<Process | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const end = stat.lastIndexOf(')')
    const fields = stat.slice(end + 2).split(' ')
    if (fields[0] === 'Z') return null
    return {
      pid,
      name: stat.slice(stat.indexOf('(') + 1, end),
      parent: Number(fields[1]),
      started: fields[19] ?? '',
    }
  } catch {
    return null
  }
}
