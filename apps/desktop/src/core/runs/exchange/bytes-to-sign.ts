import { join } from 'node:path'
import { awaitedCheckpoint, type Needs, proposedDocument } from '@lux/ceremony'
import { preAuthentication } from '@lux/ceremony/bundle'
import { policyDocument } from '@lux/ceremony/policy'
import { decryptionApprovalCodec, exceptionCodec } from '@lux/ceremony/wire'
import { encodeCanonical, type Json } from '@lux/crypto'
import { ExpectedError, readBounded } from '@lux/node-files'
import { payloadFile } from '../effects/sealing/bundle.ts'
import { readNextPolicy } from '../folder/next-policy.ts'
import type { RunFolder } from '../folder/run-folder.ts'

const maxFile = 64 << 20

export type SignedKind = 'opening' | 'checkpoint' | 'exception' | 'bundle' | 'decryption-approval' | 'policy'

/** The exact bytes that a person signs now, as the run's files hold them. */
export function bytesToSign(folder: RunFolder, what: SignedKind): Uint8Array {
  if (what === 'bundle') return preAuthentication(readBounded(join(folder.path, payloadFile), maxFile))
  if (what === 'decryption-approval') {
    const asked = folder.state.decryptions.findLast(({ request }) => request !== null)
    if (!asked?.request) throw new ExpectedError('SUBMIT-01', 'nothing is asked yet')
    return decryptionApprovalCodec.signedBytes(asked.request)
  }
  if (what === 'policy') return policyDocument.signedBytes(readNextPolicy(folder).policy)
  if (what === 'exception') {
    const proposed = proposedDocument(folder.state)
    if (proposed === null) throw new ExpectedError('SUBMIT-01', 'no decision is being signed')
    return exceptionCodec.signedBytes(proposed)
  }
  const size = awaitedCheckpoint(folder.state)?.size ?? 0
  const document = folder.readDocument(what === 'opening' ? 'opening.json' : `checkpoints/${size}.json`)
  // Written by the performers as {payload, signatures}.
  return encodeCanonical((document as { payload: Json }).payload)
}

/** Who signs what, on a device of their own. */
export function roleOf(
  what: Extract<Needs, { kind: 'signatures' }>['what'],
): 'officer' | 'witness' | 'approver' {
  if (what === 'checkpoint') return 'witness'
  return what === 'decryption-approval' ? 'approver' : 'officer'
}
