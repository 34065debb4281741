import { chownSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readSetUp } from '../../scripts/electron/set-up.ts'

/** Gives everything below a folder to the unprivileged user, whose window and commands use it. */
export function giveAll(folder: string): void {
  const { user } = readSetUp()
  if (!user.change) return
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    chownSync(join(folder, name), user.uid, user.gid)
}
