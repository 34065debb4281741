import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openWith, wipe } from '@lux/crypto'
import { type Budgets, forgetShare, parseShare } from '@lux/crypto/fhe'
import { CoreError, readBounded } from '@lux/node-files'
import { shareIn } from '../key-child/redeal.ts'
import type { RunFolder } from '../runs/folder/run-folder.ts'
import type { StandIn } from './stand-ins.ts'

const maxFile = 64 << 20

/** The sealed share of a stand-in: as it was dealt, or as the holder put it together. */
export function sharePath(folder: RunFolder, epochId: string, holder: number): string {
  const next = folder.state.reshare?.next?.epochId === epochId
  return join(folder.path, next ? 'shares' : 'envelopes', `holder-${holder}.age`)
}

/** Opens it; the caller wipes. Errors: STAND-IN-ONLY. */
export async function openShare(
  folder: RunFolder,
  { name, seal }: StandIn,
  epochId: string,
  holder: number,
): Promise<Uint8Array> {
  const path = sharePath(folder, epochId, holder)
  if (seal === null || !existsSync(path)) throw new CoreError('STAND-IN-ONLY', `${name} holds no share here`)
  const opened = await openWith(seal, readBounded(path, maxFile))
  try {
    return shareIn(opened)
  } finally {
    wipe(opened)
  }
}

/** The budgets that a share says; its seeds are not looked at. */
export function budgetsOf(bytes: Uint8Array): Budgets {
  const share = parseShare(bytes)
  forgetShare(share)
  return share.budgets
}
