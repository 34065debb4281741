import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const build = fileURLToPath(new URL('../../../../scripts/build.ts', import.meta.url))

/** The tests start the command as it is built: a start takes half of what it takes from its sources. */
export function setup(): void {
  execFileSync(process.execPath, [build], { stdio: 'inherit' })
}
