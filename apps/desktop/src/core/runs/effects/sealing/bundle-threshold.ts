import { createReadStream, statSync } from 'node:fs'
import { readEntry, type State } from '@lux/ceremony'
import { type BlobSource, blobOf, type Predicate } from '@lux/ceremony/bundle'
import { holderNext } from '@lux/ceremony/plan'
import { encodeCanonical, type HybridSignature, type Json } from '@lux/crypto'
import { readBounded } from '@lux/node-files'
import { approvedPackage } from '../../folder/approved-package.ts'
import { correctionPath, publicPath } from '../../folder/places.ts'
import { acknowledgementFile } from '../../folder/project.ts'
import type { RunFolder } from '../../folder/run-folder.ts'

const maxFile = 64 << 20

/** The epoch from which the run started, where it dealt none itself. */
export function existingOf(folder: RunFolder, state: State, collected: Collected): Predicate['existing'] {
  if (folder.plan.fhe?.existing === undefined) return null
  const started = state.reshare?.old ?? state.epoch
  if (started === null) return null
  const pub = collected.bytes(readBounded(publicPath(folder, started.epochId), maxFile))
  return { keyId: started.keyId, epochId: started.epochId, epoch: started.epoch, public: pub }
}

export function decryptionsOf(
  folder: RunFolder,
  state: State,
  collected: Collected,
): Predicate['decryptions'] {
  return state.decryptions.flatMap(({ id, package: taken, digest }) => {
    if (taken === null || digest === null) return []
    const answers: Predicate['decryptions'][number]['answers'] = []
    let result = ''
    for (const stored of folder.entries()) {
      const read = readEntry(stored)
      if (!read.ok) continue
      const { entry } = read
      if (entry.kind === 'answer.taken' && entry.fact.decryption === id) {
        const { payload, signature } = entry.fact
        const document = collected.json(signedDocument({ payload, signature }))
        answers.push({ holder: payload.holder, name: payload.name, document })
      }
      if (entry.kind === 'result.taken' && entry.fact.decryption === id)
        result = collected.json(signedDocument(entry.fact))
    }
    return [{ id, package: collected.json(approvedPackage(folder, taken, digest)), answers, result }]
  })
}

/** The document that one person sent, as it was signed. */
export function signedDocument({
  payload,
  signature,
}: {
  payload: object
  signature: HybridSignature
}): Json {
  // Facts of the log and signatures are JSON by their codecs.
  return { payload, signatures: [signature] } as unknown as Json
}

export function nextOf(folder: RunFolder, state: State, collected: Collected): Predicate['next'] {
  const { reshare } = state
  const next = reshare?.next
  if (!reshare || !next || reshare.live === null) return null
  const approvals: string[] = []
  const redeals: NonNullable<Predicate['next']>['redeals'] = []
  for (const stored of folder.entries()) {
    const read = readEntry(stored)
    if (!read.ok) continue
    const { entry } = read
    if (entry.kind === 'epoch.approved') approvals.push(collected.json(signedDocument(entry.fact)))
    if (entry.kind === 'redeal.taken') {
      const { payload, signature } = entry.fact
      redeals.push({
        dealer: payload.dealer,
        name: payload.name,
        document: collected.json(signedDocument({ payload, signature })),
        correction: collected.bytes(readBounded(correctionPath(folder, payload.dealer), maxFile)),
      })
    }
  }
  return {
    epochId: next.epochId,
    epoch: next.epoch,
    t: next.t,
    n: next.n,
    public: collected.bytes(readBounded(publicPath(folder, next.epochId), maxFile)),
    approvals,
    redeals: redeals.toSorted((a, b) => a.dealer - b.dealer),
    holders: next.holders.map((name, at) => ({
      index: at + 1,
      name,
      card: holderNext(state.seats, name)?.card ?? '',
      acknowledgement: collected.json(folder.readDocument(acknowledgementFile(at + 1, true))),
    })),
    live: collected.json(folder.readDocument('fhe/epoch-live.json')),
  }
}

/** A file of the run as a blob, streamed: an FHE server key is never held whole. */
function blobOfFile(path: string, sha256: string): BlobSource {
  return { size: statSync(path).size, sha256, open: () => createReadStream(path) }
}

/** Collects a bundle's blobs and gives each one's digest for the predicate. */
export class Collected {
  readonly blobs: BlobSource[] = []

  bytes(bytes: Uint8Array): string {
    const blob = blobOf(bytes)
    this.blobs.push(blob)
    return blob.sha256
  }

  json(value: Json): string {
    return this.bytes(encodeCanonical(value))
  }

  file(path: string, sha256: string): string {
    this.blobs.push(blobOfFile(path, sha256))
    return sha256
  }
}

/** Statements that shares are still held, by holder. */
export function heartbeatsOf(folder: RunFolder, collected: Collected): Pick<Predicate, 'heartbeats'> {
  const heartbeats: NonNullable<Predicate['heartbeats']> = []
  for (const stored of folder.entries()) {
    const read = readEntry(stored)
    if (!read.ok || read.entry.kind !== 'heartbeat.taken') continue
    const { payload } = read.entry.fact
    const document = collected.json(signedDocument(read.entry.fact))
    heartbeats.push({ index: payload.holder, name: payload.name, document })
  }
  return heartbeats.length === 0 ? {} : { heartbeats: heartbeats.toSorted((a, b) => a.index - b.index) }
}
