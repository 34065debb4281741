import { join } from 'node:path'
import { awaitedCheckpoint, proposedDocument, type Refusal } from '@lux/ceremony'
import { preAuthentication } from '@lux/ceremony/bundle'
import { decryptionApprovalCodec, exceptionCodec } from '@lux/ceremony/wire'
import { encodeCanonical, fromHex, type Json, openWith, signatureContext, signWith, wipe } from '@lux/crypto'
import { forgetEnvelope, proveShare } from '@lux/crypto/fhe'
import { CoreError, readBounded } from '@lux/node-files'
import type { Run } from '../run/run.ts'
import { payloadFile } from '../runs/effects/bundle.ts'
import { agreedBudgets } from '../runs/folder/budgets.ts'
import type { RunFolder } from '../runs/folder/run-folder.ts'
import type { StandIn } from './stand-ins.ts'

const maxFile = 64 << 20

export type SignedKind = 'opening' | 'checkpoint' | 'exception' | 'bundle' | 'decryption-approval'

/** The exact bytes that a person signs now, as the run's files hold them. */
export function bytesToSign(folder: RunFolder, what: SignedKind): Uint8Array {
  if (what === 'bundle') return preAuthentication(readBounded(join(folder.path, payloadFile), maxFile))
  if (what === 'decryption-approval') {
    const asked = folder.state.decryptions.findLast(({ request }) => request !== null)
    if (!asked?.request) throw new CoreError('SUBMIT-01', 'nothing is asked yet')
    return decryptionApprovalCodec.signedBytes(asked.request)
  }
  if (what === 'exception') {
    const proposed = proposedDocument(folder.state)
    if (proposed === null) throw new CoreError('SUBMIT-01', 'no decision is being signed')
    return exceptionCodec.signedBytes(proposed)
  }
  const size = awaitedCheckpoint(folder.state)?.size ?? 0
  const document = folder.readDocument(what === 'opening' ? 'opening.json' : `checkpoints/${size}.json`)
  // Written by the performers as {payload, signatures}.
  return encodeCanonical((document as { payload: Json }).payload)
}

/** A stand-in signs what is awaited. Rehearsals only: a production run has no stand-ins. */
export function signAsStandIn(run: Run, standIn: StandIn, what: SignedKind): Refusal | null {
  const payload = bytesToSign(run.folder, what)
  const context = signatureContext(what, run.folder.state.domain)
  const signature = signWith(standIn.identity, context, payload)
  return run.submit({ type: 'submit', what, payload, signature })
}

/** A stand-in holder opens the sealed share, checks it as a phone would, and proves it. */
export async function acknowledgeAsStandIn(run: Run, standIn: StandIn): Promise<Refusal | null> {
  const { folder } = run
  const share = folder.state.fhe?.shares.find(({ holder }) => holder === standIn.name)
  if (share === undefined || standIn.seal === null) {
    throw new CoreError('STAND-IN-ONLY', `${standIn.name} holds no share here`)
  }
  const sealed = readBounded(join(folder.path, 'envelopes', `holder-${share.index}.age`), maxFile)
  const budgets = folder.state.fhe === null ? null : agreedBudgets(folder, folder.state.fhe.epochId)
  const envelope = await openWith(standIn.seal, sealed)
  const proof = proveShare({
    envelope,
    sealed,
    pub: readBounded(join(folder.path, 'fhe', 'public.bin'), maxFile),
    expected: {
      ceremonyId: folder.state.ceremonyId,
      name: standIn.name,
      policyHash: fromHex(folder.state.policyDigest, 32),
      ...(budgets === null ? {} : { budgets }),
    },
  })
  wipe(envelope)
  if (!proof.ok) return proof
  forgetEnvelope(proof.value.envelope)
  const { payload } = proof.value
  const context = signatureContext('acknowledgement', folder.state.domain)
  return run.submit({
    type: 'submit',
    what: 'acknowledgement',
    payload,
    signature: signWith(standIn.identity, context, payload),
  })
}
