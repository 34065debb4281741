import { join } from 'node:path'
import type { Refusal } from '@lux/ceremony'
import { checkpointCodec } from '@lux/ceremony/transcript'
import { acknowledgementCodec, signatureAnswerCodec } from '@lux/ceremony/wire'
import { ExpectedError, readBounded } from '@lux/node-files'
import {
  acknowledge,
  forgetKept,
  type Memory,
  prepareSignature,
  receiveShare,
  signAnswer,
  signingOf,
  trustedPolicy,
} from '@lux/people'
import { bytesToSign, type SignedKind } from '../runs/exchange/bytes-to-sign.ts'
import { signatureRequest } from '../runs/exchange/outbox.ts'
import type { RunFolder } from '../runs/folder/run-folder.ts'
import type { Run } from '../runs/run/run.ts'
import { systemClock } from '../system.ts'
import { accepted } from './accepted.ts'
import { submission } from './stand-in-run.ts'
import type { StandIn } from './stand-ins.ts'

const maxFile = 64 << 20

/** A stand-in checks and signs what is awaited, as on a device of its own. Rehearsals only: a production run has no stand-ins. */
export function signAsStandIn(run: Run, standIn: StandIn, what: SignedKind): Refusal | null {
  const { folder } = run
  const view = run.view()
  const { needs } = view
  if (needs?.kind !== 'signatures' || needs.what !== what)
    throw new ExpectedError('SUBMIT-01', `no ${what} is awaited`)
  const signing = accepted(signingOf(standIn.role, signatureRequest(folder, view, needs)))
  const memory = rememberedBy(folder, standIn)
  const prepared = accepted(prepareSignature(signing, standIn, memory, systemClock.now()))
  const answer = accepted(signatureAnswerCodec.parse(signAnswer(prepared).answer))
  return run.submit({
    type: 'submit',
    what,
    payload: bytesToSign(folder, what),
    signature: answer.signature,
  })
}

/** What a stand-in witness cosigned last: nothing is kept of it but the log. */
function rememberedBy(folder: RunFolder, { name }: StandIn): Memory {
  const last = folder.state.checkpoints.findLast(({ cosigned }) => cosigned.some((one) => one.name === name))
  if (last === undefined) return {}
  const checkpoint = accepted(
    checkpointCodec.file.check(folder.readDocument(`checkpoints/${last.size}.json`)),
  )
  const { size, node, root } = checkpoint.payload
  return { [folder.state.ceremonyId]: { size, node, root } }
}

/** A stand-in holder opens the sealed share, checks it as a phone does, and proves it. */
export async function acknowledgeAsStandIn(run: Run, standIn: StandIn): Promise<Refusal | null> {
  const { folder } = run
  const share = folder.state.fhe?.shares.find(({ holder }) => holder === standIn.name)
  if (share === undefined || standIn.seal === null)
    throw new ExpectedError('STAND-IN-ONLY', `${standIn.name} holds no share here`)
  const at = (...names: string[]) => readBounded(join(folder.path, ...names), maxFile)
  const path = join(folder.path, 'envelopes', `holder-${share.index}.age`)
  const policy = accepted(trustedPolicy(at('policy.json')))
  const kept = accepted(
    await receiveShare(
      {
        policy,
        opening: at('opening.json'),
        envelope: readBounded(path, maxFile),
        signature: at('envelopes', `holder-${share.index}.sig`),
        pub: at('fhe', 'public.bin'),
      },
      { key: standIn, received: null, path, lost: false },
    ),
  )
  try {
    const { acknowledgement } = accepted(acknowledge({ key: standIn, ...kept }, policy))
    return run.submit({ ...submission(acknowledgementCodec, acknowledgement), what: 'acknowledgement' })
  } finally {
    forgetKept(kept)
  }
}
