import { dirname, join } from 'node:path'
import { correctionName } from '@lux/people'
import type { RunFolder } from './run-folder.ts'

/** Of the store: bundles of rehearsals that nobody chose a medium for. */
export const keptFolder = 'exported'

/** That folder, of a rehearsal in a store; null in production, where somebody chooses a medium. */
export const keptIn = ({ path, state }: Pick<RunFolder, 'path' | 'state'>): string | null =>
  state.domain === 'rehearsal' ? join(dirname(dirname(path)), keptFolder) : null

/** public.bin of an epoch of this run: the one that it began with or dealt, or the next one. */
export function publicPath(folder: RunFolder, epochId: string): string {
  const next = folder.state.reshare?.next?.epochId === epochId
  return next ? join(folder.path, 'fhe', 'next', 'public.bin') : join(folder.path, 'fhe', 'public.bin')
}

export const compactKeyPath = (folder: RunFolder) => join(folder.path, 'fhe', 'compact-public-key.bin')

/** Where the dealers' corrections and the sealed seeds of the next epoch lie. */
export const redealFolder = (folder: RunFolder) => join(folder.path, 'fhe', 'redeal')

/** Where the sealed medium of a root's backup lies, and every custodian's envelope with its signature. */
export const backupFolder = (folder: Pick<RunFolder, 'path'>) => join(folder.path, 'backup')

export const mediumPath = (folder: Pick<RunFolder, 'path'>, root: string) =>
  join(backupFolder(folder), `${root}.medium`)

/** A share as its custodian sealed it to the run. */
export const releaseFile = (index: number) => `backup/release-${index}.age`
/** Also of a write that was cut short. */
export const isReleaseFile = (name: string) => /^release-\d+\.age(\.|$)/.test(name)

/** What asks for shares, and what opens them, sealed under the ceremony key's sealing key. */
export const shareRequestFile = 'backup/share-request.json'
export const releaseKeyPath = (folder: Pick<RunFolder, 'path'>) =>
  join(backupFolder(folder), 'release-key.sealed')

export const custodianFile = (index: number) => `backup/custodian-${index}`

/** A dealer's public correction. */
export const correctionPath = (folder: RunFolder, dealer: number) =>
  join(redealFolder(folder), correctionName(dealer))

/** request.json as it was taken, by its digest; the ciphertexts of a rehearsal lie beside it. */
export const packageFile = (digest: string) => `requests/${digest}.json`

/** The package with every approval that the run took, `approvedPackage`. */
export const approvedFile = (folder: RunFolder, id: string) =>
  join(decryptionFolder(folder, id), 'request.json')

export const decryptionFolder = (folder: RunFolder, id: string) => join(folder.path, 'decryptions', id)
