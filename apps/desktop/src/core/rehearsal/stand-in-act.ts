import { join } from 'node:path'
import type { Refusal } from '@lux/ceremony'
import { holderNext } from '@lux/ceremony/plan'
import { heartbeatCodec, holderAnswerCodec, requestPackageCodec } from '@lux/ceremony/wire'
import { ExpectedError, readBounded, writeDurably } from '@lux/node-files'
import { prepareAnswer, readRequest, sealAnswer, stateHeld, trustedPolicy } from '@lux/people'
import { type AwaitedDocument, awaitedDocuments } from '../runs/exchange/awaited.ts'
import type { SignedKind } from '../runs/exchange/bytes-to-sign.ts'
import { approvedPackage } from '../runs/folder/approved-package.ts'
import { decryptionFolder } from '../runs/folder/places.ts'
import type { Run } from '../runs/run/run.ts'
import { accepted } from './accepted.ts'
import { custodianAsStandIn, giveShareAsStandIn, stateShareAsStandIn } from './stand-in-custodian.ts'
import { requestAsStandIn, resultAsStandIn } from './stand-in-request.ts'
import { acknowledgeNextAsStandIn, approveEpochAsStandIn, redealAsStandIn } from './stand-in-reshare.ts'
import { submission } from './stand-in-run.ts'
import { withShareOf } from './stand-in-share.ts'
import { acknowledgeAsStandIn, signAsStandIn } from './stand-in-signing.ts'
import type { StandIn } from './stand-ins.ts'

const roles: Record<SignedKind, StandIn['role']> = {
  opening: 'officer',
  exception: 'officer',
  bundle: 'officer',
  policy: 'officer',
  checkpoint: 'witness',
  'decryption-approval': 'approver',
}

/** What a stand-in can do at the press of a button, by the kind of the document that it gives. */
export type StandInAct = SignedKind | Exclude<AwaitedDocument, 'receipt'>
export const standInActs: readonly StandInAct[] = [
  ...(Object.keys(roles) as SignedKind[]),
  ...awaitedDocuments.filter((what) => what !== 'receipt'),
]

/** Does what the run waits for in one stand-in's name. Errors: STAND-IN-ONLY, FHE-…. */
export async function actAsStandIn(
  run: Run,
  standIns: readonly StandIn[],
  { what, name, now }: { what: StandInAct; name: string; now: string },
): Promise<Refusal | null> {
  const { needs } = run.view()
  const find = (role: StandIn['role']) => {
    const found = standIns.find((one) => one.name === name && one.role === role)
    if (found !== undefined) return found
    throw new ExpectedError('STAND-IN-ONLY', `nobody stands in for ${name}`)
  }
  // Opens shares of the next epoch with the envelope key that was made for it.
  const findNext = () => holderNext(standIns, name) ?? find('holder')
  const { decryptions, reshare } = run.folder.state
  switch (what) {
    case 'acknowledgement':
      return reshare?.next
        ? acknowledgeNextAsStandIn(run, findNext())
        : acknowledgeAsStandIn(run, find('holder'))
    case 'decryption-request':
      if (needs?.kind !== 'request') throw notNow(what)
      return requestAsStandIn(run, needs.decryption, { keyChild: run.keyChild, now })
    case 'decryption-result':
      if (needs?.kind !== 'result') throw notNow(what)
      return resultAsStandIn(run, needs.decryption, now)
    case 'holder-answer': {
      if (needs?.kind !== 'answers') throw notNow(what)
      const asked = decryptions.find(({ id }) => id === needs.decryption)?.epoch
      const holder = asked?.epochId === reshare?.next?.epochId ? findNext() : find('holder')
      return answerAsStandIn(run, holder, needs.decryption, now)
    }
    case 'epoch-approval':
      return approveEpochAsStandIn(run, find('holder'))
    case 'heartbeat':
      return heartbeatAsStandIn(run, find('holder'), now)
    case 'custodian-acknowledgement':
      return custodianAsStandIn(run, find('custodian'))
    case 'custodian-statement':
      return needs?.kind === 'share-releases'
        ? giveShareAsStandIn(run, find('custodian'), now)
        : stateShareAsStandIn(run, find('custodian'), now)
    case 'redeal':
      return redealAsStandIn(run, find('holder'))
    default:
      return signAsStandIn(run, find(roles[what]), what)
  }
}

function notNow(what: string): ExpectedError {
  return new ExpectedError('SUBMIT-01', `no ${what} is awaited`)
}

const maxOpening = 1 << 20

/** A stand-in holder states over the challenge of the run that the share is still held. */
async function heartbeatAsStandIn(run: Run, standIn: StandIn, now: string): Promise<Refusal | null> {
  const { folder } = run
  const { domain, ceremonyId, epoch, heartbeat } = folder.state
  if (epoch === null || heartbeat === null) throw new ExpectedError('STAND-IN-ONLY', 'no holder is asked')
  return withShareOf(folder, standIn, epoch, (opened) => {
    const opening = readBounded(join(folder.path, 'opening.json'), maxOpening)
    const { keyId, epochId } = epoch
    const request = { domain, ceremonyId, keyId, epochId, challenge: heartbeat.challenge }
    const stated = accepted(
      stateHeld(opened, { request, policy: folder.policy, previous: null, opening, now }),
    )
    return run.submit({ ...submission(heartbeatCodec, stated.sign()), what: 'heartbeat' })
  })
}

const maxFile = 64 << 20

/** A stand-in holder decides as a phone does: it checks everything, answers and counts. Errors: what `prepareAnswer` refuses. */
async function answerAsStandIn(run: Run, standIn: StandIn, id: string, now: string): Promise<Refusal | null> {
  const { folder } = run
  const decryption = folder.state.decryptions.find((one) => one.id === id)
  const { epoch, digest, package: taken } = decryption ?? {}
  if (!epoch || !digest || !taken) throw new ExpectedError('STAND-IN-ONLY', `${id} was not asked`)
  const given = accepted(requestPackageCodec.check(approvedPackage(folder, taken, digest)))
  const request = accepted(readRequest(requestPackageCodec.encode(given)))
  const ciphertexts = [readBounded(join(decryptionFolder(folder, id), 'ciphertext-1.bin'), maxFile)]
  const policy = accepted(trustedPolicy(readBounded(join(folder.path, 'policy.json'), maxFile)))
  return withShareOf(folder, standIn, epoch, async (opened) => {
    const prepared = accepted(prepareAnswer(opened, { request, ciphertexts, policy, now }))
    const { answer, sealed, said } = accepted(await sealAnswer(prepared, now))
    writeDurably(join(decryptionFolder(folder, id), `answer-${said.holder}.age`), sealed)
    return run.submit({ ...submission(holderAnswerCodec, answer), what: 'holder-answer' })
  })
}
