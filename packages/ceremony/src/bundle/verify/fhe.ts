import { accept, type Outcome, refuse } from '../../documents/format/outcome.ts'
import { acknowledgementCodec } from '../../documents/threshold/acknowledgement.ts'
import { verifyEnvelope } from '../../documents/threshold/share-envelope.ts'
import { holderBefore } from '../../plan/queries.ts'
import { checkFhePublic, checkReferenceString, maxPublic, maxReferenceString } from '../fhe-public.ts'
import type { BundleFhe } from '../predicate.ts'
import type { Verification } from '../verification.ts'
import { checkEpoch } from './epoch.ts'

/** Ids and commitments of a dealt key, the envelopes' signatures, and the holders' words that they hold it. */
export async function checkFhe(v: Verification): Promise<void> {
  const { ledger } = v
  if (!ledger.passed('MANIFEST-ENTRIES')) return
  const { fhe } = v.predicate
  const none = accept('no FHE key')
  await ledger.run('FHE-COMMITMENTS', async () => {
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
  })
  await ledger.run('FHE-ENVELOPES', () => (fhe === null ? none : checkEnvelopes(v, fhe)))
  await ledger.run('FHE-ACKNOWLEDGEMENTS', () => (fhe === null ? none : checkAcknowledgements(v, fhe)))
  await ledger.run('FHE-EPOCH', () => checkEpoch(v))
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

function checkEnvelopes(v: Verification, { holders }: BundleFhe): Outcome<string> {
  for (const { name, envelope, signature } of holders) {
    const signed = verifyEnvelope(v.certificate.ceremonyKeys, v.predicate.domain, envelope, signature)
    if (!signed.ok) return refuse('FHE-ENVELOPES', `${name}: ${signed.detail}`)
  }
  return accept(`${holders.length} envelopes`)
}

async function checkAcknowledgements(v: Verification, fhe: BundleFhe): Promise<Outcome<string>> {
  const { domain, ceremonyId } = v.predicate
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
