import type { Entry, NewEvent } from '@lux/ceremony'
import type { Entropy, HybridSignature, Json } from '@lux/crypto'
import type { Clock } from '../../system.ts'
import { forgetGivenShares } from './given-shares.ts'
import { addPolicySignature } from './next-policy.ts'
import type { RunFolder } from './run-folder.ts'

type Document = { payload: Json; signatures: HybridSignature[] }

/** Keeps the run's files true to its log: after every append, and for the whole log again when a run is loaded. */
export function project(folder: RunFolder, entry: Entry): void {
  switch (entry.kind) {
    case 'signature.accepted':
      if (entry.fact.what === 'opening') addSignature(folder, 'opening.json', entry.fact.signature)
      if (entry.fact.what === 'policy') addPolicySignature(folder, entry.fact.signature)
      if (entry.fact.what === 'exception')
        addSignature(folder, exceptionFile(entry.fact.subject), entry.fact.signature)
      return
    case 'answer.taken':
      folder.writeDocument(`decryptions/${entry.fact.decryption}/answer-${entry.fact.payload.holder}.json`, {
        payload: entry.fact.payload,
        signatures: [entry.fact.signature],
      })
      return
    case 'epoch.approved':
      folder.writeDocument(`fhe/redeal/approval-${entry.fact.payload.holder}.json`, {
        payload: entry.fact.payload,
        signatures: [entry.fact.signature],
      })
      return
    case 'redeal.taken':
      folder.writeDocument(`fhe/redeal/redeal-${entry.fact.payload.dealer}.json`, {
        payload: entry.fact.payload,
        signatures: [entry.fact.signature],
      })
      return
    case 'exception.proposed':
      if (!folder.has(exceptionFile(entry.fact.document)))
        folder.writeDocument(exceptionFile(entry.fact.document), {
          payload: entry.fact.payload,
          signatures: [],
        })
      return
    case 'checkpoint.cosigned':
      addSignature(folder, `checkpoints/${entry.fact.size}.json`, entry.fact.signature)
      return
    case 'holder.acknowledged':
      folder.writeDocument(acknowledgementFile(entry.fact.index, isOfNext(folder, entry.fact.payload)), {
        payload: entry.fact.payload,
        signatures: [entry.fact.signature],
      })
      return
    case 'run.receipted':
      folder.writeDocument(`receipts/${entry.fact.audience}.json`, {
        payload: entry.fact.payload,
        signatures: [entry.fact.signature],
      })
      return
    case 'run.aborted':
      forgetGivenShares(folder)
      return
    default:
      return
  }
}

/** `document`: digest of the decision that is signed. */
export function exceptionFile(document: string): string {
  return `exceptions/${document}.json`
}

/** Of the epoch that the run dealt, or of the next one. */
export function acknowledgementFile(index: number, next = false): string {
  return `acknowledgements/${next ? 'next/' : ''}holder-${index}.json`
}

function isOfNext(folder: RunFolder, payload: Json): boolean {
  const next = folder.state.reshare?.next
  return isObject(payload) && next != null && payload.epochId === next.epochId
}

function isObject(value: Json): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function addSignature(folder: RunFolder, name: string, signature: HybridSignature): void {
  // Written by the performers as a codec's value, so it has this shape.
  const document = folder.readDocument(name) as unknown as Document
  if (document.signatures.some(({ signer }) => signer === signature.signer)) return
  folder.writeDocument(name, { ...document, signatures: [...document.signatures, signature] })
}

/** Puts the events of one command on disk and makes the run's files true to them. Errors: DISK-FULL, FOLDER-READ-ONLY. */
export function record(
  folder: RunFolder,
  events: readonly NewEvent[],
  { clock, entropy }: { clock: Clock; entropy: Entropy },
): void {
  for (const entry of folder.append(events, clock, entropy)) project(folder, entry)
}
