import { existsSync, mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * Makes a folder (0700) and every missing one above it, one at a time: Node's recursive mkdir never comes back where a file
 * system takes no folder, such as /proc. Null when it is there; else why it cannot be, for people.
 */
export function makeFolder(path: string): string | null {
  const missing: string[] = []
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.unshift(at)
  for (const folder of missing) {
    try {
      mkdirSync(folder, { mode: 0o700 })
    } catch (error) {
      // Somebody else may have made it meanwhile.
      if (!existsSync(folder)) return `${folder}: ${reason(error)}`
    }
  }
  return null
}

function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  return code === 'ENOSPC' ? 'the disk is full' : 'no folder can be made here'
}
