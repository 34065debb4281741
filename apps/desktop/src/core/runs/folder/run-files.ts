import { join } from 'node:path'
import { encodePolicyFile, type PolicyFile } from '@lux/ceremony/policy'
import type { Header } from '@lux/ceremony/transcript'
import { encodeCanonical, type Json } from '@lux/crypto'
import { BlobFolder, writeDurably } from '@lux/node-files'

/** Files of a run that its steps name; the layout is in ARCHITECTURE.md "Commands". */
export type RunFiles = {
  header: Header
  plan: Uint8Array
  lock: Uint8Array | null
  policy: PolicyFile
  /** Canonical JSON of every person's and every server's card. */
  cards: readonly Json[]
  /** Signed transport documents of the destinations, by the digest of their payload. */
  transports: readonly { digest: string; document: Json }[]
}

/** Writes what a run begins with, but not its log: the log is what makes the folder a run. */
export function writeRunFiles(path: string, files: RunFiles): void {
  writeDurably(join(path, 'plan.yaml'), files.plan)
  if (files.lock !== null) writeDurably(join(path, 'plan.lock.json'), files.lock)
  writeDurably(join(path, 'policy.json'), encodePolicyFile(files.policy))
  for (const card of files.cards) {
    cardsOf(path).put(encodeCanonical(card))
  }
  for (const { digest, document } of files.transports) {
    writeDurably(join(path, 'transports', `${digest}.json`), encodeCanonical(document))
  }
}

/** People's and servers' cards, each cards/<sha256>.json. */
export function cardsOf(path: string): BlobFolder {
  return new BlobFolder(join(path, 'cards'), '.json')
}
