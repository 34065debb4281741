import { type RequestPackage, requestDigest } from '@lux/ceremony/wire'
import { toHex } from '@lux/crypto'
import { ciphertextDigest, readCiphertext } from '@lux/crypto/fhe'
import {
  type Asked as AskedAnswer,
  answerAct,
  countsAsLost,
  decidedBefore,
  discardAnswer,
  forgetShareOf,
  laterVersions,
  line,
  type OpenedShare,
  type PreparedAnswer,
  prepareAnswer,
  refuseRequest,
  type SignedDecision,
  sealAnswer,
  told,
} from '@lux/people'
import type {
  Answer,
  Decided,
  Device,
  Files,
  Handover,
  LogEntry,
  No,
  Overview,
  Prepared,
  ShareSummary,
} from './api.ts'
import { checkNotBehind } from './clock.ts'
import { cardOfShare, type Kept, no, type Open, policyAt, policyFiles, shareAt, yes } from './kept.ts'
import { listRequest, openRequests, placesOf, requestFilesOf, requestPlaces } from './open-requests.ts'
import { overview, shareSummary } from './overview.ts'
import { locked, logged, mayApprove, type Phone, timeOf, unconfirmed } from './phone.ts'
import { type Records, tolerant } from './records.ts'
import { requestFiles } from './sort-files.ts'

/** The answers to requests to decrypt. */
export function answers(phone: Phone) {
  return {
    prepare: (files) => prepare(phone, files),

    async readAgain(id) {
      const open = phone.session()
      return open === null ? locked : requestFilesOf(open.records, id)
    },

    async dismiss(id) {
      const open = phone.session()
      if (open === null) return locked
      const { records, answering } = open
      const request = openRequests(records, phone.now()).find((one) => one.id === id)
      if (request === undefined) return no('PHONE-REQUEST-MISSING')
      if (answering?.step === 'read' && answering.request.answer.digest === id)
        phone.on({ on: 'request-done' })
      const entry: LogEntry = { at: phone.now(), what: 'put-aside', about: request.what, digest: id }
      await records.write([logged(records, entry)], requestPlaces(id))
      return yes(await overview(phone, open))
    },

    async approve() {
      const before = phone.session()
      if (before === null) return locked
      if (before.answering?.step === 'unwritten') {
        const read = await prepare(phone, before.answering.files)
        if (!read.ok) return read
      }
      const open = phone.session()
      if (open?.answering?.step !== 'read') return no('PHONE-NOTHING-PREPARED')
      const { request } = open.answering
      const { answer, share } = request
      if (!(await mayApprove(phone, open, cardOfShare(open.records, 'seat', share.id))))
        return no('PHONE-NOT-KEPT')
      const time = timeOf(phone)
      if (!time.ok) return time
      const first = unconfirmed(phone, request)
      if (first !== null) return first
      phone.on({ on: 'request-sealing' })
      try {
        const sealed = await sealAnswer(answer, time.value)
        if (!sealed.ok) return sealed
        const { what, requestId } = answer.request.request.payload
        const entry = { what: 'approved', about: what, digest: answer.digest, requestId } as const
        const handed = await hand(phone, open, share, sealed.value, entry)
        phone.on({ on: 'request-done' })
        return handed
      } finally {
        phone.on({ on: 'request-unwritten' })
      }
    },

    async refuse({ files, reason }) {
      const open = phone.session()
      if (open === null) return locked
      const read = requestFiles(files, digestOf, { whole: false })
      if (!read.ok) return read
      const { request } = read.value
      const { payload } = request.request
      const digest = requestDigest(payload)
      const first = unconfirmed(phone, `refuse ${digest}`)
      if (first !== null) return first
      phone.on({ on: 'request-done' })
      const found = shareFor(open, payload)
      if (!found.ok) return found
      try {
        const sealed = refuseRequest(found.value, { request, reason, now: phone.now() })
        if (!sealed.ok) return sealed
        const entry = { what: 'refused', about: payload.what, digest, requestId: payload.requestId } as const
        return await hand(phone, open, shareSummary(found.value, open.records), sealed.value, entry)
      } finally {
        forgetShareOf(found.value)
      }
    },
  } satisfies Partial<Device>
}

/** Reads and checks a request, and holds its answer ready for the holder's yes. */
async function prepare(phone: Phone, files: Files): Promise<Answer<Prepared | Decided>> {
  const open = phone.session()
  if (open === null) return locked
  phone.on({ on: 'request-done' })
  const { records } = open
  const sorted = requestFiles(files, digestOf)
  if (!sorted.ok) return sorted
  const { request, ciphertexts } = sorted.value
  const time = timeOf(phone)
  if (!time.ok) return time
  const found = shareFor(open, request.request.payload)
  if (!found.ok) return found
  const opened = found.value
  const answer = answerTo(open, opened, { request, ciphertexts, now: time.value, told: phone.told })
  if (!answer.ok) {
    forgetShareOf(opened)
    return unanswered(answer, opened, request, records)
  }
  const share = shareSummary(opened, records)
  phone.on({ on: 'request-read', request: { answer: answer.value, share, opened, files } })
  const { what, requester, expiry } = request.request.payload
  const { digest } = answer.value
  const listed = await listRequest(records, {
    request: { id: digest, kind: 'request', what, by: requester, expires: expiry },
    files,
    time: time.value,
    signed: signedTimes(request),
  })
  const may = await mayApprove(phone, open, cardOfShare(records, 'seat', share.id))
  return yes({ ...shownAnswer(answer.value, share, may), listed })
}

/** Hands the answer's files over once its state is on disk. One transaction writes both, so nothing leaves that is not counted. */
async function hand(
  phone: Phone,
  open: Open,
  share: ShareSummary,
  { state, answer, sealed }: SignedDecision & { sealed?: Uint8Array },
  { requestId, ...entry }: Omit<LogEntry, 'at'> & { requestId: string },
): Promise<Answer<{ files: Files; overview: Overview }>> {
  const { records } = open
  const stem = answerName(entry.digest, share.holder)
  const files: Handover[] = [
    { name: `${stem}.json`, bytes: answer },
    ...(sealed === undefined ? [] : [{ name: `${stem}.age`, bytes: sealed }]),
  ]
  await records.write(
    [
      { store: 'state', id: share.id, plain: state },
      ...files.map(({ name, bytes }) => ({ store: 'answer', id: name, plain: bytes.slice() })),
      logged(records, { at: phone.now(), ...entry }),
    ],
    // A request that says the same under the same number is the same request, and is answered once.
    [
      ...requestPlaces(entry.digest),
      ...placesOf(records, (asked) => asked.requestId === requestId).filter(({ id }) => id !== entry.digest),
    ],
  )
  return yes({ files, overview: await overview(phone, open) })
}

/** The answer to a request under the policy of its share and all newer ones. Refuses PHONE-CLOCK, PHONE-POLICY-MISSING. */
function answerTo(
  { records }: Open,
  opened: OpenedShare,
  asked: Pick<AskedAnswer, 'request' | 'ciphertexts' | 'now' | 'told'>,
): Answer<PreparedAnswer> {
  const policy = policyAt(records, opened.held.policyDigest)
  if (policy === null) return no('PHONE-POLICY-MISSING')
  const newer = laterVersions(policy, policyFiles(records))
  const answer = prepareAnswer(opened, { ...asked, policy, newer })
  if (!answer.ok) return answer
  const behind = checkNotBehind(asked.now, signedTimes(asked.request))
  if (behind.ok) return answer
  discardAnswer(answer.value)
  return behind
}

const signedTimes = ({ provenance }: RequestPackage): string[] =>
  provenance.map(({ payload }) => payload.time)

/** What the holder is told instead of an answer: why there is none, or the answer that was given before. */
function unanswered(
  refused: No,
  { before, envelope }: OpenedShare,
  request: RequestPackage,
  records: Records,
): Answer<Decided> {
  // A share that counts as lost has no budget at all, so the request is not too large.
  if (refused.rule === 'REQUEST-BUDGET' && countsAsLost(before, envelope)) return no('PHONE-RESTORED')
  const given = decidedBefore.has(refused.rule)
    ? decided(records, request, envelope.share.header.holder)
    : null
  return given === null ? refused : yes(given)
}

/** The share that a request is for; the caller forgets it. A share that does not open stops only requests that may be for it. */
function shareFor(
  { records: all, person }: Kept,
  { keyId, epochId }: { keyId: string; epochId: string },
): Answer<OpenedShare> {
  const records = tolerant(all)
  let ofKey = false
  let unread: No | null = null
  for (const id of records.ids('share')) {
    const opened = shareAt({ records, person }, id)
    if (!opened.ok) {
      unread ??= records.damaged() ? no('PHONE-STORAGE-CHANGED') : opened
      continue
    }
    const { header } = opened.value.envelope.share
    if (toHex(header.keyId) === keyId) {
      ofKey = true
      if (toHex(header.epochId) === epochId) return opened
    }
    forgetShareOf(opened.value)
  }
  return unread ?? no(ofKey ? 'REQUEST-EPOCH' : 'PHONE-NO-SHARE', keyId)
}

function answerName(digest: string, holder: number): string {
  return `answer-${digest.slice(0, 8)}-holder-${holder}`
}

/** The files of a decision that was made before, as they were handed over then. */
function decided(records: Records, request: RequestPackage, holder: number): Decided | null {
  const stem = answerName(requestDigest(request.request.payload), holder)
  const files = records
    .ids('answer')
    .filter((name) => name.startsWith(`${stem}.`))
    .flatMap((name) => {
      const bytes = records.read('answer', name)
      return bytes === null ? [] : [{ name, bytes }]
    })
  if (files.length === 0) return null
  // A refusal has no sealed file beside it.
  return { decided: files.length > 1 ? 'approved' : 'refused', files }
}

function shownAnswer(answer: PreparedAnswer, share: ShareSummary, may: boolean): Omit<Prepared, 'listed'> {
  const { payload } = answer.request.request
  const { digest, words, lines, spends, left, noise, noiseLines } = answer
  const { t, n, holder, epoch, organisation } = share
  const after = payload.mode === 'F' ? left.at64 : left.at128
  const held = told('held-share', `share ${holder} of ${n}, epoch ${epoch}, ${organisation}`, {
    ...{ organisation, holder, n, epoch },
  })
  return {
    share,
    digest,
    words,
    described: answerAct({ t, n, spends, left: after }),
    spends,
    left: after,
    lines: [line('proved', 'share', held), ...lines],
    expires: payload.expiry,
    requester: payload.requester,
    what: payload.what,
    noiseLines,
    belowFloor: noise.belowFloor,
    mayApprove: may,
  }
}

function digestOf(bytes: Uint8Array): string | null {
  try {
    return toHex(ciphertextDigest(readCiphertext(bytes)))
  } catch {
    return null
  }
}
