import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { LiveEpoch } from '@lux/ceremony'
import { askedDigests } from '@lux/ceremony/wire'
import { openWith, wipe } from '@lux/crypto'
import { type Budgets, forgetEnvelope, parseShareEnvelope } from '@lux/crypto/fhe'
import { ExpectedError, readBounded } from '@lux/node-files'
import {
  forgetShareOf,
  type HeldShare,
  type HolderState,
  type OpenedShare,
  openHeldShare,
  openingDigest,
  parseHeldShare,
} from '@lux/people'
import { publicPath } from '../runs/folder/places.ts'
import type { RunFolder } from '../runs/folder/run-folder.ts'
import { accepted } from './accepted.ts'
import { epochRunIn } from './stand-in-run.ts'
import type { StandIn } from './stand-ins.ts'

const maxFile = 64 << 20

/** Where a stand-in keeps a share: of the next epoch as it was put together, else as it was dealt. */
export function sharePath(folder: RunFolder, epochId: string, holder: number): string {
  const next = folder.state.reshare?.next?.epochId === epochId
  return join(folder.path, next ? 'shares' : 'envelopes', `holder-${holder}.age`)
}

/**
 * Does something with a stand-in's share, opened and checked as on a device of its own; what it has answered is what the log says.
 * Wiped afterwards. Errors: STAND-IN-ONLY, and what `openHeldShare` refuses.
 */
export async function withShareOf<T>(
  folder: RunFolder,
  standIn: StandIn,
  epoch: LiveEpoch,
  work: (opened: OpenedShare) => Promise<T> | T,
): Promise<T> {
  const held = await heldBy(folder, standIn, epoch)
  let opened: OpenedShare | null = null
  try {
    const envelope = accepted(openHeldShare(held, standIn))
    const before = stateOf(folder, standIn.name, epoch.epochId, envelope.share.budgets)
    opened = { key: standIn, held, envelope, before }
    return await work(opened)
  } finally {
    if (opened === null) wipe(held.content)
    else forgetShareOf(opened)
  }
}

async function heldBy(folder: RunFolder, { name, seal }: StandIn, epoch: LiveEpoch): Promise<HeldShare> {
  const { epochId, holders } = epoch
  const path = sharePath(folder, epochId, holders.indexOf(name) + 1)
  if (seal === null || !existsSync(path))
    throw new ExpectedError('STAND-IN-ONLY', `${name} holds no share here`)
  const sealed = readBounded(path, maxFile)
  const content = await openWith(seal, sealed)
  if (folder.state.reshare?.next?.epochId === epochId) return accepted(parseHeldShare(content))
  const { ceremonyId, policyDigest } = folder.state
  return {
    content,
    sealed,
    pub: readBounded(publicPath(folder, epochId), maxFile),
    // A key of before was dealt in a ceremony that was none.
    ceremonyId: folder.state.fhe?.epochId === epochId ? ceremonyId : ceremonyOf(content),
    policyDigest,
  }
}

function ceremonyOf(content: Uint8Array): string {
  const envelope = parseShareEnvelope(content)
  forgetEnvelope(envelope)
  return envelope.ceremonyId
}

/** The record of a stand-in's share: nothing is kept of it but the log. */
function stateOf(folder: RunFolder, name: string, epochId: string, budgets: Budgets): HolderState {
  const { state, plan } = folder
  const decided = state.decryptions.filter(
    ({ epoch, answers }) => epoch?.epochId === epochId && answers.some((one) => one.name === name),
  )
  const isCanary = (id: string) => plan.decryptions?.find((one) => one.id === id)?.canary === true
  const answered = decided.filter(
    ({ id, answers }) =>
      !isCanary(id) && answers.some((one) => one.name === name && one.decision === 'approved'),
  )
  const left = state.budgets.find((one) => one.epochId === epochId && one.name === name)?.left ?? budgets
  const { reshare } = state
  const leaves = reshare?.old.epochId === epochId && reshare.approvedBy.some((one) => one.name === name)
  return {
    spent: { at64: budgets.at64 - left.at64, at128: budgets.at128 - left.at128 },
    answered: answered.flatMap(({ request }) => (request === null ? [] : askedDigests(request))),
    taken: decided.flatMap(({ request }) => (request === null ? [] : [request.requestId])),
    leaving: leaves ? openingDigest(epochRunIn(folder)) : null,
    live: reshare?.next?.epochId !== epochId || reshare.live !== null,
    canary: decided.some(({ id }) => isCanary(id)),
  }
}
