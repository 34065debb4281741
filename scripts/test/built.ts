import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { root } from '../root.ts'

/** The tests start the command as it is built: a start takes half of what it takes from its sources. */
export function setup(): void {
  execFileSync(process.execPath, [join(root, 'scripts/build.ts')], { stdio: 'inherit' })
}
