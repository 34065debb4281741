import { printPlan, readPlan } from '@lux/ceremony/plan'
import {
  type Card,
  newest,
  refuse,
  type ShownAct,
  type SignatureRequest,
  signatureAnswerCodec,
  signatureContext,
  signatureRequestCodec,
} from '@lux/ceremony/wire'
import { fromBase64, sha256Hex, signWith } from '@lux/crypto'
import { checked, need, no, type Outcome, type Refused } from '../outcome.ts'
import type { PersonKey } from '../person-key.ts'
import { wordLines, wordsOf } from '../words.ts'
import { type Explained, explainRequest, type Known } from './explain.ts'
import { entryLines } from './transcript-lines.ts'
import { type Cosigning, checkCosigning, encodeMemory, type Memory } from './witness-memory.ts'

export const maxSignatureRequest = 32_000_000

/** What the key of each kind of person may sign. */
const mandates: Partial<Record<Card['kind'], readonly SignatureRequest['what'][]>> = {
  officer: ['plan-approval', 'policy', 'opening', 'exception', 'bundle', 'approval-override'],
  witness: ['checkpoint'],
  approver: ['decryption-approval'],
}

/** A request that its bytes confirm, and that this kind of person may sign. */
export type Signing = {
  readonly kind: Card['kind']
  readonly request: SignatureRequest
  readonly explained: Explained
}

/** As screens show it. */
export type Shown = ShownAct & Pick<Explained, 'facts'>

/** What a signature is asked for, for a window and a phone. `fresh`: of a checkpoint alone. */
export function shownOf(
  { what, plan, lines }: Pick<SignatureRequest, 'what' | 'plan' | 'lines'>,
  { act, facts, digest, more }: Pick<Explained, 'act' | 'facts' | 'digest' | 'more'>,
  fresh: Shown['fresh'] = [],
): Shown {
  const read = plan === undefined ? null : readPlan(fromBase64(plan))
  const text = read?.ok ? printPlan(read.plan, read.hash).trimEnd().split('\n') : more.map((one) => one.text)
  return { what, act, facts, digest, words: wordsOf(digest), fresh, claims: lines, text }
}

/** A signature that waits for its person's yes. */
export type PreparedSignature = Signing & {
  readonly key: PersonKey
  readonly words: readonly string[]
  /** For a plan's approval: the plan as people read it. Else empty. */
  readonly plan: readonly string[]
  /** For a checkpoint: the lines of each entry since this device cosigned last. Else empty. */
  readonly fresh: readonly (readonly string[])[]
  /** All that people read before the yes. The workstation's own words come last. Raw text: whoever shows it makes it safe. */
  readonly lines: readonly string[]
  /** For a checkpoint: the heads to remember once it is cosigned. Else null. */
  readonly memory: Memory | null
}

/** `memory` has to be stored before `answer` leaves. Null where there is nothing to remember. */
type SignedAnswer = { readonly memory: Uint8Array | null; readonly answer: Uint8Array }

/** Refuses SIGNATURE-REQUEST-MALFORMED. */
export function readSignatureRequest(bytes: Uint8Array): Outcome<SignatureRequest> {
  return checked(() => need(signatureRequestCodec.parse(bytes), 'request'), 'request')
}

/** What a person of this kind is asked to sign. Refuses REQUEST-SUBJECT and the parsers' rules, REQUEST-ROLE, REQUEST-DOMAIN. */
export function signingOf(kind: Card['kind'], request: SignatureRequest, known?: Known): Outcome<Signing> {
  return checked(() => {
    const explained = need(explainRequest(request, known))
    need(checkMandate(kind, request))
    if (explained.domain !== null && explained.domain !== request.domain)
      need(otherDomain(explained.domain, request.domain))
    return { kind, request, explained }
  })
}

/** Checks that this kind of person signs such a document at all. Refuses REQUEST-ROLE. */
export function checkMandate(kind: Card['kind'], { what }: Pick<SignatureRequest, 'what'>): Outcome<null> {
  return checked(() =>
    mandates[kind]?.includes(what) === true
      ? null
      : no('REQUEST-ROLE', `${kind}s do not sign: ${what}`, 'request'),
  )
}

/** Checks that a key is of such a person, and of the request's domain. Refuses REQUEST-ROLE, REQUEST-DOMAIN. */
export function checkSigner(
  { kind, request }: { readonly kind: Card['kind']; readonly request: Pick<SignatureRequest, 'domain'> },
  { card }: PersonKey,
): Outcome<null> {
  return checked(() => {
    if (card.kind !== kind) no('REQUEST-ROLE', `the key is of ${card.name}, ${card.kind}`, 'key')
    return card.domain === request.domain ? null : need(otherDomain(card.domain, request.domain), 'key')
  })
}

/**
 * Checks a request under a person's key. A checkpoint is also checked against its whole transcript and what this device cosigned last.
 * `now`: ISO-8601 UTC. Refuses REQUEST-ROLE, REQUEST-DOMAIN, REQUEST-EXPIRED, REQUEST-TRANSCRIPT, REQUEST-PLAN, COSIGN-…, CHAIN-….
 */
export function prepareSignature(
  signing: Signing,
  key: PersonKey,
  memory: Memory,
  now: string,
): Outcome<PreparedSignature> {
  return checked(() => {
    need(checkSigner(signing, key))
    need(checkUnexpired(signing, now))
    const { kind, request, explained } = signing
    const cosigning = request.what === 'checkpoint' ? cosigningOf(request, explained, memory) : null
    const plan = request.what === 'plan-approval' ? need(planLines(request, explained)) : []
    const fresh = (cosigning?.fresh ?? []).map((entry) => entryLines([entry]))
    const words = wordsOf(explained.digest)
    const lines = [
      `${request.domain.toUpperCase()}  for ${key.card.name}, ${kind}`,
      ...explained.lines,
      ...(plan.length === 0 ? [] : ['The plan', ...plan]),
      ...(cosigning === null ? [] : ['New entries since your last cosignature', ...fresh.flat()]),
      `digest     ${explained.digest}`,
      ...wordLines(words),
      ...claims(request),
    ]
    const remembered = cosigning === null ? null : { ...memory, [cosigning.ceremonyId]: cosigning.head }
    const { policy, version } = cosigning ?? explained
    const rests = { ...explained, policy, version }
    return { ...signing, explained: rests, key, words, plan, fresh, lines, memory: remembered }
  })
}

/** Checks the deadline, once before reading and once before the yes counts. Refuses REQUEST-EXPIRED. */
export function checkUnexpired(
  { explained: { expires } }: Pick<Signing, 'explained'>,
  now: string,
): Outcome<null> {
  return checked(() =>
    expires !== null && expires <= now ? no('REQUEST-EXPIRED', `it expired at ${expires}`, 'request') : null,
  )
}

/** Signs, after the yes. */
export function signAnswer({ request, explained, key, memory }: PreparedSignature): SignedAnswer {
  const { subject } = explained
  const signature = signWith(key.identity, signatureContext(request.what, request.domain), subject)
  const answer = { v: 1, kind: 'signature-answer', what: request.what, domain: request.domain } as const
  return {
    memory: memory === null ? null : encodeMemory(memory),
    answer: signatureAnswerCodec.encode({ ...answer, subject: sha256Hex(subject), signature }),
  }
}

function cosigningOf(request: SignatureRequest, { subject }: Explained, memory: Memory): Cosigning {
  const transcript = request.transcript === undefined ? null : fromBase64(request.transcript)
  const cosigning = need(checkCosigning(subject, transcript, memory))
  if (cosigning.domain !== request.domain) need(otherDomain(cosigning.domain, request.domain))
  return cosigning
}

/** The workstation’s own words, marked as such, come after what the bytes say. */
function claims(request: SignatureRequest): string[] {
  return request.lines.length === 0
    ? []
    : ['Sent with it, and signed by nobody:', ...request.lines.map((line) => `| ${line}`)]
}

function otherDomain(has: string, asked: string): Refused {
  return refuse('REQUEST-DOMAIN', `${has} where ${asked} is asked for`)
}

/**
 * The plan to approve, as people read it, from the request's copy. Its hash must be the one in the signed bytes, and runs must still begin
 * in its version. Refuses REQUEST-PLAN, POLICY-OLDEST.
 */
function planLines(
  { plan }: Pick<SignatureRequest, 'plan'>,
  { digest }: Pick<Explained, 'digest'>,
): Outcome<string[]> {
  return checked(() => {
    if (plan === undefined) return no('REQUEST-PLAN', 'the request has no plan to read', 'request')
    const read = readPlan(fromBase64(plan))
    if (!read.ok) return no('REQUEST-PLAN', 'the plan that came with it does not read', 'request')
    if (read.hash !== digest)
      return no('REQUEST-PLAN', `the plan that came with it is ${read.hash}`, 'request')
    if (read.plan.v !== newest)
      return no(
        'POLICY-OLDEST',
        `a plan of version ${read.plan.v}, runs begin in version ${newest}`,
        'request',
      )
    return printPlan(read.plan, read.hash).trimEnd().split('\n')
  }, 'request')
}
