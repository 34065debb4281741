import { type Needs, readEntry } from '@lux/ceremony'
import { entryCodec } from '@lux/ceremony/transcript'
import { askedCount, decryptionApprovalCodec, type ShownAct, type SignatureRequest } from '@lux/ceremony/wire'
import { toBase64 } from '@lux/crypto'
import { explainRequest, shownOf, wordsOf } from '@lux/people'
import type { ApprovalState, Approvals, ApprovalView, VoiceView } from '../../contract/index.ts'
import type { RunFolder } from '../runs/folder/run-folder.ts'
import { needed } from './shared/needed.ts'
import type { OpenRun } from './shared/open-runs.ts'
import { readableRuns } from './shared/readable-runs.ts'
import type { ServiceContext } from './shared/service-context.ts'

type Decryption = RunFolder['state']['decryptions'][number]
type Asked = Decryption & { request: NonNullable<Decryption['request']>; digest: string }

/** When each request was taken in, and what people then said of it: by the request's digest and their names. */
type Heard = { asked: Map<string, string>; said: Map<string, string> }

const over: readonly ApprovalState[] = ['decided', 'lapsed', 'refused', 'expired']

/** Requests to decrypt of every ceremony: who was asked, who has answered, how many more it takes, until when. */
export function listApprovals(parts: ServiceContext): Approvals {
  const { open, unreadable } = readableRuns(parts)
  const requests = open.flatMap((run) => requestsOf(run, parts.clock.now()))
  return { requests: withBefore(requests).toSorted(inOrder), unreadable }
}

function requestsOf({ run, standIns }: OpenRun, now: string): ApprovalView[] {
  const { folder } = run
  const asked = folder.state.decryptions.filter(isAsked)
  if (asked.length === 0) return []
  const heard = heardOf(folder)
  const { needs, over } = run.view()
  const simulated = new Set(standIns.map(({ name }) => name))
  return asked.map((one) => {
    const { request, digest, result, epoch } = one
    return {
      ceremony: folder.state.ceremonyId,
      title: folder.plan.title,
      domain: folder.state.domain,
      simulated: standIns.length > 0,
      id: one.id,
      digest,
      words: wordsOf(digest),
      shown: shownRequest(folder, request),
      state: stateOf(one, { needs, over, now }),
      askedAt: heard.asked.get(digest) ?? null,
      expiry: request.expiry,
      requester: request.requester,
      combiner: request.combiner,
      key: folder.plan.fhe?.id ?? '',
      keyId: request.keyId,
      epoch: epoch?.epoch ?? 0,
      ciphertexts: askedCount(request),
      budget: request.budget,
      what: request.what,
      purpose: request.purpose,
      voices: voicesOf(folder, one, { heard, simulated }),
      approversNeeded: isApproved(folder, one.id) ? folder.state.terms.approvers : 0,
      answersNeeded: folder.plan.decryptions?.find(({ id }) => id === one.id)?.answers ?? 0,
      before: null,
      outcome: result?.outcome ?? null,
    }
  })
}

/** From the bytes that approvers sign, as their own devices tell it. */
function shownRequest({ state, policy }: RunFolder, request: Asked['request']): ShownAct {
  const asked = {
    ...{ v: 1, kind: 'signature-request', what: 'decryption-approval', domain: state.domain, lines: [] },
    subject: toBase64(decryptionApprovalCodec.signedBytes(request)),
  } as const satisfies SignatureRequest
  return shownOf(asked, needed(explainRequest(asked, { policies: [policy.policy], plan: null })))
}

const isAsked = (one: Decryption): one is Asked => one.request !== null && one.digest !== null

/** A canary needs no approver's word: its plan has no step for it. */
function isApproved({ plan }: RunFolder, decryption: string): boolean {
  return plan.parts
    .flatMap(({ steps }) => steps)
    .some((step) => step.do === 'approve-request' && step.decryption === decryption)
}

function stateOf(
  { id, digest, request, result }: Asked,
  { needs, over, now }: { needs: Needs | null; over: boolean; now: string },
): ApprovalState {
  if (result !== null) return 'decided'
  if (over) return 'lapsed'
  if (request.expiry <= now) return 'expired'
  if (needs?.kind === 'signatures' && needs.what === 'decryption-approval' && needs.subject === digest)
    return 'approving'
  if (needs?.kind === 'answers' && needs.decryption === id)
    return needs.missing.length < needs.stillNeeded ? 'refused' : 'answering'
  if (needs?.kind === 'result' && needs.decryption === id) return 'combining'
  return 'waiting'
}

function voicesOf(
  folder: RunFolder,
  one: Asked,
  { heard, simulated }: { heard: Heard; simulated: ReadonlySet<string> },
): VoiceView[] {
  const { digest, request, epoch } = one
  const at = (role: VoiceView['role'], name: string) => heard.said.get(`${digest} ${role} ${name}`) ?? null
  const approvers = isApproved(folder, one.id)
    ? folder.state.seats.filter(({ role }) => role === 'approver').map(({ name }) => name)
    : []
  const left = new Map(
    folder.state.budgets
      .filter(({ epochId }) => epochId === epoch?.epochId)
      .map(({ name, left: of }) => [name, request.mode === 'S' ? of.at128 : of.at64]),
  )
  return [
    ...approvers.map(
      (name): VoiceView => ({
        name,
        role: 'approver',
        said: one.approvedBy.includes(name) ? 'approved' : 'asked',
        at: at('approver', name),
        reason: '',
        standIn: simulated.has(name),
        left: null,
      }),
    ),
    ...(epoch?.holders ?? []).map((name): VoiceView => {
      const answer = one.answers.find((given) => given.name === name)
      return {
        name,
        role: 'holder',
        said: answer?.decision ?? 'asked',
        at: at('holder', name),
        reason: answer?.reason ?? '',
        standIn: simulated.has(name),
        left: left.get(name) ?? null,
      }
    }),
  ]
}

const told = ['request.taken', 'signature.accepted', 'answer.taken']

function heardOf(folder: RunFolder): Heard {
  const asked = new Map<string, string>()
  const said = new Map<string, string>()
  for (const { kind, line } of folder.lines()) {
    const parsed = told.includes(kind) ? entryCodec.parse(line) : null
    const read = parsed?.ok && 'fact' in parsed.value ? readEntry(parsed.value) : null
    if (!read?.ok) continue
    const { entry } = read
    if (entry.kind === 'request.taken') asked.set(entry.fact.digest, entry.time)
    else if (entry.kind === 'signature.accepted')
      said.set(`${entry.fact.subject} approver ${entry.fact.name}`, entry.time)
    else if (entry.kind === 'answer.taken')
      said.set(`${entry.fact.payload.request} holder ${entry.fact.payload.name}`, entry.time)
  }
  return { asked, said }
}

/** Beside each request the one of the same key that was taken in last before it. */
function withBefore(requests: readonly ApprovalView[]): ApprovalView[] {
  const inTurn = requests.toSorted((a, b) => compare(a.askedAt ?? '', b.askedAt ?? ''))
  return inTurn.map((one, at) => {
    const last = inTurn.slice(0, at).findLast(({ keyId }) => keyId === one.keyId)
    if (last === undefined) return one
    const { askedAt, what, purpose, combiner, ciphertexts, budget } = last
    return { ...one, before: { askedAt, what, purpose, combiner, ciphertexts, budget } }
  })
}

function inOrder(a: ApprovalView, b: ApprovalView): number {
  const done = (one: ApprovalView): number => (over.includes(one.state) ? 1 : 0)
  if (done(a) !== done(b)) return done(a) - done(b)
  return done(a) === 0 ? compare(a.expiry, b.expiry) : compare(b.askedAt ?? '', a.askedAt ?? '')
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
