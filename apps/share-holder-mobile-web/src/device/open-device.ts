import { policyDigest } from '@lux/ceremony/policy'
import { cardCodec, type RequestPackage, requestDigest } from '@lux/ceremony/wire'
import { equalBytes, toHex, wipe } from '@lux/crypto'
import { type BlocksDone, ciphertextDigest, readCiphertext } from '@lux/crypto/fhe'
import {
  type Asked as AskedAnswer,
  acknowledge,
  blocksLeft,
  checkChain,
  checkNewest,
  checkServedFrom,
  checkUnexpired,
  countsAsLost,
  decidedBefore,
  discardAnswer,
  encodePersonKey,
  enrol as enrolPerson,
  forgetKept,
  forgetShareOf,
  type HolderState,
  laterVersions,
  type OpenedShare,
  type PersonKey,
  type PolicyBehind,
  type PreparedAnswer,
  type PreparedSignature,
  parseMemory,
  parsePersonKey,
  policyBehind,
  policyLines,
  prepareAnswer,
  prepareSignature,
  readPolicyFile,
  readSignatureRequest,
  receiveShare,
  refuseRequest,
  type SignedDecision,
  sealAnswer,
  signAnswer,
  signingOf,
  signLog,
  trustedPolicy,
  wordsOf,
} from '@lux/people'
import { openSheet, sealSheet, sheetWords } from '../storage/backup-sheet.ts'
import { changeHeader, wipeDatabase } from '../storage/database.ts'
import { type Database, readHeader } from '../storage/open-database.ts'
import {
  createVault,
  type DeriveKey,
  leastCost,
  openWithPasskey,
  type Vault,
  type VaultHeader,
  withoutPasskey,
  withPasskey,
} from '../storage/vault.ts'
import type {
  Answer,
  Asked,
  Decided,
  Device,
  Files,
  Handover,
  LogEntry,
  No,
  OpenRequest,
  Overview,
  Person,
  PolicySummary,
  Prepared,
  ShareSummary,
} from './api.ts'
import { checkNotBehind, keepSigned, keptClock } from './clock.ts'
import { closedState, hintOf } from './closed-state.ts'
import { no, type Open, policyAt, policyFiles, seatOf, shareAt, shareId, yes } from './kept.ts'
import { type Ready, readEpochFiles, renewFor } from './next-epoch.ts'
import { keepRequest, openRequests, placesOf, requestFilesOf, requestPlaces } from './open-requests.ts'
import { passphraseGate } from './passphrase.ts'
import {
  beginRecords,
  encodeText,
  openRecords,
  parseText,
  type Random,
  type Records,
  tolerant,
  type Written,
} from './records.ts'
import { cardsOf, keysOfSheet, sheetAt, sheetRecord, sheetSecret } from './sheet-keys.ts'
import { requestFiles, shareFiles } from './sort-files.ts'
import { refusing, storageRefusal } from './storage-refusal.ts'

export type DevicePorts = {
  readonly database: Database
  readonly derive: DeriveKey
  readonly random: Random
  /** ISO-8601 UTC with milliseconds, as all documents have it. */
  readonly now: () => string
  /** Whether the browser promised to keep what this app writes. */
  readonly persisted: () => Promise<boolean>
  /** Scheme, host and port that served the app. */
  readonly origin: string
  /** Lets so many milliseconds pass. */
  readonly wait: (milliseconds: number) => Promise<void>
  /** Hears how far a partial decryption is. */
  readonly told: BlocksDone
}

const locked = no('PHONE-LOCKED')
/** Letters of a passphrase. Argon2id makes each guess cost; this makes the guesses many. */
const leastPassphrase = 12
const logId = (count: number): string => String(count).padStart(8, '0')

/** Everything that a holder's phone decides and keeps, behind its passphrase. One of these lives in one worker. */
export function openDevice(ports: DevicePorts): Device {
  const { database, derive, random, now, persisted, origin, wait, told } = ports
  const vaultBy = passphraseGate({ database, derive, wait })
  const clock = keptClock(now)
  let open: Open | null = null
  let asked: PreparedSignature | null = null
  /** `passkey`: each answer and signature waits for the passphrase first. */
  let openedBy: 'passphrase' | 'passkey' = 'passphrase'
  /** The act that the passphrase was asked for, and is good for once it was `given`: what was read, or a name of it. */
  let confirming: { readonly act: object | string; readonly given: boolean } | null = null
  let ready: Ready | null = null
  let prepared: { answer: PreparedAnswer; share: ShareSummary; opened: OpenedShare; files: Files } | null =
    null
  /** What was said yes to and could not be written: the next yes reads it anew. */
  let unwritten: Files | null = null

  /** Where a passkey opened the phone, the passphrase counts for one act, and for no other than the one that it was asked for. */
  function unconfirmed(act: object | string): No | null {
    if (openedBy === 'passphrase') return null
    const given = confirming?.given === true && confirming.act === act
    confirming = given ? null : { act, given: false }
    return given ? null : no('PHONE-CONFIRM')
  }

  async function changedHeader(
    id: Uint8Array,
    change: (header: VaultHeader) => VaultHeader,
    opened: Open,
  ): Promise<Answer<Overview>> {
    if (!(await changeHeader(database, id, change))) return no('PHONE-OTHER-TAB')
    return yes(await overview(opened))
  }

  async function unlockWith(vault: Vault): Promise<Answer<Overview>> {
    const records = await openRecords(database, vault, random)
    const kept = records.read('person', 'me')
    if (kept === null) return no('PHONE-STORAGE-CHANGED')
    const person = parsePersonKey(kept)
    wipe(kept)
    if (!person.ok) return person
    confirming = null
    open = { vault, records, person: person.value }
    return yes(await overview(open))
  }

  async function overview({ records: all, person }: Pick<Open, 'records' | 'person'>): Promise<Overview> {
    const records = tolerant(all)
    const opened = records.ids('share').map((id) => shareAt({ records, person }, id))
    const told = {
      person: personOf(person),
      policies: records.ids('policy').flatMap((id) => {
        const policy = policyAt(records, id)
        return policy === null ? [] : [policySummary(policy)]
      }),
      shares: opened.flatMap((share) => {
        if (!share.ok) return []
        const summary = shareSummary(share.value, records)
        forgetShareOf(share.value)
        return [summary]
      }),
      open: openRequests(records, now()),
      log: logOf(records),
      kept: await persisted(),
      sheet: sheetAt({ records, person }),
      restored: records.ids('restored').length > 0,
      passkey: hintOf(await readHeader(database)),
    }
    return { ...told, damaged: records.damaged() || opened.some((share) => !share.ok) }
  }

  /**
   * For real keys only where the browser promised to keep what this app writes, or a backup sheet with the key of this card was scanned
   * back. `card`: of a share; null for the phone's own.
   */
  async function mayApprove(kept: Open, card: string | null): Promise<boolean> {
    if (kept.person.card.domain === 'rehearsal') return true
    return sheetAt(kept, [card ?? cardCodec.digest(kept.person.card)]) !== null || (await persisted())
  }

  /** A signature needs what an answer needs; a share that comes or goes is taken as it is, and its proof waits. */
  async function mayDo(opened: Open, { shown: { act }, card }: Ready): Promise<boolean> {
    return act === 'receive' || act === 'live' || act === 'keep' || mayApprove(opened, card)
  }

  /** Closes what is open here. */
  function close(): void {
    discard()
    ready = null
    asked = null
    confirming = null
    clock.forget()
    if (open !== null) wipe(open.vault.key)
    open = null
  }

  /** Lets go of what was prepared and not answered. */
  function discard(): void {
    unwritten = null
    if (prepared === null) return
    discardAnswer(prepared.answer)
    forgetShareOf(prepared.opened)
    prepared = null
  }

  /** Whether the request is on the list then: where the phone has no room it is not, and may be decided none the less. `signed`: times in it. */
  async function keepOpen(
    { records }: Open,
    request: OpenRequest,
    files: Files,
    { time, signed }: { time: string; signed: readonly string[] },
  ): Promise<boolean> {
    const { written, gone } = keepRequest(records, request, files, time)
    const kept = [...written, ...keepSigned(records, time, signed)]
    try {
      if (kept.length > 0 || gone.length > 0) await records.write(kept, gone)
    } catch (error) {
      if (storageRefusal(error)?.rule !== 'PHONE-STORAGE-FULL') throw error
    }
    return records.ids('asked').includes(request.id)
  }

  function logged(records: Records, what: LogEntry['what'], about: string, digest: string): Written {
    const id = logId(records.ids('log').length)
    return { store: 'log', id, plain: encodeText({ at: now(), what, about, digest } satisfies LogEntry) }
  }

  /** The answer's files, once its state is on disk: in one transaction, so that nothing leaves that is not counted. */
  async function hand(
    { records, person }: Open,
    share: ShareSummary,
    sealed: SignedDecision & { sealed?: Uint8Array },
    entry: { what: 'approved' | 'refused'; about: string; digest: string; request: string },
  ): Promise<Answer<{ files: Files; overview: Overview }>> {
    const stem = answerName(entry.digest, share.holder)
    const files: Handover[] = [
      { name: `${stem}.json`, bytes: sealed.answer },
      ...(sealed.sealed === undefined ? [] : [{ name: `${stem}.age`, bytes: sealed.sealed }]),
    ]
    await records.write(
      [
        { store: 'state', id: share.id, plain: sealed.state },
        ...files.map(({ name, bytes }) => ({ store: 'answer', id: name, plain: bytes.slice() })),
        logged(records, entry.what, entry.about, entry.digest),
      ],
      // Under other words it is the same request, and is answered once.
      [
        ...requestPlaces(entry.digest),
        ...placesOf(records, ({ requestId }) => requestId === entry.request).filter(
          ({ id }) => id !== entry.digest,
        ),
      ],
    )
    return yes({ files, overview: await overview({ records, person }) })
  }

  const device: Device = {
    async state() {
      if (open !== null) return { phase: 'open', overview: await overview(open) }
      return closedState(database)
    },

    async enrol({ name, kind, domain, passphrase }) {
      if ((await readHeader(database)) !== null) return no('PHONE-ENROLLED')
      if ([...passphrase].length < leastPassphrase)
        return no('PHONE-PASSPHRASE-SHORT', String(leastPassphrase))
      const made = await enrolPerson({ kind, domain, name }, { bytes: random })
      if (!made.ok) return made
      const vault = await createVault(passphrase, leastCost, derive, random)
      const { key, card, digest } = made.value
      const first: LogEntry = { at: now(), what: 'enrolled', about: name, digest }
      const records = await beginRecords(
        database,
        vault,
        [
          { store: 'person', id: 'me', plain: encodePersonKey(key) },
          { store: 'card', id: 'me', plain: card.slice() },
          { store: 'log', id: logId(0), plain: encodeText(first) },
        ],
        random,
      )
      // Another tab was first: its key stays.
      if (records === null) return no('PHONE-ENROLLED')
      open = { vault, records, person: made.value.key }
      return yes(await overview(open))
    },

    async unlock(passphrase) {
      const vault = await vaultBy(passphrase, null)
      if (!vault.ok) return vault
      openedBy = 'passphrase'
      return unlockWith(vault.value)
    },

    async unlockByPasskey(secret) {
      const header = await readHeader(database)
      if (header === null) return no('PHONE-NOT-ENROLLED')
      const vault = openWithPasskey(header, secret)
      wipe(secret)
      if (vault === null) return no('PHONE-PASSKEY')
      openedBy = 'passkey'
      return unlockWith(vault)
    },

    async confirm(passphrase) {
      if (open === null) return locked
      const vault = await vaultBy(passphrase, open.vault)
      if (!vault.ok) return vault
      wipe(vault.value.key)
      if (confirming !== null) confirming = { ...confirming, given: true }
      return yes(null)
    },

    async addPasskey({ credential, salt, secret, passphrase }) {
      if (open === null) return locked
      const found = await vaultBy(passphrase, open.vault)
      if (!found.ok) {
        wipe(secret)
        return found
      }
      const vault = found.value
      try {
        const header = withPasskey(vault, { credential, salt, secret }, random)
        // What was sealed is opened before it counts.
        const opened = header === null ? null : openWithPasskey(header, secret)
        if (header?.passkey === undefined || opened === null || !equalBytes(opened.key, vault.key))
          return no('PHONE-PASSKEY-NONE')
        wipe(opened.key)
        const { passkey } = header
        return await changedHeader(header.id, (before) => ({ ...before, passkey }), open)
      } finally {
        wipe(vault.key)
        wipe(secret)
      }
    },

    async removePasskey(passphrase) {
      if (open === null) return locked
      const vault = await vaultBy(passphrase, open.vault)
      if (!vault.ok) return vault
      wipe(vault.value.key)
      openedBy = 'passphrase'
      return changedHeader(vault.value.header.id, withoutPasskey, open)
    },

    async card() {
      if (open === null) return locked
      const bytes = open.records.read('card', 'me')
      return bytes === null ? no('PHONE-STORAGE-CHANGED') : yes({ name: 'card.json', bytes })
    },

    async readPolicy({ bytes }) {
      const policy = trustedPolicy(bytes)
      if (!policy.ok) return policy
      const served = checkServedFrom(policy.value, origin)
      return served.ok ? yes(policySummary(policy.value)) : served
    },

    async takePolicy({ bytes }) {
      if (open === null) return locked
      const policy = trustedPolicy(bytes)
      if (!policy.ok) return policy
      const summary = policySummary(policy.value)
      if (summary.domain !== open.person.card.domain) return no('PHONE-DOMAIN', summary.domain)
      const served = checkServedFrom(policy.value, origin)
      if (!served.ok) return served
      const file = readPolicyFile(bytes)
      if (!file.ok) return file
      const chained = checkChain(file.value, policyFiles(open.records), { signed: true })
      if (!chained.ok) return chained
      await open.records.write([
        { store: 'policy', id: summary.digest, plain: bytes.slice() },
        logged(open.records, 'policy', summary.organisation, summary.digest),
      ])
      return yes(await overview(open))
    },

    async receive(files) {
      if (open === null) return locked
      const sorted = shareFiles(files)
      if (!sorted.ok) return sorted
      const { records, person } = open
      const { envelope, signature, opening, public: pub } = sorted.value
      const policies = records.ids('policy').flatMap((id) => policyAt(records, id) ?? [])
      if (policies.length === 0) return no('PHONE-POLICY-MISSING')
      let refused: No = no('PHONE-POLICY-MISSING')
      for (const policy of policies) {
        const kept = await receiveShare(
          { policy, opening, envelope, signature, pub },
          {
            key: person,
            received: records.read('received', 'me'),
            path: 'this phone',
            lost: records.ids('restored').length > 0,
          },
        )
        if (!kept.ok) {
          // The policy that fits says what is wrong; another one only says that it does not fit.
          if (refused.rule === 'PHONE-POLICY-MISSING' || kept.rule !== 'OPENING-POLICY') refused = kept
          continue
        }
        const proof = acknowledge(
          { key: person, held: kept.value.held, envelope: kept.value.envelope },
          policy,
        )
        const id = shareId(kept.value.envelope)
        const { share, received, state } = kept.value
        // A share that is here already came of this opening.
        const newest = records.ids('share').includes(id)
          ? yes(null)
          : checkNewest(policy, policyFiles(records))
        if (!proof.ok || !newest.ok) {
          forgetKept(kept.value)
          if (!proof.ok) return proof
          if (!newest.ok) return newest
        }
        const name = `acknowledgement-holder-${kept.value.envelope.share.header.holder}.json`
        await records.write([
          { store: 'share', id, plain: share.slice() },
          { store: 'received', id: 'me', plain: received },
          { store: 'state', id, plain: state },
          logged(
            records,
            'received',
            policy.organisation.name,
            toHex(kept.value.envelope.share.header.keyId),
          ),
        ])
        forgetKept(kept.value)
        const shown = await overview(open)
        const summary = shown.shares.find((one) => one.id === id)
        if (summary === undefined) return no('PHONE-STORAGE-CHANGED')
        const given = (await mayApprove(open, null)) ? { name, bytes: proof.value.acknowledgement } : null
        return yes({ share: summary, proof: given, overview: shown })
      }
      return refused
    },

    async prove(id) {
      if (open === null) return locked
      if (!(await mayApprove(open, seatOf(open.records, 'seat', id)))) return no('PHONE-NOT-KEPT')
      const opened = shareAt(open, id)
      if (!opened.ok) return opened
      try {
        const policy = policyAt(open.records, opened.value.held.policyDigest)
        if (policy === null) return no('PHONE-POLICY-MISSING')
        const proof = acknowledge(opened.value, policy)
        if (!proof.ok) return proof
        await open.records.write([
          logged(open.records, 'proved', policy.organisation.name, proof.value.digest),
        ])
        const name = `acknowledgement-holder-${opened.value.envelope.share.header.holder}.json`
        return yes({ name, bytes: proof.value.acknowledgement })
      } finally {
        forgetShareOf(opened.value)
      }
    },

    async prepare(files) {
      if (open === null) return locked
      discard()
      const sorted = requestFiles(files, digestOf)
      if (!sorted.ok) return sorted
      const { request, ciphertexts } = sorted.value
      const time = clock.read(open.records)
      if (!time.ok) return time
      const found = shareFor(open, request.request.payload)
      if (!found.ok) return found
      const opened = found.value
      const answer = answerTo(open, opened, { request, ciphertexts, now: time.value, told })
      if (!answer.ok) {
        const holder = opened.envelope.share.header.holder
        const lost = countsAsLost(opened.before, opened.envelope)
        forgetShareOf(opened)
        // Nothing less would reach either: it is not the request that is too large.
        if (answer.rule === 'REQUEST-BUDGET' && lost) return no('PHONE-RESTORED')
        const before = decidedBefore.has(answer.rule) ? decided(open.records, request, holder) : null
        return before === null ? answer : yes(before)
      }
      const share = shareSummary(opened, open.records)
      prepared = { answer: answer.value, share, opened, files }
      const { what, requester, expiry } = request.request.payload
      const { digest } = answer.value
      const listed = await keepOpen(
        open,
        { id: digest, kind: 'request', what, by: requester, expires: expiry },
        files,
        {
          time: time.value,
          signed: signedTimes(request),
        },
      )
      const may = await mayApprove(open, seatOf(open.records, 'seat', share.id))
      return yes({ ...shownAnswer(answer.value, share, may), listed })
    },

    async readAgain(id) {
      return open === null ? locked : requestFilesOf(open.records, id)
    },

    async dismiss(id) {
      if (open === null) return locked
      const request = openRequests(open.records, now()).find((one) => one.id === id)
      if (request === undefined) return no('PHONE-REQUEST-MISSING')
      if (prepared?.answer.digest === id) discard()
      await open.records.write([logged(open.records, 'put-aside', request.what, id)], requestPlaces(id))
      return yes(await overview(open))
    },

    async approve() {
      if (open === null) return locked
      if (unwritten !== null) {
        const read = await device.prepare(unwritten)
        if (!read.ok) return read
      }
      if (prepared === null) return no('PHONE-NOTHING-PREPARED')
      if (!(await mayApprove(open, seatOf(open.records, 'seat', prepared.share.id))))
        return no('PHONE-NOT-KEPT')
      const time = clock.read(open.records)
      if (!time.ok) return time
      const first = unconfirmed(prepared)
      if (first !== null) return first
      const { answer, share, opened, files } = prepared
      prepared = null
      unwritten = files
      try {
        const { what, requestId } = answer.request.request.payload
        const sealed = await sealAnswer(answer, time.value)
        if (!sealed.ok) return sealed
        const entry = { what: 'approved', about: what, digest: answer.digest, request: requestId } as const
        const handed = await hand(open, share, sealed.value, entry)
        unwritten = null
        return handed
      } finally {
        forgetShareOf(opened)
      }
    },

    async refuse({ files, reason }) {
      if (open === null) return locked
      const read = requestFiles(files, digestOf, { whole: false })
      if (!read.ok) return read
      const { request } = read.value
      const first = unconfirmed(`refuse ${requestDigest(request.request.payload)}`)
      if (first !== null) return first
      discard()
      const found = shareFor(open, request.request.payload)
      if (!found.ok) return found
      try {
        const sealed = refuseRequest(found.value, { request, reason, now: now() })
        if (!sealed.ok) return sealed
        const { what, requestId } = request.request.payload
        const about = { what: 'refused', about: what, request: requestId } as const
        const digest = requestDigest(request.request.payload)
        return await hand(open, shareSummary(found.value, open.records), sealed.value, { ...about, digest })
      } finally {
        forgetShareOf(found.value)
      }
    },

    async readSigning({ bytes }) {
      asked = null
      if (open === null) return locked
      const { person, records } = open
      const request = readSignatureRequest(bytes)
      if (!request.ok) return request
      const signing = signingOf(person.card.kind, request.value)
      if (!signing.ok) return signing
      const memory = parseMemory(records.read('memory', 'me'))
      if (!memory.ok) return memory
      const time = clock.read(records)
      if (!time.ok) return time
      const read = prepareSignature(signing.value, person, memory.value, time.value)
      if (!read.ok) return read
      const behind = policyBehind(read.value, person, policyFiles(records))
      if (!behind.ok) return behind
      asked = read.value
      const { digest, expires, facts } = read.value.explained
      let listed: boolean | null = null
      if (expires !== null) {
        const said = (name: string) => facts.find((one) => one.name === name)?.value ?? ''
        const request = {
          id: digest,
          kind: 'sign',
          what: said('what'),
          by: said('requester'),
          expires,
        } as const
        listed = await keepOpen(open, request, [{ name: '', bytes }], { time: time.value, signed: [] })
      }
      return yes({ ...shownAsked(read.value, behind.value, await mayApprove(open, null)), listed })
    },

    async sign() {
      if (open === null) return locked
      if (asked === null) return no('PHONE-NOTHING-PREPARED')
      if (!(await mayApprove(open, null))) return no('PHONE-NOT-KEPT')
      const time = clock.read(open.records)
      if (!time.ok) return time
      const inTime = checkUnexpired(asked, time.value)
      if (!inTime.ok) return inTime
      const first = unconfirmed(asked)
      if (first !== null) return first
      const { request, explained } = asked
      const { memory, answer } = signAnswer(asked)
      await open.records.write(
        [
          ...(memory === null ? [] : [{ store: 'memory', id: 'me', plain: memory }]),
          logged(open.records, 'signed', request.what, explained.digest),
        ],
        requestPlaces(explained.digest),
      )
      asked = null
      const name = `signature-${request.what}-${explained.digest.slice(0, 8)}.json`
      return yes({ file: { name, bytes: answer }, overview: await overview(open) })
    },

    async renew(share) {
      if (open === null) return locked
      const first = unconfirmed(`renew ${share}`)
      if (first !== null) return first
      const made = await renewFor(open, share, { bytes: random })
      if (!made.ok) return made
      const { card, digest, written } = made.value
      const { name } = open.person.card
      if (made.value.made)
        await open.records.write([...written, logged(open.records, 'renewed', name, digest)])
      const file = { name: `card-${digest.slice(0, 8)}.json`, bytes: card }
      return yes({ file, digest, words: wordsOf(digest), overview: await overview(open) })
    },

    async readEpoch(files) {
      ready = null
      if (open === null) return locked
      const read = readEpochFiles(open, files, { entropy: { bytes: random }, now })
      if (!read.ok) return read
      ready = read.value
      return yes({ ...read.value.shown, mayDo: await mayDo(open, read.value) })
    },

    async takeEpoch() {
      if (open === null) return locked
      if (ready === null) return no('PHONE-NOTHING-PREPARED')
      const reading = ready
      if (!(await mayDo(open, reading))) return no('PHONE-NOT-KEPT')
      const time = clock.read(open.records)
      if (!time.ok) return time
      const first = unconfirmed(reading)
      if (first !== null) return first
      const taken = await reading.take()
      if (!taken.ok) return taken
      const { files, written, gone, person, entry, signed } = taken.value
      const seen = keepSigned(open.records, time.value, signed)
      await open.records.write(
        [...written, ...seen, logged(open.records, entry.what, entry.about, entry.digest)],
        gone,
      )
      ready = null
      if (person !== null) open.person = person
      const { act } = reading.shown
      const kept = act !== 'receive' || (await mayApprove(open, reading.card))
      return yes({ act, files: kept ? files : [], overview: await overview(open) })
    },

    async saveLog() {
      if (open === null) return locked
      const first = unconfirmed('log')
      if (first !== null) return first
      const made = now()
      const bytes = signLog(open.person, { made, entries: logOf(open.records).toReversed() })
      return bytes.ok ? yes({ name: `log-${made.slice(0, 10)}.json`, bytes: bytes.value }) : bytes
    },

    async makeSheet(passphrase) {
      if (open === null) return locked
      const vault = await vaultBy(passphrase, open.vault)
      if (!vault.ok) return vault
      wipe(vault.value.key)
      const secret = sheetSecret(open)
      try {
        const words = sheetWords(random)
        return yes({ sheet: await sealSheet(secret, words.join(' '), derive, random), words })
      } finally {
        wipe(secret)
      }
    },

    async checkSheet({ sheet, words }) {
      if (open === null) return locked
      const secret = await openSheet(sheet, words, derive)
      if (secret === null) return no('PHONE-SHEET-WRONG')
      const own = sheetSecret(open)
      const same = equalBytes(secret, own)
      wipe(secret)
      wipe(own)
      if (!same) return no('PHONE-SHEET-OTHER')
      const { name } = open.person.card
      await open.records.write([
        sheetRecord('sheet', now(), cardsOf(open)),
        logged(open.records, 'sheet', name, cardCodec.digest(open.person.card)),
      ])
      return yes(await overview(open))
    },

    async restore({ sheet, words, passphrase }) {
      if ((await readHeader(database)) !== null) return no('PHONE-ENROLLED')
      if ([...passphrase].length < leastPassphrase)
        return no('PHONE-PASSPHRASE-SHORT', String(leastPassphrase))
      const secret = await openSheet(sheet, words, derive)
      if (secret === null) return no('PHONE-SHEET-WRONG')
      const keys = keysOfSheet(secret)
      wipe(secret)
      if (keys === null) return no('PHONE-SHEET-WRONG')
      const [person, ...renewed] = keys
      const { card } = person
      const cards = keys.map((key) => cardCodec.digest(key.card))
      const first: LogEntry = {
        at: now(),
        what: 'restored',
        about: card.name,
        digest: cardCodec.digest(card),
      }
      const vault = await createVault(passphrase, leastCost, derive, random)
      const records = await beginRecords(
        database,
        vault,
        [
          { store: 'person', id: 'me', plain: encodePersonKey(person) },
          { store: 'card', id: 'me', plain: cardCodec.encode(card) },
          ...renewed.flatMap((key) => {
            const id = cardCodec.digest(key.card)
            return [
              { store: 'person', id, plain: encodePersonKey(key) },
              { store: 'card', id, plain: cardCodec.encode(key.card) },
            ]
          }),
          sheetRecord('restored', first.at, cards),
          sheetRecord('sheet', first.at, cards),
          { store: 'log', id: logId(0), plain: encodeText(first) },
        ],
        random,
      )
      if (records === null) return no('PHONE-ENROLLED')
      open = { vault, records, person }
      return yes(await overview(open))
    },

    async wipe() {
      close()
      await wipeDatabase(database)
      return yes(null)
    },
  }
  return refusing(device, close)
}

function personOf({ card }: PersonKey): Person {
  const digest = cardCodec.digest(card)
  return { name: card.name, kind: card.kind, domain: card.domain, digest, words: wordsOf(digest) }
}

function policySummary(policy: Parameters<typeof policyLines>[0]): PolicySummary {
  const digest = policyDigest(policy)
  return {
    digest,
    words: wordsOf(digest),
    organisation: policy.organisation.name,
    domain: policy.domain,
    version: policy.version,
    expiry: policy.expiry,
    lines: policyLines(policy),
  }
}

/** The answer to a request under the policy of its share, and what the newer ones leave of it. Refuses PHONE-CLOCK, PHONE-POLICY-MISSING. */
function answerTo(
  { records }: Open,
  opened: OpenedShare,
  asked: Pick<AskedAnswer, 'request' | 'ciphertexts' | 'now' | 'told'>,
): Answer<PreparedAnswer> {
  const policy = policyAt(records, opened.held.policyDigest)
  if (policy === null) return no('PHONE-POLICY-MISSING')
  const answer = prepareAnswer(opened, {
    ...asked,
    policy,
    newer: laterVersions(policy, policyFiles(records)),
  })
  if (!answer.ok) return answer
  const behind = checkNotBehind(asked.now, signedTimes(asked.request))
  if (behind.ok) return answer
  discardAnswer(answer.value)
  return behind
}

const signedTimes = ({ provenance }: RequestPackage): string[] =>
  provenance.map(({ payload }) => payload.time)

/** The share that a request is for; the caller forgets it. One that does not open stops nothing but what may be for it. */
function shareFor(
  { records: all, person }: Open,
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

function shareSummary(
  { envelope, held, before }: Pick<OpenedShare, 'envelope' | 'held'> & { before: HolderState },
  records: Records,
): ShareSummary {
  const { header } = envelope.share
  return {
    id: shareId(envelope),
    keyId: toHex(header.keyId),
    epoch: header.epoch,
    holder: header.holder,
    t: header.t,
    n: header.n,
    organisation: policyAt(records, held.policyDigest)?.organisation.name ?? '',
    domain: header.domain,
    live: before.live,
    leaving: before.leaving !== null,
    renewed: seatOf(records, 'renewal', shareId(envelope)),
    left: blocksLeft(envelope, before.spent),
  }
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
  // A refusal seals no part.
  return { decided: files.length > 1 ? 'approved' : 'refused', files }
}

function shownAnswer(
  answer: PreparedAnswer,
  share: ShareSummary,
  mayApprove: boolean,
): Omit<Prepared, 'listed'> {
  const { payload } = answer.request.request
  const { digest, words, lines, spends, left, noise, noiseLines } = answer
  return {
    share,
    digest,
    words,
    lines,
    expires: payload.expiry,
    requester: payload.requester,
    what: payload.what,
    spends,
    left: payload.mode === 'F' ? left.at64 : left.at128,
    noiseLines,
    belowFloor: noise.belowFloor,
    mayApprove,
  }
}

function shownAsked(
  { request, explained, words, plan, fresh }: PreparedSignature,
  { named, policy, newest }: PolicyBehind,
  maySign: boolean,
): Omit<Asked, 'listed'> {
  const { facts, digest, more } = explained
  const told = { facts, policy: more, plan, fresh, claims: request.lines }
  const { name: organisation } = policy?.organisation ?? { name: '' }
  const under =
    policy === null ? (named === null ? null : 'none') : { organisation, version: policy.version, newest }
  return { what: request.what, digest, words, ...told, under, maySign }
}

function logOf(records: Records): LogEntry[] {
  return records
    .ids('log')
    .toSorted()
    .toReversed()
    .flatMap((id) => {
      const bytes = records.read('log', id)
      // Written by `logged`, under the vault's key: nobody else can have put anything else there.
      return bytes === null ? [] : [parseText(bytes) as LogEntry]
    })
}

function digestOf(bytes: Uint8Array): string | null {
  try {
    return toHex(ciphertextDigest(readCiphertext(bytes)))
  } catch {
    return null
  }
}
