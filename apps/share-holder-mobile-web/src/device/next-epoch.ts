import { type PolicyFile, policyDigest } from '@lux/ceremony/policy'
import { cardCodec, epochApprovalCodec, epochLiveCodec, openingCodec, redealCodec } from '@lux/ceremony/wire'
import { type Entropy, sha256Hex, toHex } from '@lux/crypto'
import { packFiles, unpackFiles } from '@lux/crypto/transport'
import {
  acknowledge,
  approveEpoch,
  checkApprovals,
  checkDealt,
  checkEpochRun,
  checkGivenUp,
  checkLive,
  checkNewest,
  checkOldShare,
  type EpochRun,
  encodePersonKey,
  epochAct,
  forgetKept,
  forgetShareOf,
  heartbeatAct,
  heartbeatLines,
  keepAfterAbort,
  type NextFiles,
  nextHolder,
  nextShare,
  type OpenedShare,
  openingDigest,
  type PersonKey,
  readHeartbeatRequest,
  redeal,
  renewKey,
  stateHeld,
  takeEpochLive,
  wordsOf,
} from '@lux/people'
import type { Answer, EpochAsked, Files, Handover, LogEntry } from './api.ts'
import {
  cardOfShare,
  type Kept,
  keyOfCard,
  no,
  policyFileAt,
  policyFiles,
  shareAt,
  shareId,
  yes,
} from './kept.ts'
import { placesOf } from './open-requests.ts'
import { encodeText, type Place, type Written } from './records.ts'
import { cameFromSheet } from './sheet-keys.ts'
import { type EpochFiles, encodeRun, epochFiles, parseRun } from './sort-epoch.ts'

/**
 * What a step did. All of it is written in one transaction, and the files leave after that. `person`: the phone's new key, null where it
 * stays.
 */
export type Taken = {
  readonly files: Files
  readonly written: readonly Written[]
  readonly gone: readonly Place[]
  readonly person: PersonKey | null
  readonly entry: Pick<LogEntry, 'what' | 'about' | 'digest'>
  /** Times in it that others signed. */
  readonly signed: readonly string[]
}

/** A step that was read and checked. `take` checks it again against what the phone holds then, and does it. */
export type Ready = {
  readonly shown: Omit<EpochAsked, 'mayDo'>
  /** The digest of the card whose envelope key opens the share. Null for the phone's own card. */
  readonly card: string | null
  take(): Promise<Answer<Taken>>
}

type Ports = { readonly entropy: Entropy; readonly now: () => string }
type Run = { run: EpochRun; files: EpochFiles; policy: PolicyFile }

/** Reads the files of a run that moves a key, or a request for a heartbeat. Refuses PHONE-EPOCH-… and what @lux/people refuses. */
export function readEpochFiles(kept: Kept, given: Files, ports: Ports): Answer<Ready> {
  const sorted = epochFiles(given)
  if (!sorted.ok) return sorted
  if (sorted.value.heartbeat !== null) return heartbeatOf(kept, sorted.value, ports)
  const found = runOf(kept, sorted.value)
  if (!found.ok) return found
  const { files } = found.value
  if (files.live !== null) return liveOf(kept, found.value, files.live, ports)
  if (files.closeout !== null || files.transcript !== null) return keptOf(kept, found.value)
  if (files.seeds.length > 0) return receivedOf(kept, found.value)
  return approvedOrDealt(kept, found.value, ports)
}

/** The run that the files are of, completed by what this phone has of it. */
function runOf(kept: Kept, given: EpochFiles): Answer<Run> {
  const files = given.opening === null ? completed(kept, given) : yes(given)
  if (!files.ok) return files
  const { opening, plan, pub, cards } = files.value
  if (opening === null || plan === null || pub === null) {
    const missing = Object.entries({ 'opening.json': opening, 'plan.yaml': plan, 'public.bin': pub })
    return no(
      'PHONE-EPOCH-MISSING',
      missing.flatMap(([name, file]) => (file === null ? name : [])).join(', '),
    )
  }
  const document = openingCodec.file.parse(opening)
  if (!document.ok) return document
  const policy = policyFileAt(kept.records, document.value.payload.policyDigest)
  if (policy === null) return no('PHONE-POLICY-MISSING')
  const byDigest = new Map(
    cards.flatMap((bytes) => {
      const card = cardCodec.parse(bytes)
      return card.ok ? [[cardCodec.digest(card.value), bytes] as const] : []
    }),
  )
  const card = (digest: string) => byDigest.get(digest) ?? null
  const run = checkEpochRun(policy.policy, { opening, plan, pub, card })
  if (!run.ok) return run
  // A run that this phone took part in is finished even under a policy that was replaced since.
  const begun = kept.records.ids('run').includes(openingDigest(run.value))
  const newest = begun ? yes(null) : checkNewest(policy.policy, policyFiles(kept.records))
  return newest.ok ? yes({ run: run.value, files: files.value, policy }) : newest
}

/** Adds what the phone has of the run to an announcement, or to the end of an aborted run, which come alone. */
function completed({ records, person }: Kept, given: EpochFiles): Answer<EpochFiles> {
  const said = given.live === null ? null : epochLiveCodec.file.parse(given.live)
  if (said !== null && !said.ok) return said
  const ceremony = said === null ? ceremonyIn(given.closeout) : said.value.payload.ceremonyId
  for (const id of records.ids('run')) {
    const before = parseRun(records.read('run', id) ?? new Uint8Array())
    if (before === null || before.opening === null) continue
    const opening = openingCodec.file.parse(before.opening)
    if (!opening.ok || opening.value.payload.ceremonyId !== ceremony) continue
    const approvals = given.approvals.length > 0 ? given.approvals : before.approvals
    return yes({
      ...given,
      opening: before.opening,
      plan: before.plan,
      pub: before.pub,
      cards: before.cards,
      approvals,
    })
  }
  if (said === null) return no('PHONE-EPOCH-RUN')
  const { keyId, epochId, epoch } = said.value.payload
  const own = sharesOf({ records, person }, keyId)
  const taken = own.some(({ epochId: id, live }) => id === epochId && live)
  if (taken) return no('PHONE-EPOCH-TAKEN', `epoch ${epoch}`)
  return own.length === 0 ? no('PHONE-NO-SHARE', keyId) : no('PHONE-EPOCH-RUN')
}

function ceremonyIn(closeout: Uint8Array | null): string {
  try {
    // Only the id is looked at here. Whose word it is, is checked later.
    const { payload } = JSON.parse(new TextDecoder().decode(closeout ?? new Uint8Array())) as {
      payload?: { ceremonyId?: unknown }
    }
    return String(payload?.ceremonyId)
  } catch {
    return ''
  }
}

type Own = {
  id: string
  epochId: string
  live: boolean
  ceremonyId: string
  epoch: number
  policyDigest: string
}

/** This phone's shares of one key. */
function sharesOf(kept: Kept, keyId: string): Own[] {
  return kept.records.ids('share').flatMap((id) => {
    const opened = shareAt(kept, id)
    if (!opened.ok) return []
    const { envelope, before, held } = opened.value
    const { header } = envelope.share
    forgetShareOf(opened.value)
    if (toHex(header.keyId) !== keyId) return []
    const { ceremonyId, policyDigest: policy } = held
    return [
      {
        id,
        epochId: toHex(header.epochId),
        live: before.live,
        ceremonyId,
        epoch: header.epoch,
        policyDigest: policy,
      },
    ]
  })
}

/** Opens a share for `work` and wipes it afterwards. */
async function withShareAt<T>(
  kept: Kept,
  id: string,
  work: (opened: OpenedShare) => Answer<T> | Promise<Answer<T>>,
): Promise<Answer<T>> {
  const opened = shareAt(kept, id)
  if (!opened.ok) return opened
  try {
    return await work(opened.value)
  } finally {
    forgetShareOf(opened.value)
  }
}

/** As `withShareAt`, for work that is not asynchronous. */
function atShare<T>(kept: Kept, id: string, work: (opened: OpenedShare) => Answer<T>): Answer<T> {
  const opened = shareAt(kept, id)
  if (!opened.ok) return opened
  try {
    return work(opened.value)
  } finally {
    forgetShareOf(opened.value)
  }
}

/** The id of the share of the run's old epoch. Refuses PHONE-NO-SHARE, HOLDER-EPOCH. */
function oldShareOf(kept: Kept, run: EpochRun): Answer<string> {
  const own = sharesOf(kept, run.terms.keyId)
  const old = own.find(({ epochId }) => epochId === run.terms.oldEpochId)
  if (old !== undefined) return yes(old.id)
  const [other] = own
  if (other === undefined) return no('PHONE-NO-SHARE', run.terms.keyId)
  return atShare(kept, other.id, ({ envelope }) => {
    const refused = checkOldShare(run, envelope)
    return refused.ok ? yes(other.id) : refused
  })
}

const runRecord = ({ run, files }: Run): Written => ({
  store: 'run',
  id: openingDigest(run),
  plain: encodeRun(files),
})

const told = (
  run: EpochRun,
  act: Exclude<EpochAsked['act'], 'heartbeat'>,
  how: Parameters<typeof epochAct>[2] = {},
): Ready['shown'] => ({
  act,
  described: epochAct(run, act, how),
  digest: run.terms.planHash,
  words: wordsOf(run.terms.planHash),
  wipes: how.wipes ?? false,
})

/** The run's policy, and the older one under which the share was dealt, if any. */
function policies({ records }: Kept, { policy }: Run, { held }: OpenedShare) {
  const older =
    held.policyDigest === policyDigest(policy.policy) ? null : policyFileAt(records, held.policyDigest)
  return { policy, previous: older }
}

function approvedOrDealt(kept: Kept, of: Run, { entropy }: Ports): Answer<Ready> {
  const { run, files } = of
  const old = oldShareOf(kept, run)
  if (!old.ok) return old
  const about = run.plan.title
  const entry = (what: LogEntry['what']) => ({ what, about, digest: run.terms.planHash })
  const asked = atShare(kept, old.value, (opened) => {
    const { holder } = opened.envelope.share.header
    const approved = opened.before.leaving === openingDigest(run)
    // The run asks for this holder's own approval first, even when the others' would be enough.
    const heard = files.approvals.some((bytes) => holderIn(bytes) === holder)
    const enough = files.approvals.length >= run.terms.oldT
    const deals = approved && heard && enough && run.terms.dealers.includes(holder)
    const given = policies(kept, of, opened)
    if (deals) {
      const prepared = redeal(opened, run, { ...given, approvals: files.approvals })
      return prepared.ok ? yes(told(run, 'redeal')) : prepared
    }
    const prepared = approveEpoch(opened, run, given)
    if (!prepared.ok) return prepared
    return yes(told(run, 'approve', { left: prepared.value.left }))
  })
  if (!asked.ok) return asked
  const approve = () =>
    atShare(kept, old.value, (opened): Answer<Taken> => {
      const prepared = approveEpoch(opened, run, policies(kept, of, opened))
      if (!prepared.ok) return prepared
      const { state, approval } = prepared.value.sign()
      const { holder } = opened.envelope.share.header
      return yes({
        files: [{ name: `epoch-approval-holder-${holder}.json`, bytes: approval }],
        written: [{ store: 'state', id: old.value, plain: state }, runRecord(of)],
        gone: [],
        person: null,
        signed: [],
        entry: entry('epoch-approved'),
      })
    })
  const deal = () =>
    withShareAt(kept, old.value, async (opened): Promise<Answer<Taken>> => {
      const { holder } = opened.envelope.share.header
      const before = dealtBefore(kept, run)
      const done = { gone: [], person: null, signed: [], entry: entry('redealt') }
      if (before !== null)
        return yes({ ...done, files: namedDealt(before, holder), written: [runRecord(of)] })
      const prepared = redeal(opened, run, { ...policies(kept, of, opened), approvals: files.approvals })
      if (!prepared.ok) return prepared
      const dealt = await prepared.value.deal(entropy)
      if (!dealt.ok) return dealt
      const out = [dealt.value.redeal, ...dealt.value.files.map(({ bytes }) => bytes)]
      const record = { store: 'dealt', id: openingDigest(run), plain: packFiles(out) }
      return yes({ ...done, files: namedDealt(out, holder), written: [record, runRecord(of)] })
    })
  return yes({
    shown: asked.value,
    card: cardOfShare(kept.records, 'seat', old.value),
    take: async () => (asked.value.act === 'redeal' ? deal() : approve()),
  })
}

function holderIn(approval: Uint8Array): number | null {
  const read = epochApprovalCodec.file.parse(approval)
  return read.ok ? read.value.payload.holder : null
}

/** A dealing is never made twice: its seeds exist only sealed to the new holders, so the same files are given again. */
function dealtBefore({ records }: Kept, run: EpochRun): readonly Uint8Array[] | null {
  const bytes = records.read('dealt', openingDigest(run))
  const files = bytes === null ? null : unpackFiles(bytes)
  return files?.ok === true ? files.value : null
}

/** Named as in the run's folder. */
function namedDealt([said, correction, ...seeds]: readonly Uint8Array[], dealer: number): Handover[] {
  if (said === undefined || correction === undefined) return []
  return [
    { name: `redeal-${dealer}.json`, bytes: said },
    { name: `correction-${dealer}.bin`, bytes: correction },
    ...seeds.map((bytes, at) => ({ name: `dealer-${dealer}-holder-${at + 1}.age`, bytes })),
  ]
}

function receivedOf(kept: Kept, of: Run): Answer<Ready> {
  const { run } = of
  const { person, records } = kept
  const given = nextFiles(of, person.card.name)
  if (!given.ok) return given
  const approved = checkApprovals(run, given.value.approvals)
  if (!approved.ok) return approved
  const dealt = checkDealt(run, given.value)
  if (!dealt.ok) return dealt
  const proofOf = (opened: Pick<OpenedShare, 'key' | 'held' | 'envelope'>): Answer<Handover> => {
    const proof = acknowledge(opened, of.policy.policy)
    if (!proof.ok) return proof
    const name = `acknowledgement-holder-${opened.envelope.share.header.holder}.json`
    return yes({ name, bytes: proof.value.acknowledgement })
  }
  const again = (own: Own) =>
    atShare(kept, own.id, (opened): Answer<Taken> => {
      const proof = proofOf(opened)
      if (!proof.ok) return proof
      const entry = { what: 'proved', about: run.plan.title, digest: run.terms.keyId } as const
      return yes({
        files: [proof.value],
        written: [runRecord(of)],
        gone: [],
        person: null,
        signed: [],
        entry,
      })
    })
  const card = run.terms.roster.find(({ name }) => name === person.card.name)?.card ?? ''
  const take = async (): Promise<Answer<Taken>> => {
    const own = sharesOf(kept, run.terms.keyId).find(({ ceremonyId }) => ceremonyId === run.terms.ceremonyId)
    if (own !== undefined) return again(own)
    const key = keyOfCard(kept, card) ?? person
    const renewed = key !== person
    const kepts = await nextShare(run, given.value, {
      key,
      received: records.read('received', 'me'),
      path: 'this phone',
      // A key that was made after the sheet was read cannot have received anything elsewhere.
      lost: cameFromSheet(kept, cardCodec.digest(key.card)),
    })
    if (!kepts.ok) return kepts
    try {
      const { share, received, state, held, envelope } = kepts.value
      const proof = proofOf({ key, held, envelope })
      if (!proof.ok) return proof
      const id = shareId(envelope)
      return yes({
        files: [proof.value],
        written: [
          { store: 'share', id, plain: share.slice() },
          { store: 'received', id: 'me', plain: received },
          { store: 'state', id, plain: state },
          ...(renewed ? [{ store: 'seat', id, plain: encodeText({ card }) }] : []),
          runRecord(of),
        ],
        gone: [],
        person: null,
        signed: [],
        entry: { what: 'received', about: run.plan.title, digest: run.terms.keyId },
      })
    } finally {
      forgetKept(kepts.value)
    }
  }
  return yes({ shown: told(run, 'receive'), card, take })
}

/** The dealing files in the order of the plan's dealers. A file that is missing is empty here, and refused by its name later. */
function nextFiles({ run, files }: Run, name: string): Answer<NextFiles> {
  const holder = nextHolder(run, name)
  if (!holder.ok) return holder
  const byDigest = new Map(
    [...files.corrections, ...files.seeds].map((bytes) => [sha256Hex(bytes), bytes] as const),
  )
  const none = new Uint8Array()
  const said = files.redeals.flatMap((bytes) => {
    const read = redealCodec.file.parse(bytes)
    return read.ok ? [{ bytes, payload: read.value.payload }] : []
  })
  const dealers = run.terms.dealers.flatMap(
    (dealer) => said.find(({ payload }) => payload.dealer === dealer) ?? [],
  )
  return yes({
    approvals: files.approvals,
    redeals: dealers.map(({ bytes }) => bytes),
    corrections: dealers.map(({ payload }) => byDigest.get(payload.correction) ?? none),
    seeds: dealers.map(({ payload }) => byDigest.get(payload.envelopes[holder.value - 1] ?? '') ?? none),
    signature: files.signature ?? none,
  })
}

/** Makes the next share live and wipes the old one with its envelope key, in one transaction. */
function liveOf(kept: Kept, of: Run, live: Uint8Array, { entropy }: Ports): Answer<Ready> {
  const { run } = of
  const said = checkLive(run, { approvals: of.files.approvals, live })
  if (!said.ok) return said
  const { epoch, epochId } = said.value
  const own = sharesOf(kept, run.terms.keyId)
  const next = own.find((one) => one.epochId === epochId)
  const old = own.find((one) => one.epochId === run.terms.oldEpochId)
  if (next === undefined && old === undefined) {
    const refused = oldShareOf(kept, run)
    return refused.ok ? no('PHONE-NO-SHARE', run.terms.keyId) : refused
  }
  if (old === undefined && next?.live === true) return no('PHONE-EPOCH-TAKEN', `epoch ${epoch}`)
  const records = (): Answer<Written[]> => {
    const written: Written[] = []
    for (const { id } of [next, old].flatMap((one) => one ?? [])) {
      const taken = atShare(kept, id, (opened) =>
        takeEpochLive(opened, run, said.value, { forgetsKey: false }),
      )
      if (!taken.ok) return taken
      if (taken.value.do === 'answer') written.push({ store: 'state', id, plain: taken.value.state })
    }
    return yes(written)
  }
  const checked = records()
  if (!checked.ok) return checked
  const take = async (): Promise<Answer<Taken>> => {
    const written = records()
    if (!written.ok) return written
    const left =
      old === undefined ? null : await leaveBehind(kept, { old: old.id, next: next?.id ?? null }, entropy)
    if (left !== null && !left.ok) return left
    const opening = openingDigest(run)
    return yes({
      files: [],
      written: [...written.value, ...(left?.value.written ?? [])],
      gone: [
        { store: 'run', id: opening },
        { store: 'dealt', id: opening },
        ...(left?.value.gone ?? []),
        ...(old === undefined
          ? []
          : placesOf(kept.records, ({ epochId }) => epochId === run.terms.oldEpochId)),
      ],
      person: left?.value.person ?? null,
      signed: [said.value.time],
      entry: { what: 'live', about: `${run.plan.title}, epoch ${epoch}`, digest: epochId },
    })
  }
  return yes({ shown: told(run, 'live', { wipes: old !== undefined }), card: null, take })
}

/** The sheet still has the key that is wiped here, so it no longer counts as a backup. */
const oldSheet: Place = { store: 'sheet', id: 'me' }

/**
 * Removes the old share, and the envelope key that opens it in every copy of the run. The key stays where another share was sealed to it.
 * The phone's own card is then that of the next share, or a new one.
 */
async function leaveBehind(
  kept: Kept,
  { old, next }: { old: string; next: string | null },
  entropy: Entropy,
): Promise<Answer<Pick<Taken, 'written' | 'gone' | 'person'>>> {
  const { records, person } = kept
  const gone: Place[] = ['share', 'state', 'seat', 'renewal'].map((store) => ({ store, id: old }))
  const oldCard = cardOfShare(records, 'seat', old)
  const shared = records.ids('share').some((id) => id !== old && cardOfShare(records, 'seat', id) === oldCard)
  if (shared) return yes({ written: [], gone, person: null })
  if (oldCard !== null) {
    const places = ['person', 'card'].map((store) => ({ store, id: oldCard }))
    return yes({ written: [], gone: [...gone, ...places, oldSheet], person: null })
  }
  const own = next === null ? null : cardOfShare(records, 'seat', next)
  let fresh = own === null ? null : keyOfCard(kept, own)
  if (fresh === null) {
    const made = await renewKey(person, entropy)
    if (!made.ok) return made
    fresh = made.value.key
  }
  const moved: Place[] =
    own === null || next === null
      ? []
      : [
          { store: 'person', id: own },
          { store: 'card', id: own },
          { store: 'seat', id: next },
        ]
  return yes({
    written: [
      { store: 'person', id: 'me', plain: encodePersonKey(fresh) },
      { store: 'card', id: 'me', plain: cardCodec.encode(fresh.card) },
    ],
    gone: [...gone, ...moved, oldSheet],
    person: fresh,
  })
}

/** After an aborted run the old share answers again, and the new one is removed. */
function keptOf(kept: Kept, of: Run): Answer<Ready> {
  const { run, files } = of
  const { closeout, transcript, checkpoints } = files
  if (closeout === null || transcript === null)
    return no('PHONE-EPOCH-MISSING', closeout === null ? 'closeout.json' : 'transcript.jsonl')
  const named = checkpoints.map((bytes, at) => ({ name: `checkpoint ${at + 1}`, bytes }))
  const ended = checkGivenUp(run, { live: false, closeout, transcript, checkpoints: named })
  if (!ended.ok) return ended
  const old = oldShareOf(kept, run)
  if (!old.ok) return old
  const take = (): Answer<Taken> =>
    atShare(kept, old.value, (opened): Answer<Taken> => {
      const taken = keepAfterAbort(opened, run, ended.value)
      if (!taken.ok) return taken
      const { records } = kept
      const { ceremonyId, keyId, planHash } = run.terms
      const void_ = sharesOf(kept, keyId).filter(
        (one) => one.ceremonyId === ceremonyId && one.id !== old.value,
      )
      const card = cardOfShare(records, 'renewal', old.value)
      const opening = openingDigest(run)
      return yes({
        files: [],
        written: [{ store: 'state', id: old.value, plain: taken.value.state }],
        gone: [
          ...void_.flatMap(({ id }) => ['share', 'state', 'seat'].map((store) => ({ store, id }))),
          // The run that ended has files that were sealed to this card. The next run gets another card.
          ...(card === null ? [] : ['person', 'card'].map((store) => ({ store, id: card }))),
          { store: 'renewal', id: old.value },
          { store: 'run', id: opening },
          { store: 'dealt', id: opening },
        ],
        person: null,
        signed: [],
        entry: { what: 'kept', about: run.plan.title, digest: planHash },
      })
    })
  const checked = take()
  if (!checked.ok) return checked
  return yes({ shown: told(run, 'keep'), card: null, take: async () => take() })
}

function heartbeatOf(kept: Kept, files: EpochFiles, { now }: Ports): Answer<Ready> {
  const { heartbeat, opening } = files
  const request = readHeartbeatRequest(heartbeat ?? new Uint8Array())
  if (!request.ok) return request
  if (opening === null) return no('PHONE-EPOCH-MISSING', 'opening.json')
  const document = openingCodec.file.parse(opening)
  if (!document.ok) return document
  const policy = policyFileAt(kept.records, document.value.payload.policyDigest)
  if (policy === null) return no('PHONE-POLICY-MISSING')
  const newest = checkNewest(policy.policy, policyFiles(kept.records))
  if (!newest.ok) return newest
  const own = sharesOf(kept, request.value.keyId)
  const share = own.find(({ epochId }) => epochId === request.value.epochId) ?? own[0]
  if (share === undefined) return no('PHONE-NO-SHARE', request.value.keyId)
  const older =
    share.policyDigest === policyDigest(policy.policy) ? null : policyFileAt(kept.records, share.policyDigest)
  const stated = () =>
    atShare(kept, share.id, (opened) => {
      const held = stateHeld(opened, { request: request.value, policy, previous: older, opening, now: now() })
      if (!held.ok) return held
      return yes({ held: held.value, lines: heartbeatLines(opened, request.value) })
    })
  const checked = stated()
  if (!checked.ok) return checked
  const { challenge } = request.value
  return yes({
    shown: {
      act: 'heartbeat',
      described: heartbeatAct(checked.value.lines),
      digest: challenge,
      words: wordsOf(challenge),
      wipes: false,
    },
    card: cardOfShare(kept.records, 'seat', share.id),
    take: async () => {
      const done = stated()
      if (!done.ok) return done
      const { said, digest, sign } = done.value.held
      return yes({
        files: [{ name: `heartbeat-holder-${said.holder}.json`, bytes: sign() }],
        written: [],
        gone: [],
        person: null,
        signed: [],
        entry: { what: 'stated', about: `ceremony ${said.ceremonyId}`, digest },
      })
    },
  })
}

/** The key and card of a share's next epoch. They are made once for each run. Refuses PHONE-SHARE-MISSING, REQUEST-ROLE. */
export async function renewFor(
  kept: Kept,
  share: string,
  entropy: Entropy,
): Promise<Answer<{ card: Uint8Array; digest: string; written: Written[]; made: boolean }>> {
  const { records } = kept
  if (!records.ids('share').includes(share)) return no('PHONE-SHARE-MISSING', share)
  const before = cardOfShare(records, 'renewal', share)
  const card = before === null ? null : records.read('card', before)
  if (before !== null && card !== null) return yes({ card, digest: before, written: [], made: false })
  const present = keyOfCard(kept, cardOfShare(records, 'seat', share))
  if (present === null) return no('PHONE-STORAGE-CHANGED')
  const made = await renewKey(present, entropy)
  if (!made.ok) return made
  const { key, card: bytes, digest } = made.value
  return yes({
    card: bytes,
    digest,
    written: [
      { store: 'person', id: digest, plain: encodePersonKey(key) },
      { store: 'card', id: digest, plain: bytes.slice() },
      { store: 'renewal', id: share, plain: encodeText({ card: digest }) },
    ],
    made: true,
  })
}
