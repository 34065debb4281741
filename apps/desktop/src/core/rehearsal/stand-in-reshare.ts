import { join } from 'node:path'
import type { Refusal } from '@lux/ceremony'
import { holderNext } from '@lux/ceremony/plan'
import {
  type Acknowledgement,
  acknowledgementCodec,
  type EpochApproval,
  envelopesDigest,
  epochApprovalCodec,
  type Redeal,
  redealCodec,
} from '@lux/ceremony/wire'
import { encodeCanonical, fromHex, openWith, sealTo, sha256Hex, toHex, wipe } from '@lux/crypto'
import { commitmentsDigest, nextShare, parseCorrection } from '@lux/crypto/fhe'
import { CoreError, readBounded, writeDurably } from '@lux/node-files'
import { runKeyChild } from '../key-child/client.ts'
import type { KeyChildProgram } from '../runs/effects/context.ts'
import { nextBudgets } from '../runs/folder/budgets.ts'
import { correctionPath, publicPath, redealFolder } from '../runs/folder/places.ts'
import type { RunFolder } from '../runs/folder/run-folder.ts'
import type { Run } from '../runs/run/run.ts'
import { budgetsOf, openShare, sharePath } from './stand-in-share.ts'
import type { StandIn } from './stand-ins.ts'

const maxFile = 64 << 20

/** A stand-in holder of the old epoch lets the key move, and says what is left of its budget. */
export async function approveEpochAsStandIn(run: Run, standIn: StandIn): Promise<Refusal | null> {
  const { folder } = run
  const { state } = folder
  const { reshare } = folder.plan
  const old = state.epoch
  if (old === null || reshare === undefined) throw new CoreError('STAND-IN-ONLY', 'no epoch is to follow')
  const holder = old.holders.indexOf(standIn.name) + 1
  const known = state.budgets.find((one) => one.epochId === old.epochId && one.name === standIn.name)?.left
  const share = await openShare(folder, standIn, old.epochId, holder)
  const budgets = budgetsOf(share)
  wipe(share)
  const approval: EpochApproval = {
    v: 1,
    kind: 'epoch-approval',
    ...placeOf(folder, old),
    epoch: old.epoch + 1,
    t: reshare.t,
    n: reshare.n,
    roster: sha256Hex(encodeCanonical(rosterOf(folder))),
    dealerMask: dealersOf(folder).reduce((mask, dealer) => mask | (1 << (dealer - 1)), 0),
    holder,
    name: standIn.name,
    left: known ?? { at64: budgets.at64, at128: budgets.at128 },
  }
  const payload = epochApprovalCodec.signedBytes(approval)
  const signature = epochApprovalCodec.sign(standIn.identity, approval, approval.domain)
  return run.submit({ type: 'submit', what: 'epoch-approval', payload, signature })
}

/** A stand-in dealer deals its part again, in a process of its own. */
export async function redealAsStandIn(
  run: Run,
  standIn: StandIn,
  keyChild: KeyChildProgram,
): Promise<Refusal | null> {
  const { folder } = run
  const old = folder.state.reshare?.old
  const { reshare } = folder.plan
  if (!old || reshare === undefined || standIn.seal === null)
    throw new CoreError('STAND-IN-ONLY', `${standIn.name} deals nothing`)
  const dealer = old.holders.indexOf(standIn.name) + 1
  const recipients = reshare.holders.map((name) => holderNext(folder.state.seats, name)?.recipient ?? '')
  const dealt = await runKeyChild(
    {
      do: 'redeal',
      params: {
        share: sharePath(folder, old.epochId, dealer),
        identity: standIn.seal,
        pub: publicPath(folder, old.epochId),
        dealers: dealersOf(folder),
        to: { t: reshare.t, n: reshare.n },
        planHash: folder.state.planHash,
        recipients,
        outDir: redealFolder(folder),
      },
    },
    keyChild,
  )
  const { commitments } = parseCorrection(readBounded(dealt.correction.path, maxFile))
  const redeal: Redeal = {
    v: 1,
    kind: 'redeal',
    ...placeOf(folder, old),
    t: reshare.t,
    n: reshare.n,
    dealer,
    name: standIn.name,
    correction: dealt.correction.sha256,
    commitments: toHex(commitmentsDigest(commitments)),
    envelopes: dealt.envelopes.map(({ sha256 }) => sha256),
  }
  const payload = redealCodec.signedBytes(redeal)
  const signature = redealCodec.sign(standIn.identity, redeal, redeal.domain)
  return run.submit({ type: 'submit', what: 'redeal', payload, signature })
}

/** A new stand-in holder puts its share together out of all dealers' seeds, keeps it sealed and proves it. */
export async function acknowledgeNextAsStandIn(run: Run, standIn: StandIn): Promise<Refusal | null> {
  const { folder } = run
  const { reshare } = folder.state
  const next = reshare?.next
  if (!reshare || !next || standIn.seal === null || standIn.card.recipient === undefined)
    throw new CoreError('STAND-IN-ONLY', `${standIn.name} holds no share here`)
  const holder = next.holders.indexOf(standIn.name) + 1
  const dealers = reshare.redealt.map(({ dealer }) => dealer).toSorted((a, b) => a - b)
  const { seal } = standIn
  const sealed = dealers.map((dealer) =>
    readBounded(join(redealFolder(folder), `dealer-${dealer}-holder-${holder}.age`), maxFile),
  )
  const seedFiles: Uint8Array[] = []
  let share: ReturnType<typeof nextShare> | null = null
  try {
    for (const bytes of sealed) seedFiles.push(await openWith(seal, bytes))
    share = nextShare({
      pub: readBounded(publicPath(folder, next.epochId), maxFile),
      corrections: dealers.map((dealer) => readBounded(correctionPath(folder, dealer), maxFile)),
      seedFiles,
      holder,
      policyHash: fromHex(folder.state.policyDigest, 32),
      budgets: nextBudgets(folder),
    })
    if (!share.ok) throw new CoreError(share.rule, share.detail)
    const acknowledgement: Acknowledgement = {
      v: 1,
      kind: 'acknowledgement',
      domain: folder.state.domain,
      ceremonyId: folder.state.ceremonyId,
      keyId: next.keyId,
      epochId: next.epochId,
      holder,
      name: standIn.name,
      shareDigest: sha256Hex(share.value),
      envelopeDigest: envelopesDigest(sealed.map((bytes) => sha256Hex(bytes))),
    }
    writeDurably(sharePath(folder, next.epochId, holder), await sealTo([standIn.card.recipient], share.value))
    const payload = acknowledgementCodec.signedBytes(acknowledgement)
    const signature = acknowledgementCodec.sign(standIn.identity, acknowledgement, acknowledgement.domain)
    return run.submit({ type: 'submit', what: 'acknowledgement', payload, signature })
  } finally {
    for (const file of seedFiles) wipe(file)
    if (share?.ok) wipe(share.value)
  }
}

function placeOf(folder: RunFolder, old: { keyId: string; epochId: string }) {
  const { domain, ceremonyId, planHash } = folder.state
  return { domain, ceremonyId, planHash, keyId: old.keyId, oldEpochId: old.epochId }
}

function rosterOf(folder: RunFolder): { index: number; name: string; card: string }[] {
  return (folder.plan.reshare?.holders ?? []).map((name, at) => ({
    index: at + 1,
    name,
    card: holderNext(folder.state.seats, name)?.card ?? '',
  }))
}

function dealersOf(folder: RunFolder): number[] {
  const old = folder.state.reshare?.old ?? folder.state.epoch
  return (folder.plan.reshare?.dealers ?? []).map((name) => (old?.holders.indexOf(name) ?? -1) + 1)
}
