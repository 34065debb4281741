import { readEntry } from '@lux/ceremony'
import type { Predicate } from '@lux/ceremony/bundle'
import type { HybridSignature } from '@lux/crypto'
import { custodianFile } from '../../folder/places.ts'
import type { RunFolder } from '../../folder/run-folder.ts'
import { type Collected, signedDocument } from './bundle-threshold.ts'

/** Backups that the run dealt, with every custodian's word. The medium and the envelopes are not in the bundle. */
export function backupsOf(folder: RunFolder, collected: Collected): Pick<Predicate, 'backups'> {
  const { state } = folder
  const words = new Map<string, string>()
  for (const stored of folder.entries()) {
    const read = readEntry(stored)
    if (!read.ok || read.entry.kind !== 'custodian.acknowledged') continue
    words.set(read.entry.fact.payload.name, collected.json(signedDocument(read.entry.fact)))
  }
  const backups = state.backups.map(({ key, set, identifier, publicKey, wrapped, medium, shares }) => ({
    id: key,
    set,
    identifier,
    t: state.plan.keys.find(({ id }) => id === key)?.backup?.t ?? 0,
    n: shares.length,
    publicKey: collected.bytes(folder.blobs.get(publicKey)),
    wrapped,
    medium,
    shares: shares.map(({ index, name, share, envelope }) => ({
      index,
      name,
      card: state.seats.find((one) => one.role === 'custodian' && one.name === name)?.card ?? '',
      share,
      envelope,
      // Written by the deal as a hybrid signature.
      signature: folder.readDocument(`${custodianFile(index)}.sig`) as unknown as HybridSignature,
      acknowledgement: words.get(name) ?? '',
    })),
  }))
  return backups.length === 0 ? {} : { backups }
}
