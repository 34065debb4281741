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
