import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Refusal } from '@lux/ceremony'
import {
  custodianStatementCodec,
  decryptionApprovalCodec,
  type RequestPackage,
  redealCodec,
  refusalCodec,
  requestPackageCodec,
  type SignatureAnswer,
  signatureAnswerCodec,
} from '@lux/ceremony/wire'
import { encodeCanonical, FormatError, type Json, parseDocument, sha256Hex } from '@lux/crypto'
import { ExpectedError, readBounded } from '@lux/node-files'
import { correctionName, releaseName, seedsName } from '@lux/people'
import { redealFolder, releaseFile } from '../folder/places.ts'
import type { RunFolder } from '../folder/run-folder.ts'
import type { Run } from '../run/run.ts'
import { type AwaitedDocument, awaitedDocuments } from './awaited.ts'
import { bytesToSign, type SignedKind } from './bytes-to-sign.ts'

/** Bytes of an answer's file, whichever way it comes. */
export const maxAnswer = 16 << 20

/** A run, or the look ahead at one that is left. `keep` puts a file that came with an answer into the run's folder. */
export type Taker = Pick<Run, 'folder' | 'view' | 'submit' | 'takeRequest' | 'keep'>

/**
 * Takes what a person's device or a server sent back: a signature answer, a holder's acknowledgement or a receipt.
 * Null when it was taken; the engine's refusal otherwise. `beside`: the folder that a dealer's word was chosen in, with its
 * files; in/ otherwise. `here`: it was made at the workstation itself. Errors: FILE-WRONG-KIND, IMPORT-REFUSED, REDEAL-FILES.
 */
export function takeAnswer(
  run: Taker,
  bytes: Uint8Array,
  beside: string | null = null,
  here = false,
): Refusal | null {
  const made = here ? { here: true as const } : {}
  const answer = signatureAnswerCodec.parse(bytes)
  if (answer.ok) {
    const { what, signature } = answer.value
    if (isOfRun(what)) {
      return run.submit({ type: 'submit', what, payload: bytesToSign(run.folder, what), signature, ...made })
    }
    throw wrongKind(`an answer about ${what} has no place in a run`)
  }
  const asked = requestPackageCodec.parse(bytes)
  if (asked.ok) return takePackage(run, asked.value)
  const { kind, payload, signature } = signedDocument(bytes)
  if (kind === 'refusal') throw refusedImport(payload)
  if (!isDocument(kind)) throw wrongKind(`a document of kind ${kind}`)
  if (kind === 'redeal') {
    takeRedealtFiles(run.folder, payload, { from: beside ?? join(run.folder.path, 'in'), keep: run.keep })
  }
  if (kind === 'custodian-statement') {
    takeGivenShare(run.folder, payload, { from: beside ?? join(run.folder.path, 'in'), keep: run.keep })
  }
  return run.submit({ type: 'submit', what: kind, payload: encodeCanonical(payload), signature, ...made })
}

/** Signed documents that are submitted as they are; a requester's package is no such document. */
function isDocument(kind: string): kind is Exclude<AwaitedDocument, 'decryption-request'> {
  const known: readonly string[] = awaitedDocuments
  return kind !== 'decryption-request' && known.includes(kind)
}

/** A requester's package, with whatever approvals it gathered on its way. */
function takePackage(run: Taker, given: RequestPackage): Refusal | null {
  const { needs } = run.view()
  if (needs?.kind === 'request') {
    // The approvals are taken one by one at their own step; a package is JSON by its codec.
    const bare = { ...given, approvals: [] } as unknown as Json
    return run.takeRequest(needs.decryption, bare)
  }
  if (needs?.kind !== 'signatures' || needs.what !== 'decryption-approval')
    throw wrongKind('a decryption request has no place here')
  const payload = decryptionApprovalCodec.signedBytes(given.request.payload)
  for (const signature of given.approvals) {
    const refusal = run.submit({ type: 'submit', what: 'decryption-approval', payload, signature })
    // Somebody whose approval came earlier in another copy of the package.
    if (refusal !== null && refusal.rule !== 'SUBMIT-05') return refusal
  }
  return null
}

function isOfRun(what: SignatureAnswer['what']): what is SignedKind {
  return what !== 'plan-approval'
}

function signedDocument(bytes: Uint8Array) {
  try {
    const { payload, signatures } = parseDocument(bytes, { maxBytes: maxAnswer })
    const [signature] = signatures
    if (signature === undefined || signatures.length > 1) throw wrongKind('it has not exactly one signature')
    return { kind: kindOf(payload), payload, signature }
  } catch (error) {
    if (error instanceof FormatError) throw wrongKind(`${error.rule}: ${error.detail}`)
    throw error
  }
}

function kindOf(payload: Json): string {
  if (typeof payload !== 'object' || payload === null || !('kind' in payload)) return 'unknown'
  return String(payload.kind)
}

function refusedImport(payload: Json): ExpectedError {
  const read = refusalCodec.payload.check(payload)
  const said = read.ok ? `${read.value.check}: ${read.value.detail}` : read.detail
  return new ExpectedError('IMPORT-REFUSED', `the server refused the bundle by ${said}`)
}

function wrongKind(detail: string): ExpectedError {
  return new ExpectedError(
    'FILE-WRONG-KIND',
    `${detail}; a signed answer, acknowledgement or receipt for this run is asked for`,
  )
}

const maxFile = 4 << 20

/**
 * What a dealer's signed word stands for lies beside it, in in/ or where it was chosen: the correction and one sealed file for each new holder,
 * each with the digest that was signed. They lie in the run's folder before the log has the word. Errors: REDEAL-FILES.
 */
function takeRedealtFiles(
  folder: RunFolder,
  payload: Json,
  { from, keep }: { from: string; keep: (path: string, bytes: Uint8Array) => void },
): void {
  const read = redealCodec.payload.check(payload)
  // The engine names what is wrong with it.
  if (!read.ok) return
  const { dealer, correction, envelopes } = read.value
  // Nobody's files take the place of those that are in the log.
  if (folder.state.reshare?.redealt.some((one) => one.dealer === dealer)) return
  const files = [
    { name: correctionName(dealer), sha256: correction },
    ...envelopes.map((sha256, at) => ({ name: seedsName(dealer, at + 1), sha256 })),
  ]
  const place = redealFolder(folder)
  for (const { name, sha256 } of files) {
    const kept = join(place, name)
    // A dealer whose word was refused may bring other files for the next one.
    const already = existsSync(kept) && sha256Hex(readBounded(kept, maxFile)) === sha256
    if (!already) keep(kept, brought(join(from, name), sha256, 'REDEAL-FILES'))
  }
}

/**
 * A share that a custodian gives lies sealed beside the signed word, and in the run's folder before the log has the word. Errors:
 * RELEASE-FILE.
 */
function takeGivenShare(
  folder: RunFolder,
  payload: Json,
  { from, keep }: { from: string; keep: (path: string, bytes: Uint8Array) => void },
): void {
  const read = custodianStatementCodec.payload.check(payload)
  // The engine names what is wrong with it, and a check gives nothing.
  if (!read.ok || read.value.envelope === null) return
  const { index, envelope } = read.value
  // Nobody's file takes the place of one that is in the log.
  if (folder.state.recovery?.releases.some((one) => one.index === index)) return
  const kept = join(folder.path, releaseFile(index))
  const already = existsSync(kept) && sha256Hex(readBounded(kept, maxFile)) === envelope
  if (!already) keep(kept, brought(join(from, releaseName(index)), envelope, 'RELEASE-FILE'))
}

function brought(path: string, sha256: string, code: 'REDEAL-FILES' | 'RELEASE-FILE'): Uint8Array {
  if (!existsSync(path)) throw new ExpectedError(code, `${path} is missing`)
  const bytes = readBounded(path, maxFile)
  if (sha256Hex(bytes) !== sha256) throw new ExpectedError(code, `${path} is not the file that was signed`)
  return bytes
}
