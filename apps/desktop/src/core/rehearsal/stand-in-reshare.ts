import { join } from 'node:path'
import type { Refusal } from '@lux/ceremony'
import { acknowledgementCodec, epochApprovalCodec, redealCodec } from '@lux/ceremony/wire'
import { sealTo } from '@lux/crypto'
import { ExpectedError, readBounded, writeDurably } from '@lux/node-files'
import {
  acknowledge,
  approveEpoch,
  correctionName,
  forgetKept,
  nextHolder,
  nextShare,
  nextSignatureFile,
  redeal,
  seedsName,
} from '@lux/people'
import { redealFolder } from '../runs/folder/places.ts'
import type { Run } from '../runs/run/run.ts'
import { systemEntropy } from '../system.ts'
import { accepted } from './accepted.ts'
import { approvalsIn, epochRunIn, submission } from './stand-in-run.ts'
import { sharePath, withShareOf } from './stand-in-share.ts'
import type { StandIn } from './stand-ins.ts'

const maxFile = 64 << 20

/** A stand-in holder of the old epoch lets the key move, and says what is left of its budget. */
export async function approveEpochAsStandIn(run: Run, standIn: StandIn): Promise<Refusal | null> {
  const { folder } = run
  return withShareOf(folder, standIn, oldEpoch(run), (opened) => {
    const policies = { policy: folder.policy, previous: null }
    const { approval } = accepted(approveEpoch(opened, epochRunIn(folder), policies)).sign()
    return run.submit({ ...submission(epochApprovalCodec, approval), what: 'epoch-approval' })
  })
}

/** A stand-in dealer deals its part again. */
export async function redealAsStandIn(run: Run, standIn: StandIn): Promise<Refusal | null> {
  const { folder } = run
  const epochRun = epochRunIn(folder)
  return withShareOf(folder, standIn, oldEpoch(run), async (opened) => {
    const given = { policy: folder.policy, previous: null, approvals: approvalsIn(folder, epochRun) }
    const dealt = accepted(await accepted(redeal(opened, epochRun, given)).deal(systemEntropy))
    for (const { name, bytes } of dealt.files) writeDurably(join(redealFolder(folder), name), bytes)
    return run.submit({ ...submission(redealCodec, dealt.redeal), what: 'redeal' })
  })
}

/** A new stand-in holder puts its share together out of all dealers' seeds, keeps it sealed and proves it. */
export async function acknowledgeNextAsStandIn(run: Run, standIn: StandIn): Promise<Refusal | null> {
  const { folder } = run
  const next = folder.state.reshare?.next
  const { recipient } = standIn.card
  if (!next || recipient === undefined)
    throw new ExpectedError('STAND-IN-ONLY', `${standIn.name} holds no share here`)
  const epochRun = epochRunIn(folder)
  const holder = accepted(nextHolder(epochRun, standIn.name))
  const at = (name: string) => readBounded(join(redealFolder(folder), name), maxFile)
  const { dealers } = epochRun.terms
  const path = sharePath(folder, next.epochId, holder)
  const files = {
    approvals: approvalsIn(folder, epochRun),
    redeals: dealers.map((dealer) => at(`redeal-${dealer}.json`)),
    corrections: dealers.map((dealer) => at(correctionName(dealer))),
    seeds: dealers.map((dealer) => at(seedsName(dealer, holder))),
    signature: readBounded(join(folder.path, nextSignatureFile(holder)), maxFile),
  }
  const kept = accepted(await nextShare(epochRun, files, { key: standIn, received: null, path, lost: false }))
  try {
    writeDurably(path, await sealTo([recipient], kept.share))
    const { acknowledgement } = accepted(acknowledge({ key: standIn, ...kept }, folder.policy.policy))
    return run.submit({ ...submission(acknowledgementCodec, acknowledgement), what: 'acknowledgement' })
  } finally {
    forgetKept(kept)
  }
}

function oldEpoch({ folder: { state } }: Run) {
  const old = state.reshare?.old ?? state.epoch
  if (old === null) throw new ExpectedError('STAND-IN-ONLY', 'no epoch is to follow')
  return old
}
