import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DocumentCodec } from '@lux/ceremony/wire'
import { readBounded } from '@lux/node-files'
import { checkEpochRun, type EpochRun } from '@lux/people'
import { publicPath, redealFolder } from '../runs/folder/places.ts'
import type { RunFolder } from '../runs/folder/run-folder.ts'
import { accepted } from './accepted.ts'
import { standInEpoch } from './stand-in-epoch.ts'

const maxFile = 4 << 20

/** The run as a holder's own device reads it from a copy of the folder. Errors: what `checkEpochRun` refuses. */
export function epochRunIn(folder: RunFolder): EpochRun {
  const old = folder.state.reshare?.old ?? folder.state.epoch
  const cards = new Map(folder.header.standIns.map(({ listed, standIn }) => [listed, standIn]))
  return accepted(
    checkEpochRun(folder.policy.policy, {
      opening: readBounded(join(folder.path, 'opening.json'), maxFile),
      plan: folder.planBytes,
      pub: readBounded(publicPath(folder, old?.epochId ?? ''), maxFile),
      card(digest) {
        const path = join(folder.path, 'cards', `${digest}.json`)
        return existsSync(path) ? readBounded(path, maxFile) : null
      },
      simulated: { cards, epoch: standInEpoch(folder.path) },
    }),
  )
}

/** The approvals that the run has taken of holders of the old epoch. */
export function approvalsIn(folder: RunFolder, { terms }: EpochRun): Uint8Array[] {
  return terms.old
    .map((_, at) => join(redealFolder(folder), `approval-${at + 1}.json`))
    .filter((path) => existsSync(path))
    .map((path) => readBounded(path, maxFile))
}

/** A signed document as the run takes it. */
export function submission<T>(codec: DocumentCodec<T>, document: Uint8Array) {
  const read = codec.file.parse(document)
  const signature = read.ok ? read.value.signatures[0] : undefined
  // What a device has just signed.
  if (!read.ok || signature === undefined) throw new Error(`${codec.what}: no signed document`)
  return { type: 'submit', payload: codec.signedBytes(read.value.payload), signature } as const
}
