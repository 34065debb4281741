import { identityId } from '@lux/crypto'
import type { Predicate } from '../../bundle/predicate.ts'
import { required, type Verification } from '../../bundle/verification.ts'
import { canaryFault } from '../../documents/format/fhe-fields.ts'
import { accept, type Outcome, refuse } from '../../documents/format/outcome.ts'
import { type RequestPackage, requestPackageCodec } from '../../documents/threshold/decryption-request.ts'
import { decryptionResultCodec } from '../../documents/threshold/decryption-result.ts'
import { holderAnswerCodec } from '../../documents/threshold/holder-answer.ts'
import { authoritiesOf } from '../../policy/authorities.ts'
import { checkAnswerSubject, checkAnswerTime } from '../../request-rules/answer.ts'
import { checkDecryptionRequest } from '../../request-rules/decryption.ts'
import { cardOfHolder, oldEpoch, oldHolders } from '../dealing/holders.ts'

type Decryption = Predicate['decryptions'][number]
type Left = { at64: number; at128: number }

/**
 * Every decryption of the plan was asked by a requester, vouched for and approved as the policy wants, answered by enough
 * holders within their budgets, and its result signed.
 */
export async function checkDecryptions(v: Verification): Promise<Outcome<string>> {
  const { decryptions } = v.predicate
  const planned = required(v.plan).decryptions ?? []
  if (decryptions.map(({ id }) => id).join() !== planned.map(({ id }) => id).join())
    return wrong('', 'other decryptions were made than the plan names')
  if (new Set(planned.map(({ id }) => id)).size !== planned.length)
    return wrong('', 'the plan names a decryption twice')
  const taken = new Set<string>()
  const budgets = new Map<string, Left>()
  for (const decryption of decryptions) {
    const given = await v.parsed(decryption.package, requestPackageCodec)
    if (!given.ok) return given
    const asked = checkAsked(v, decryption, given.value, taken)
    if (!asked.ok) return asked
    taken.add(given.value.request.payload.requestId)
    const answered = await checkAnswers(v, decryption, given.value, { request: asked.value, budgets })
    if (!answered.ok) return answered
  }
  return accept(`${decryptions.length} decryptions`)
}

function checkAsked(
  v: Verification,
  { id }: Decryption,
  given: RequestPackage,
  taken: ReadonlySet<string>,
): Outcome<string> {
  const plan = required(v.plan)
  const planned = plan.decryptions?.find((one) => one.id === id)
  const { payload } = given.request
  const epoch = epochOf(v, id, payload.epochId)
  if (epoch === null) return wrong(id, 'it is of an epoch in which nobody answers it')
  const checked = checkDecryptionRequest(given, {
    domain: v.predicate.domain,
    keyId: epoch.keyId,
    epochId: epoch.epochId,
    mode: plan.fhe?.mode ?? 'S',
    authorities: authoritiesOf(v.policy),
    approvers: {
      role: 'approver',
      members: v.policy.approvers,
      quorum: planned?.canary === true ? 0 : v.policy.approverThreshold,
    },
    // Whether it had expired is compared with the time of each answer.
    now: '',
    taken,
    left: null,
  })
  if (!checked.ok) return wrong(id, `${checked.rule}: ${checked.detail}`)
  const size = planned?.canary === true ? canaryFault(payload) : null
  if (size !== null) return wrong(id, size)
  // A dealer who made a wrong correction could choose a canary that does not show it.
  const dealers = planned?.canary === true ? (plan.reshare?.dealers ?? []) : []
  const dealer = dealers.find((name) => {
    const card = cardOfHolder(v, name)
    return card !== null && checked.value.provenanceBy.includes(identityId(card.keys))
  })
  if (dealer !== undefined) return wrong(id, `${dealer}, who re-dealt, vouches for the canary`)
  return payload.what === planned?.what
    ? accept(checked.value.digest)
    : wrong(id, 'it asks for something else')
}

async function checkAnswers(
  v: Verification,
  { id, answers, result }: Decryption,
  given: RequestPackage,
  { request, budgets }: { request: string; budgets: Map<string, Left> },
): Promise<Outcome<null>> {
  const { payload } = given.request
  const planned = required(v.plan).decryptions?.find((one) => one.id === id)
  const canary = planned?.canary === true
  const holders = epochOf(v, id, payload.epochId)?.holders ?? []
  const approved: { holder: number; digest: string }[] = []
  const heard = new Set<number>()
  for (const { holder, name, document } of answers) {
    const signed = await v.parsed(document, holderAnswerCodec.file)
    if (!signed.ok) return signed
    const said = signed.value.payload
    const fits =
      checkAnswerSubject(said, { domain: v.predicate.domain, digest: request, request: payload }).ok &&
      said.holder === holder &&
      said.name === name &&
      holders[holder - 1] === name
    if (!fits || heard.has(holder))
      return wrong(id, `the answer of ${name} is of something else, or there twice`)
    heard.add(holder)
    const card = cardOfHolder(v, name)
    if (card === null) return wrong(id, `${name} has no card of a holder`)
    const group = { role: 'holder', members: [{ name, keys: card.keys }], quorum: 1 }
    const verified = holderAnswerCodec.verify(signed.value, v.predicate.domain, [group])
    if (!verified.ok) return wrong(id, `${name}: ${verified.detail}`)
    if (said.spent > (canary ? 0 : payload.budget)) return wrong(id, `${name} spent more than was asked for`)
    const before = budgets.get(`${said.epochId} ${name}`)
    const [at64, at128] = payload.mode === 'F' ? [said.spent, 0] : [0, said.spent]
    const adds =
      before === undefined ||
      (said.left.at64 === before.at64 - at64 && said.left.at128 === before.at128 - at128)
    if (!canary && !adds) return wrong(id, `the budget of ${name} does not add up`)
    if (!canary) budgets.set(`${said.epochId} ${name}`, said.left)
    if (said.decision === 'refused') continue
    if (!checkAnswerTime(said, payload).ok) return wrong(id, `${name} answered after the expiry`)
    approved.push({ holder, digest: holderAnswerCodec.payload.digest(said) })
  }
  if (approved.length < (planned?.answers ?? 0))
    return wrong(id, `${approved.length} holders answered, the plan wants ${planned?.answers}`)
  approved.sort((a, b) => a.holder - b.holder)
  return checkResult(v, id, result, { request, canary, approved: approved.map(({ digest }) => digest) })
}

async function checkResult(
  v: Verification,
  id: string,
  blob: string,
  expected: { request: string; canary: boolean; approved: string[] },
): Promise<Outcome<null>> {
  const signed = await v.parsed(blob, decryptionResultCodec.file)
  if (!signed.ok) return signed
  const said = signed.value.payload
  if (said.domain !== v.predicate.domain || said.request !== expected.request)
    return wrong(id, 'the result is of another request')
  if (said.answers.join() !== expected.approved.join()) return wrong(id, 'the result is of other answers')
  if (expected.canary && (said.outcome !== 'combined' || said.cheaters.length > 0))
    return wrong(id, 'the canary failed')
  const members = authoritiesOf(v.policy).requesters.map((keys, at) => ({
    name: `requester ${at + 1}`,
    keys,
  }))
  const verified = decryptionResultCodec.verify(signed.value, v.predicate.domain, [
    { role: 'requester', members, quorum: 1 },
  ])
  return verified.ok ? accept(null) : wrong(id, verified.detail)
}

type Epoch = { keyId: string; epochId: string; holders: readonly string[] }

/** The old epoch before the next one is live, the next one after; a canary is of the next one alone. */
function epochOf(v: Verification, id: string, epochId: string): Epoch | null {
  const { next } = v.predicate
  const old = oldEpoch(v)
  if (old === null) return null
  const plan = required(v.plan)
  const canary = plan.decryptions?.find((one) => one.id === id)?.canary === true
  if (next !== null && next.epochId === epochId)
    return { keyId: old.keyId, epochId, holders: plan.reshare?.holders ?? [] }
  return !canary && old.epochId === epochId ? { keyId: old.keyId, epochId, holders: oldHolders(v) } : null
}

function wrong(id: string, detail: string): Outcome<never> {
  return refuse('DECRYPTIONS', id === '' ? detail : `${id}: ${detail}`)
}
