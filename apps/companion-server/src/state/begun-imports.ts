import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fromUtf8, utf8 } from '@lux/crypto'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { readIfPresent, writeWhole } from '../platform/state-folder/private-file.ts'

/**
 * Under which policy an import was begun, so that one that was cut short goes on when a newer policy is pinned meanwhile. A
 * file beside the policies, not a row: who can write to the database alone begins nothing under an earlier one.
 */
const fileOf = (state: StateFolder, digest: string): string => join(state.policies, `${digest}.begun`)

/** `digest`: of the bundle. */
export async function noteBegun(state: StateFolder, digest: string, policyDigest: string): Promise<void> {
  await writeWhole(fileOf(state, digest), utf8(policyDigest))
}

/** Digest of the policy. */
export async function begunUnder(state: StateFolder, digest: string): Promise<string | 'absent'> {
  const bytes = await readIfPresent(fileOf(state, digest), 64)
  return bytes === 'absent' ? bytes : fromUtf8(bytes)
}

export async function forgetBegun(state: StateFolder, digest: string): Promise<void> {
  await rm(fileOf(state, digest), { force: true })
}
