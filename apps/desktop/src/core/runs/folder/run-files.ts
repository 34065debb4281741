import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { encodePolicyFile, type PolicyFile } from '@lux/ceremony/policy'
import { checkpointCodec, type Head, type Header } from '@lux/ceremony/transcript'
import { encodeCanonical, type Json } from '@lux/crypto'
import { BlobFolder, ExpectedError, writeDurably } from '@lux/node-files'

/** Files of a run that its steps name; the layout is in docs/ARCHITECTURE.md, "A run's folder". */
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

export function folderInUse(path: string): ExpectedError {
  return new ExpectedError('FOLDER-IN-USE', `${path} already holds a ceremony`)
}

export function damagedRun(path: string, detail: string): ExpectedError {
  return new ExpectedError('STORE-DAMAGED', `${path}: ${detail}`)
}

/**
 * A chain does not show that its end was cut off; the checkpoints do, each written before the log says so. Refuses a
 * log that is shorter than one of them or has another history. `heads` are those after 0, 1, 2 … entries.
 */
export function compareCheckpoints(path: string, heads: readonly Head[], read: (name: string) => Json): void {
  const folder = join(path, 'checkpoints')
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const size = Number(/^(\d{1,15})\.json$/.exec(name)?.[1] ?? Number.NaN)
    if (Number.isNaN(size)) continue
    const file = checkpointCodec.file.check(read(`checkpoints/${name}`))
    if (!file.ok) throw damagedRun(path, `checkpoints/${name}: ${file.detail}`)
    if (heads[size]?.node !== file.value.payload.node) {
      throw damagedRun(
        path,
        `its log has ${heads.length - 1} entries and is not the one that checkpoint ${size} was signed over`,
      )
    }
  }
}
