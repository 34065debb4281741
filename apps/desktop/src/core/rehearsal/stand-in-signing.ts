import { join } from 'node:path'
import type { Refusal } from '@lux/ceremony'
import { fromHex, openWith, signatureContext, signWith, wipe } from '@lux/crypto'
import { forgetEnvelope, proveShare } from '@lux/crypto/fhe'
import { CoreError, readBounded } from '@lux/node-files'
import { bytesToSign, type SignedKind } from '../runs/exchange/bytes-to-sign.ts'
import { agreedBudgets } from '../runs/folder/budgets.ts'
import type { Run } from '../runs/run/run.ts'
import type { StandIn } from './stand-ins.ts'

const maxFile = 64 << 20

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
