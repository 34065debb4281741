import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { openDatabase } from '../../src/platform/database/open.ts'

const run = promisify(execFile)

/** With the owners of the files: the database has an account of its own. */
export const copyFolder = (from: string, to: string) => run('cp', ['-aT', from, to])

/** Puts at `to` what `make` makes in a folder that is not there yet. It is made once a run, where the run has a place for it. */
export async function copyOf(
  name: string,
  to: string,
  make: (folder: string) => Promise<unknown>,
): Promise<void> {
  // Of the run: scripts/test/made-once.ts.
  const place = process.env.LUX_MADE_ONCE
  if (place === undefined) {
    await make(to)
    return
  }
  const made = join(place, name)
  if (!existsSync(made)) {
    const own = await mkdtemp(`${made}-`)
    await chmod(own, 0o711)
    await make(join(own, name))
    // Another worker may have been first.
    await rename(join(own, name), made).catch((error: unknown) => {
      if (!existsSync(made)) throw error
    })
    await rm(own, { recursive: true, force: true })
  }
  await copyFolder(made, to)
}

/** The folder of an embedded database of today's schema, which no server has opened yet. */
export const copyDatabase = (to: string) =>
  copyOf('postgres', to, async (folder) => (await openDatabase({ folder })).close())
