import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { partsOf } from '@lux/node-files'
import { backupFolder, isReleaseFile, releaseKeyPath } from './places.ts'
import type { RunFolder } from './run-folder.ts'

/** Takes away the sealed shares that custodians gave, and what opens them. The medium beside them stays: it is a copy. */
export function forgetGivenShares(folder: Pick<RunFolder, 'path'>): void {
  const within = backupFolder(folder)
  if (!existsSync(within)) return
  const key = releaseKeyPath(folder)
  const shares = readdirSync(within).filter(isReleaseFile)
  for (const path of [...partsOf(key), key, ...shares.map((name) => join(within, name))])
    rmSync(path, { force: true })
}
