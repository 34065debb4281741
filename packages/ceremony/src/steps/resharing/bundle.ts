import {
  encodeCanonical,
  equalBytes,
  fromHex,
  identityId,
  sha256Hex,
  toHex,
  verifySignature,
} from '@lux/crypto'
import { nextPublic, parseCorrection, parsePublic, type RosterEntry, rosterDigest } from '@lux/crypto/fhe'
import type { Predicate } from '../../bundle/predicate.ts'
import { fileOf, fits, type Recorded } from '../../bundle/recorded.ts'
import { required, type Verification } from '../../bundle/verification.ts'
import { signatureContext } from '../../documents/format/context.ts'
import { accept, type Outcome, refuse } from '../../documents/format/outcome.ts'
import { acknowledgementCodec, envelopesDigest } from '../../documents/threshold/acknowledgement.ts'
import { epochApprovalCodec, epochLiveCodec, redealCodec } from '../../documents/threshold/epoch.ts'
import { holderBefore, holderNext, stayingHolders } from '../../plan/queries.ts'
import { cardOfHolder, holdersOfOld, oldEpoch, oldHolders } from '../dealing/holders.ts'

const maxPublic = 4 << 20

type Next = NonNullable<Predicate['next']>

type Old = { keyId: string; epochId: string; epoch: number; public: string }

/**
 * The next epoch follows from the old one: t holders approved it, the dealers of the plan dealt it, its public file is the
 * sum, every new holder proved the share, and the ceremony key declared it live.
 */
export async function checkEpoch(v: Verification): Promise<Outcome<string>> {
  const { next } = v.predicate
  if (next === null) return accept('no next epoch')
  const old = oldEpoch(v)
  if (old === null) return wrong('there is no epoch before it')
  for (const check of [checkPublic, checkApprovals, checkProofs, checkLive]) {
    const found = await check(v, next, old)
    if (!found.ok) return found
  }
  const kept = keptKeys(v)
  const remark = kept.length === 0 ? '' : `; with the envelope key of the epoch before: ${kept.join(', ')}`
  return accept(`epoch ${next.epoch}, ${next.t} of ${next.n}${remark}`)
}

async function checkPublic(v: Verification, next: Next, old: Old): Promise<Outcome<null>> {
  const { reshare } = required(v.plan)
  const before = oldHolders(v)
  const dealers = (reshare?.dealers ?? []).map((name) => before.indexOf(name) + 1)
  if (dealers.join() !== next.redeals.map(({ dealer }) => dealer).join())
    return wrong('others re-dealt than the plan names')
  const corrections: Uint8Array[] = []
  for (const { dealer, name, document, correction } of next.redeals) {
    const bytes = await v.blob(correction, maxPublic)
    if (!bytes.ok) return bytes
    const signed = await v.parsed(document, redealCodec.file)
    if (!signed.ok) return signed
    const said = signed.value.payload
    const own = sameRun(v, old, said) && said.dealer === dealer && said.name === name
    const fits =
      own &&
      said.correction === correction &&
      said.t === next.t &&
      said.n === next.n &&
      said.envelopes.length === next.n
    if (!fits) return wrong(`the re-deal of ${name} is of something else`)
    if (said.commitments !== commitmentsOf(bytes.value)) return wrong(`${name} signed other commitments`)
    const card = cardOfHolder(v, name)
    if (card === null) return wrong(`${name} has no card of a holder`)
    const group = { role: 'holder', members: [{ name, keys: card.keys }], quorum: 1 }
    const verified = redealCodec.verify(signed.value, v.predicate.domain, [group])
    if (!verified.ok) return wrong(`${name}: ${verified.detail}`)
    corrections.push(bytes.value)
  }
  const pub = await v.blob(old.public, maxPublic)
  if (!pub.ok) return pub
  const roster = before.map((name, at) => ({
    index: at + 1,
    name,
    card: holderBefore(v.run.header.roster, name)?.card ?? '',
  }))
  if (!isOfRoster(pub.value, roster)) return wrong('the old public file is of other holders or cards')
  const computed = nextPublic({
    pub: pub.value,
    corrections,
    dealers,
    to: { t: next.t, n: next.n },
    planHash: fromHex(v.predicate.planHash, 32),
    roster: next.holders.map(({ index, name, card }) => ({ index, name, card })),
  })
  if (!computed.ok) return wrong(`${computed.rule}: ${computed.detail}`)
  if (toHex(computed.value.epochId) !== next.epochId || sha256Hex(computed.value.pub) !== next.public)
    return wrong('the public file is not the sum of the old one and the corrections')
  return next.epoch === old.epoch + 1 ? accept(null) : wrong('its number is not the next one')
}

async function checkApprovals(v: Verification, next: Next, old: Old): Promise<Outcome<null>> {
  const before = oldHolders(v)
  const roster = sha256Hex(
    encodeCanonical(next.holders.map(({ index, name, card }) => ({ index, name, card }))),
  )
  const mask = next.redeals.reduce((sum, { dealer }) => sum | (1 << (dealer - 1)), 0)
  const approved = new Set<string>()
  for (const blob of next.approvals) {
    const signed = await v.parsed(blob, epochApprovalCodec.file)
    if (!signed.ok) return signed
    const said = signed.value.payload
    const { name } = said
    const fits =
      sameRun(v, old, said) &&
      said.epoch === next.epoch &&
      said.t === next.t &&
      said.n === next.n &&
      said.roster === roster &&
      said.dealerMask === mask &&
      before[said.holder - 1] === name
    if (!fits || approved.has(name))
      return wrong(`the approval of ${name} is of something else, or there twice`)
    const card = cardOfHolder(v, name)
    if (card === null) return wrong(`${name} has no card of a holder`)
    const group = { role: 'holder', members: [{ name, keys: card.keys }], quorum: 1 }
    const verified = epochApprovalCodec.verify(signed.value, v.predicate.domain, [group])
    if (!verified.ok) return wrong(`${name}: ${verified.detail}`)
    approved.add(name)
  }
  const { t } = holdersOfOld(v)
  return approved.size >= t ? accept(null) : wrong(`${approved.size} holders approved, ${t} are needed`)
}

async function checkProofs(v: Verification, next: Next, old: Old): Promise<Outcome<null>> {
  const envelopes: string[][] = []
  for (const { document } of next.redeals) {
    const signed = await v.parsed(document, redealCodec.file)
    if (!signed.ok) return signed
    envelopes.push(signed.value.payload.envelopes)
  }
  if (next.holders.length !== next.n || next.holders.some(({ index }, at) => index !== at + 1))
    return wrong('its holders are not 1 to n')
  for (const { index, name, card: digest, acknowledgement } of next.holders) {
    const card = v.people.get(digest)
    const seat = holderNext(v.run.header.roster, name)
    if (card?.recipient === undefined || card.name !== name || seat?.card !== digest)
      return wrong(`${name} has no such card of a holder`)
    const signed = await v.parsed(acknowledgement, acknowledgementCodec.file)
    if (!signed.ok) return signed
    const said = signed.value.payload
    const fits =
      said.domain === v.predicate.domain &&
      said.ceremonyId === v.predicate.ceremonyId &&
      said.keyId === old.keyId &&
      said.epochId === next.epochId &&
      said.holder === index &&
      said.name === name &&
      said.envelopeDigest === envelopesDigest(envelopes.map((of) => of[index - 1] ?? ''))
    if (!fits) return wrong(`${name} acknowledges something else`)
    const group = { role: 'holder', members: [{ name, keys: card.keys }], quorum: 1 }
    const verified = acknowledgementCodec.verify(signed.value, v.predicate.domain, [group])
    if (!verified.ok) return wrong(`${name}: ${verified.detail}`)
  }
  return accept(null)
}

async function checkLive(v: Verification, next: Next, old: Old): Promise<Outcome<null>> {
  const signed = await v.parsed(next.live, epochLiveCodec.file)
  if (!signed.ok) return signed
  const { payload: said, signatures } = signed.value
  const proofs: string[] = []
  for (const { acknowledgement } of next.holders) {
    const parsed = await v.parsed(acknowledgement, acknowledgementCodec.file)
    if (!parsed.ok) return parsed
    proofs.push(acknowledgementCodec.payload.digest(parsed.value.payload))
  }
  const fits =
    sameRun(v, old, said) &&
    said.epochId === next.epochId &&
    said.epoch === next.epoch &&
    said.t === next.t &&
    said.n === next.n &&
    said.acknowledgements.join() === proofs.join()
  if (!fits) return wrong('another epoch was declared live')
  const keys = v.certificate.ceremonyKeys
  const [signature] = signatures
  if (signature === undefined || signatures.length > 1 || signature.signer !== identityId(keys))
    return wrong('the ceremony key alone declares an epoch live')
  const context = signatureContext('epoch-live', v.predicate.domain)
  const result = verifySignature(keys, context, epochLiveCodec.signedBytes(said), signature)
  return result.ok ? accept(null) : wrong(result.detail)
}

/** Who stays with one card for both epochs. No plan may say so any more (PLAN-43); bundles from before that rule are still taken. */
function keptKeys(v: Verification): string[] {
  const { roster } = v.run.header
  const staying = stayingHolders(oldHolders(v), required(v.plan).reshare?.holders ?? [])
  return staying.filter((name) => holderBefore(roster, name) === holderNext(roster, name))
}

type Said = { domain: string; ceremonyId: string; planHash: string; keyId: string; oldEpochId: string }

function sameRun({ predicate }: Verification, old: Old, said: Said): boolean {
  return (
    said.domain === predicate.domain &&
    said.ceremonyId === predicate.ceremonyId &&
    said.planHash === predicate.planHash &&
    said.keyId === old.keyId &&
    said.oldEpochId === old.epochId
  )
}

function isOfRoster(pub: Uint8Array, roster: readonly RosterEntry[]): boolean {
  try {
    return equalBytes(parsePublic(pub).rosterDigest, rosterDigest(roster))
  } catch {
    // `nextPublic` says what is wrong with a file that does not parse.
    return true
  }
}

function commitmentsOf(correction: Uint8Array): string {
  try {
    const { commitments } = parseCorrection(correction)
    return sha256Hex(...commitments)
  } catch {
    // A correction that does not parse has no commitments; `nextPublic` says what is wrong with it.
    return ''
  }
}

function wrong(detail: string): Outcome<never> {
  return refuse('FHE-EPOCH', detail)
}

export async function epochFault(v: Verification, recorded: readonly Recorded[]): Promise<string | null> {
  const { next } = v.predicate
  if (next === null) return null
  const assembled = recorded.find(({ step }) => step.do === 'assemble-epoch')
  const declared = recorded.find(({ step }) => step.do === 'epoch-live')
  if (assembled === undefined || declared === undefined)
    return `epoch ${next.epoch}: no step of the plan assembles it, or declares it live`
  const sum = assembled.result
  const corrections = next.redeals.map(({ correction }) => correction)
  if (
    sum !== null &&
    (fileOf(sum, 'public') !== next.public ||
      !fits(sum, { epochId: next.epochId, epoch: next.epoch, corrections }))
  )
    return `epoch ${next.epoch}: the transcript has another one`
  if (declared.result === null) return null
  const live = await v.parsed(next.live, epochLiveCodec.file)
  if (!live.ok) return live.detail
  const { payload, signatures } = live.value
  const digest = epochLiveCodec.payload.digest(payload)
  return fits(declared.result, { digest, signature: { ...signatures[0] } })
    ? null
    : `epoch ${next.epoch}: the transcript has another statement that it is live`
}
