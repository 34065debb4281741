import { identityId, type VerificationKeys } from '@lux/crypto'
import type { Batch } from '@lux/crypto/fhe'
import type { Domain } from '../documents/format/fields.ts'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import type { SignerGroup } from '../documents/format/signatures.ts'
import {
  askedCiphertexts,
  type DecryptionRequest,
  decryptionApprovalCodec,
  decryptionRequestCodec,
  type RequestPackage,
  requestDigest,
} from '../documents/threshold/decryption-request.ts'
import { checkProvenance, provenanceCodec } from '../documents/threshold/provenance.ts'

/** Who may ask, open, and vouch: the list that was fixed when the share was dealt. */
export type RequestAuthorities = {
  readonly requesters: readonly VerificationKeys[]
  readonly combiners: readonly string[]
  readonly evaluators: readonly VerificationKeys[]
  readonly encryptors: readonly VerificationKeys[]
}

/** What whoever decides about a request knows by itself: a holder, a ceremony or a server. */
export type RequestFacts = {
  readonly domain: Domain
  readonly keyId: string
  readonly epochId: string
  readonly mode: 'S' | 'F'
  readonly authorities: RequestAuthorities
  /** Of the policy whose digest is in the share. `quorum` 0 leaves the approvals for later. */
  readonly approvers: SignerGroup
  /** ISO-8601 UTC. */
  readonly now: string
  /** Ids of requests that were taken before. */
  readonly taken: ReadonlySet<string>
  /** Blocks that may still be answered at the mode's width; null for one who spends none. */
  readonly left: number | null
  /** Blocks of its ciphertexts that were not answered in this epoch, where known: answering the others costs nothing. */
  readonly fresh?: number
}

export type CheckedRequest = {
  readonly digest: string
  /** Blocks that an answer spends. */
  readonly spends: number
  /** Identity ids of the requesters who signed it. */
  readonly askedBy: readonly string[]
  readonly approvedBy: readonly string[]
  /** Identity ids of all who signed a provenance. */
  readonly provenanceBy: readonly string[]
}

/**
 * Everything about a request that can be decided without its ciphertexts. Refuses REQUEST-DOMAIN, REQUEST-KEY,
 * REQUEST-EPOCH, REQUEST-MODE, REQUEST-EXPIRED, REQUEST-REPLAYED, REQUEST-COMBINER, REQUEST-REQUESTER,
 * REQUEST-PROVENANCE, the PROVENANCE- rules, REQUEST-APPROVALS or REQUEST-BUDGET.
 */
export function checkDecryptionRequest(given: RequestPackage, facts: RequestFacts): Outcome<CheckedRequest> {
  const request = given.request.payload
  const terms = checkTerms(request, facts)
  if (!terms.ok) return terms
  const requesters = { role: 'requester', members: named(facts.authorities.requesters), quorum: 1 }
  const asked = decryptionRequestCodec.verify(given.request, facts.domain, [requesters])
  if (!asked.ok) return refuse('REQUEST-REQUESTER', asked.detail)
  const vouched = checkEachProvenance(given, facts)
  if (!vouched.ok) return vouched
  const approved = decryptionApprovalCodec.verify(
    { payload: request, signatures: given.approvals },
    facts.domain,
    [facts.approvers],
  )
  if (!approved.ok) return refuse('REQUEST-APPROVALS', approved.detail)
  const spends = checkSpends(request, facts)
  if (!spends.ok) return spends
  return accept({
    digest: requestDigest(request),
    spends: spends.value,
    askedBy: asked.value[requesters.role] ?? [],
    approvedBy: approved.value[facts.approvers.role] ?? [],
    provenanceBy: vouched.value,
  })
}

/** The same of a request that nobody has signed yet, as its maker checks it. Refuses as `checkDecryptionRequest`, but of people's signatures. */
export function checkUnsignedRequest(
  given: RequestPackage,
  facts: Omit<RequestFacts, 'approvers'>,
): Outcome<null> {
  const terms = checkTerms(given.request.payload, facts)
  const vouched = terms.ok ? checkEachProvenance(given, facts) : terms
  const spends = vouched.ok ? checkSpends(given.request.payload, facts) : vouched
  return spends.ok ? accept(null) : spends
}

/** Of key, epoch, time and combiner. */
function checkTerms(request: DecryptionRequest, facts: Omit<RequestFacts, 'approvers'>): Outcome<null> {
  if (request.domain !== facts.domain) return refuse('REQUEST-DOMAIN', `it is of domain ${request.domain}`)
  if (request.keyId !== facts.keyId) return refuse('REQUEST-KEY', `it is for the key ${request.keyId}`)
  if (request.epochId !== facts.epochId)
    return refuse('REQUEST-EPOCH', `it is for the epoch ${request.epochId}`)
  if (request.mode !== facts.mode) return refuse('REQUEST-MODE', `it asks in mode ${request.mode}`)
  if (request.expiry <= facts.now) return refuse('REQUEST-EXPIRED', `it expired at ${request.expiry}`)
  if (facts.taken.has(request.requestId))
    return refuse('REQUEST-REPLAYED', `the request ${request.requestId} was taken before`)
  if (!facts.authorities.combiners.includes(request.combiner))
    return refuse('REQUEST-COMBINER', 'the answers would go to somebody whom the share does not name')
  return accept(null)
}

/** Blocks that an answer spends. */
function checkSpends(
  { budget }: DecryptionRequest,
  { fresh, left }: Pick<RequestFacts, 'fresh' | 'left'>,
): Outcome<number> {
  const spends = Math.min(fresh ?? budget, budget)
  return left !== null && spends > left
    ? refuse('REQUEST-BUDGET', `${spends} blocks, ${left} are left`)
    : accept(spends)
}

/** `digests`: of the ciphertext files at hand, in their order. Refuses REQUEST-CIPHERTEXT. */
export function checkRequestCiphertexts(given: RequestPackage, digests: readonly string[]): Outcome<null> {
  const asked = askedCiphertexts(given)
  if (digests.length !== asked.length)
    return refuse('REQUEST-CIPHERTEXT', `${digests.length} ciphertexts, ${asked.length} are asked for`)
  const swapped = asked.findIndex(({ digest }, index) => digest !== digests[index])
  return swapped < 0
    ? accept(null)
    : refuse('REQUEST-CIPHERTEXT', `ciphertext ${swapped + 1} is not the one that is asked for`)
}

function checkEachProvenance(
  given: RequestPackage,
  facts: Pick<RequestFacts, 'domain' | 'keyId' | 'mode' | 'authorities'>,
): Outcome<string[]> {
  const signers: string[] = []
  for (const [index, document] of given.provenance.entries()) {
    const { payload } = document
    const checked = checkProvenance(document, {
      domain: facts.domain,
      keyId: facts.keyId,
      evaluators: named(facts.authorities.evaluators),
      encryptors: named(facts.authorities.encryptors),
    })
    if (!checked.ok) return checked
    if (payload.mode !== facts.mode)
      return refuse('REQUEST-PROVENANCE', `provenance ${index + 1} is of mode ${payload.mode}`)
    signers.push(...checked.value)
  }
  const { payload } = given.request
  // The package names one provenance after the other, as they are first mentioned.
  const byDigest = new Map(given.provenance.map((one) => [provenanceCodec.payload.digest(one.payload), one]))
  for (const { digest, type, provenance, ...rest } of payload.v === 1
    ? payload.ciphertexts
    : payload.batches) {
    const said = byDigest.get(provenance)?.payload
    const vouched =
      said?.v === 1
        ? payload.v === 1 && said.ciphertexts.includes(digest)
        : said !== undefined && sameBatch(said.batch, { digest, ...rest })
    if (said === undefined || !vouched) return refuse('REQUEST-PROVENANCE', `nobody vouches for ${digest}`)
    if (said.type !== type)
      return refuse('REQUEST-PROVENANCE', `${digest} is vouched for as ${said.type}, not ${type}`)
  }
  return accept(signers)
}

const sameBatch = (one: Batch, other: { readonly digest: string; readonly count?: number }): boolean =>
  one.digest === other.digest && one.count === other.count

function named(all: readonly VerificationKeys[]): SignerGroup['members'] {
  return all.map((keys) => ({ name: identityId(keys), keys }))
}
