import type { Json } from '@lux/crypto'
import {
  checkFhePublic,
  checkReferenceString,
  maxPublic,
  maxReferenceString,
} from '../../bundle/fhe-public.ts'
import type { BundleFhe } from '../../bundle/predicate.ts'
import { fileOf, member, type Recorded, same } from '../../bundle/recorded.ts'
import type { Verification } from '../../bundle/verification.ts'
import { accept, type Outcome, refuse } from '../../documents/format/outcome.ts'
import { acknowledgementCodec } from '../../documents/threshold/acknowledgement.ts'
import { verifyEnvelope } from '../../documents/threshold/share-envelope.ts'
import { holderBefore } from '../../plan/queries.ts'

const none = accept('no FHE key')

/** FHE-COMMITMENTS: ids and commitments of a dealt key. */
export async function checkCommitments(v: Verification): Promise<Outcome<string>> {
  const { fhe } = v.predicate
  if (fhe === null) return none
  const listed = checkHolders(fhe)
  if (!listed.ok) return listed
  if (fhe.crs !== undefined) {
    const string = await v.blob(fhe.crs, maxReferenceString)
    const known = string.ok ? checkReferenceString(string.value) : string
    if (!known.ok) return known
  }
  const bytes = await v.blob(fhe.public, maxPublic)
  return bytes.ok ? checkFhePublic(bytes.value, fhe, v.predicate.domain) : bytes
}

function checkHolders({ holders, n }: BundleFhe): Outcome<null> {
  if (holders.length !== n) return refuse('FHE-COMMITMENTS', `${holders.length} holders, n is ${n}`)
  if (holders.some(({ index }, at) => index !== at + 1))
    return refuse('FHE-COMMITMENTS', 'holders are not 1 to n')
  for (const field of ['name', 'card', 'envelope', 'acknowledgement'] as const) {
    if (new Set(holders.map((holder) => holder[field])).size !== n) {
      return refuse('FHE-COMMITMENTS', `two holders have the same ${field}`)
    }
  }
  return accept(null)
}

/** FHE-ENVELOPES: the envelopes' signatures. */
export function checkEnvelopes(v: Verification): Outcome<string> {
  if (v.predicate.fhe === null) return none
  const { holders } = v.predicate.fhe
  for (const { name, envelope, signature } of holders) {
    const signed = verifyEnvelope(v.certificate.ceremonyKeys, v.predicate.domain, envelope, signature)
    if (!signed.ok) return refuse('FHE-ENVELOPES', `${name}: ${signed.detail}`)
  }
  return accept(`${holders.length} envelopes`)
}

/** FHE-ACKNOWLEDGEMENTS: the holders' words that they hold it. */
export async function checkAcknowledgements(v: Verification): Promise<Outcome<string>> {
  const { domain, ceremonyId, fhe } = v.predicate
  if (fhe === null) return none
  for (const holder of fhe.holders) {
    const wrong = (what: string) => refuse('FHE-ACKNOWLEDGEMENTS', `${holder.name}: ${what}`)
    const card = v.people.get(holder.card)
    const seat = holderBefore(v.run.header.roster, holder.name)
    if (card?.recipient === undefined || card.name !== holder.name || seat?.card !== holder.card)
      return wrong('has no such card of a holder')
    const parsed = await v.parsed(holder.acknowledgement, acknowledgementCodec.file)
    if (!parsed.ok) return wrong(parsed.detail)
    const { payload } = parsed.value
    const fits =
      payload.domain === domain &&
      payload.ceremonyId === ceremonyId &&
      payload.keyId === fhe.keyId &&
      payload.epochId === fhe.epochId &&
      payload.holder === holder.index &&
      payload.name === holder.name &&
      payload.envelopeDigest === holder.envelope
    if (!fits) return wrong('acknowledges something else')
    const group = { role: 'holder', members: [{ name: holder.name, keys: card.keys }], quorum: 1 }
    const signed = acknowledgementCodec.verify(parsed.value, domain, [group])
    if (!signed.ok) return wrong(signed.detail)
  }
  return accept(`${fhe.holders.length} of ${fhe.n} holders`)
}

export async function dealFault(v: Verification, recorded: readonly Recorded[]): Promise<string | null> {
  const { fhe } = v.predicate
  if (fhe === null) return null
  const dealt = recorded.find(({ step }) => step.do === 'fhe-deal')
  if (dealt === undefined) return `${fhe.id}: no step of the plan deals it`
  const { result } = dealt
  if (result === null) return null
  const said = [
    fileOf(result, 'public'),
    fileOf(result, 'publicKey'),
    fileOf(result, 'serverKey'),
    member(result, 'keyId'),
    member(result, 'epochId'),
  ]
  if (!same(said, [fhe.public, fhe.compactPublicKey, fhe.serverKey, fhe.keyId, fhe.epochId]))
    return `${fhe.id}: the transcript has another key, epoch or file`
  const shares = member(result, 'shares')
  const given = (Array.isArray(shares) ? shares : []).map((one) => [
    member(one, 'index'),
    member(one, 'holder'),
    member(one, 'shareDigest'),
    member(one, 'envelopeDigest'),
  ])
  const held: Json[] = []
  for (const { index, name, envelope, acknowledgement } of fhe.holders) {
    const signed = await v.parsed(acknowledgement, acknowledgementCodec.file)
    if (!signed.ok) return `${name}: ${signed.detail}`
    held.push([index, name, signed.value.payload.shareDigest, envelope])
  }
  return same(given, held) ? null : `${fhe.id}: the transcript has other shares`
}
