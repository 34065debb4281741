import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

const text = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // The process ended between the listing and the look.
    return ''
  }
}

/** Running descendants of `pid` whose command line holds `part`, from /proc. */
export function descendants(pid: number, part: string): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const parent = /\) [^Z] (\d+) /.exec(text(`/proc/${name}/stat`))?.[1]
    if (parent !== undefined) parents.set(Number(name), Number(parent))
  }
  const isBelow = (one: number): boolean => {
    const parent = parents.get(one)
    return parent !== undefined && (parent === pid || isBelow(parent))
  }
  return [...parents.keys()].filter((one) => isBelow(one) && text(`/proc/${one}/cmdline`).includes(part))
}

/** The only such process. Throws when there is none or more than one. */
export function descendant(pid: number, part: string): number {
  const found = descendants(pid, part)
  if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} processes of ${part}`)
  return found[0]
}

/** All that a child has said, on both its outputs, once `pattern` is in it. It is killed where that takes longer. */
export function heard(child: ChildProcess, pattern: RegExp, withinMs: number): Promise<string> {
  let said = ''
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`not ready within ${withinMs / 1000} s\n${said}`))
    }, withinMs)
    const hear = (chunk: unknown): void => {
      said += chunk
      if (!pattern.test(said)) return
      clearTimeout(late)
      resolve(said)
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.once('exit', (code) => {
      clearTimeout(late)
      reject(new Error(`ended with ${code}\n${said}`))
    })
  })
}
