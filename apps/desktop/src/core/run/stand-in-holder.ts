import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Refusal } from '@lux/ceremony'
import {
  type Acknowledgement,
  acknowledgementCodec,
  type EpochApproval,
  envelopesDigest,
  epochApprovalCodec,
  type HolderAnswer,
  holderAnswerCodec,
  provenanceCodec,
  type Redeal,
  redealCodec,
  requestPackageCodec,
} from '@lux/ceremony/wire'
import { encodeCanonical, fromHex, openWith, sealTo, sha256Hex, toHex, wipe } from '@lux/crypto'
import {
  type Authorities,
  answerCanary,
  commitmentsDigest,
  fhePartialDecrypt,
  forgetShare,
  nextShare,
  parseCorrection,
  parseShare,
  readCiphertext,
  type ShareExpectation,
  signPartial,
  verifyShare,
} from '@lux/crypto/fhe'
import { CoreError } from '../core-error.ts'
import { runKeyChild } from '../key-child/client.ts'
import { shareIn } from '../key-child/redeal.ts'
import { readBounded, writeDurably } from '../store/durable-file.ts'
import { agreedBudgets, nextBudgets } from './agreed-budgets.ts'
import { correctionPath, decryptionFolder, packageFile, publicPath, redealFolder } from './fhe-places.ts'
import type { Run } from './run.ts'
import type { KeyChildProgram } from './run-context.ts'
import type { RunFolder } from './run-folder.ts'
import type { StandIn } from './stand-ins.ts'

const maxFile = 64 << 20

/** A stand-in holder decides as a phone would: it checks everything that it can, answers and counts. */
export async function answerAsStandIn(
  run: Run,
  standIn: StandIn,
  id: string,
  { authorities, now }: { authorities: Authorities; now: string },
): Promise<Refusal | null> {
  const { folder } = run
  const decryption = folder.state.decryptions.find((one) => one.id === id)
  const { epoch, digest, request, package: packageDigest } = decryption ?? {}
  if (!epoch || !digest || !request || !packageDigest)
    throw new CoreError('STAND-IN-ONLY', `${id} was not asked`)
  const holder = epoch.holders.indexOf(standIn.name) + 1
  const pub = readBounded(publicPath(folder, epoch.epochId), maxFile)
  const share = await openShare(folder, standIn, epoch.epochId, holder)
  try {
    const { budgets } = parseShare(share)
    const known = folder.state.budgets.find(
      (one) => one.epochId === epoch.epochId && one.name === standIn.name,
    )?.left
    const left = known ?? budgets
    const requestDigest = fromHex(digest, 32)
    const ciphertext = readBounded(join(decryptionFolder(folder, id), 'ciphertext-1.bin'), maxFile)
    const canary = folder.plan.decryptions?.find((one) => one.id === id)?.canary === true
    const spent = { at64: budgets.at64 - left.at64, at128: budgets.at128 - left.at128 }
    const given = requestPackageCodec.check(folder.readDocument(packageFile(packageDigest)))
    if (!given.ok) throw new CoreError(given.rule, given.detail)
    const provenance = given.value.provenance.map(provenanceCodec.file.encode)
    const { carrying = 'never', blockFloorBits, floorBits } = folder.policy.policy.fhe
    const agreed = agreedBudgets(folder, epoch.epochId)
    const asked: Asked = {
      share,
      pub,
      ciphertexts: [ciphertext],
      authority: { authorities, provenance, requestDigest, identity: standIn.identity },
      answered: new Set(),
      spent,
      carrying,
      floors: { block: blockFloorBits, life: floorBits },
      expected: {
        holder,
        policyHash: fromHex(folder.state.policyDigest, 32),
        ...(agreed === null ? {} : { budgets: agreed }),
      },
    }
    if (canary && answeredCanary(folder, id, epoch.epochId, standIn.name))
      throw new CoreError('REQUEST-CANARY', `${standIn.name} has answered the canary of this epoch`)
    const partial = canary ? canaryPartial(asked) : fhePartialDecrypt(asked)
    if (!partial.ok) throw new CoreError(partial.rule, partial.detail)
    const sealed = await sealTo([request.combiner], partial.value.partial)
    writeDurably(join(decryptionFolder(folder, id), `answer-${holder}.age`), sealed)
    const { spends } = partial.value
    const answer: HolderAnswer = {
      v: 1,
      kind: 'holder-answer',
      domain: folder.state.domain,
      request: digest,
      keyId: epoch.keyId,
      epochId: epoch.epochId,
      holder,
      name: standIn.name,
      decision: 'approved',
      reason: '',
      sealed: sha256Hex(sealed),
      spent: spends,
      left:
        given.value.request.payload.mode === 'F'
          ? { at64: left.at64 - spends, at128: left.at128 }
          : { at64: left.at64, at128: left.at128 - spends },
      time: now,
    }
    const payload = holderAnswerCodec.signedBytes(answer)
    const signature = holderAnswerCodec.sign(standIn.identity, answer, answer.domain)
    return run.submit({ type: 'submit', what: 'holder-answer', payload, signature })
  } finally {
    wipe(share)
  }
}

type Asked = Parameters<typeof fhePartialDecrypt>[0] & {
  authority: {
    authorities: Authorities
    provenance: readonly Uint8Array[]
    requestDigest: Uint8Array
    identity: StandIn['identity']
  }
  carrying: 'always' | 'never'
  expected: ShareExpectation
}

/** Outside budget and floors, but vouched for and carried like anything else. */
function canaryPartial({ share, pub, ciphertexts: files, authority, carrying, expected }: Asked) {
  const verified = verifyShare(share, pub, expected)
  if (!verified.ok) return verified
  try {
    const ciphertexts = files.map(readCiphertext)
    const answered = answerCanary(verified.value, ciphertexts, authority.requestDigest, authority, carrying)
    if (!answered.ok) return answered
    return {
      ok: true as const,
      value: { partial: signPartial(authority.identity, answered.value), spends: 0 },
    }
  } finally {
    forgetShare(verified.value.share)
  }
}

function answeredCanary({ state, plan }: RunFolder, id: string, epochId: string, name: string): boolean {
  return state.decryptions.some(
    (one) =>
      one.id !== id &&
      one.epoch?.epochId === epochId &&
      plan.decryptions?.find((planned) => planned.id === one.id)?.canary === true &&
      one.answers.some((answer) => answer.name === name),
  )
}

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
  const { budgets } = parseShare(share)
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
  const recipients = reshare.holders.map(
    (name) =>
      folder.state.seats.find((seat) => seat.role === 'holder' && seat.name === name)?.recipient ?? '',
  )
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
  const share = nextShare({
    pub: readBounded(publicPath(folder, next.epochId), maxFile),
    corrections: dealers.map((dealer) => readBounded(correctionPath(folder, dealer), maxFile)),
    seedFiles: await Promise.all(sealed.map((bytes) => openWith(seal, bytes))),
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
  wipe(share.value)
  const payload = acknowledgementCodec.signedBytes(acknowledgement)
  const signature = acknowledgementCodec.sign(standIn.identity, acknowledgement, acknowledgement.domain)
  return run.submit({ type: 'submit', what: 'acknowledgement', payload, signature })
}

/** The sealed share of a stand-in: as it was dealt, or as the holder put it together. */
function sharePath(folder: RunFolder, epochId: string, holder: number): string {
  const next = folder.state.reshare?.next?.epochId === epochId
  return join(folder.path, next ? 'shares' : 'envelopes', `holder-${holder}.age`)
}

async function openShare(
  folder: RunFolder,
  { name, seal }: StandIn,
  epochId: string,
  holder: number,
): Promise<Uint8Array> {
  const path = sharePath(folder, epochId, holder)
  if (seal === null || !existsSync(path)) throw new CoreError('STAND-IN-ONLY', `${name} holds no share here`)
  return shareIn(await openWith(seal, readBounded(path, maxFile)))
}

function placeOf(folder: RunFolder, old: { keyId: string; epochId: string }) {
  const { domain, ceremonyId, planHash } = folder.state
  return { domain, ceremonyId, planHash, keyId: old.keyId, oldEpochId: old.epochId }
}

function rosterOf(folder: RunFolder): { index: number; name: string; card: string }[] {
  return (folder.plan.reshare?.holders ?? []).map((name, at) => ({
    index: at + 1,
    name,
    card: folder.state.seats.find((seat) => seat.role === 'holder' && seat.name === name)?.card ?? '',
  }))
}

function dealersOf(folder: RunFolder): number[] {
  const old = folder.state.reshare?.old ?? folder.state.epoch
  return (folder.plan.reshare?.dealers ?? []).map((name) => (old?.holders.indexOf(name) ?? -1) + 1)
}
