import { randomBytes } from 'node:crypto'
import { equalBytes, wipe } from '@lux/crypto'
import type { Approvals } from '../access/approvals.ts'
import { type Action, absent, approvalsBefore, authorize } from '../access/authorize.ts'
import type { ApprovalsNeeded } from '../access/conditions.ts'
import type { Call, Record, Subject } from '../audit/record.ts'
import { accept, EnvironmentError, type Outcome, refuse } from '../refusal.ts'
import {
  algorithmNames,
  algorithms,
  type KeyAlgorithm,
  type KeyUsage,
  servedAlgorithm,
} from './algorithms.ts'
import {
  type EnvelopeAlgorithm,
  type EnvelopeContext,
  openEnvelope,
  readEnvelopeHead,
  sealEnvelope,
} from './envelope.ts'
import type { KeyRepository, StoredKey, StoredVersion } from './repository.ts'
import type { KeyUnwrapping } from './unwrapping.ts'
import { allows, type KeyUse } from './uses.ts'

/** Most bytes of plaintext, data or AAD in one call. */
export const maxPayload = 1 << 20

/** A signature or MAC names no version: without one, this many of the newest are tried. */
const maxTried = 8

/** What a version that is compromised made before is still opened and verified; it makes nothing new. */
const readable: readonly StoredVersion['state'][] = ['enabled', 'decrypt-only', 'compromised']

/** Of a record of a threshold key, whatever is asked that its holders alone could do. */
export const ofCeremony = () => refuse('FHE-CEREMONY', 'a threshold key is made and used by its holders')

/** Whether an operation that its caller may do is to be done with this key. */
type Fits = (key: StoredKey) => Outcome<unknown> | Promise<Outcome<unknown>>
const anyKey: Fits = () => accept(null)

type Place = { readonly organisation: string; readonly project: string }

export type KeyParts = {
  readonly repository: KeyRepository
  readonly unwrapping: KeyUnwrapping
  readonly record: Record
  readonly approvals: Pick<Approvals, 'take'>
  now(): Date
}

/** Keys of one identity that are made or wait for it at once, and how long a call waits for its own: each is answered within 8 s. */
const maxMaking = 16
const makingPatience = 6000
/** How long a key that came too late waits for the call that is made again, in ms; nothing was ever made with it. */
const lateKept = 120_000

/**
 * One key of an identity is made at a time: long RSA keys would fill the threads that all share. Refuses RATE-LIMITED where too many wait,
 * or it takes too long; then no key was made, and the same call made again has the one that came late. `forNobody` a key takes its time.
 */
export function openMaking(
  make: (algorithm: KeyAlgorithm) => Promise<Uint8Array>,
  patience = makingPatience,
  kept = lateKept,
) {
  const lines = new Map<string, { count: number; last: Promise<unknown> }>()
  const spare = new Map<string, Uint8Array>()

  function keep(wanted: string, bytes: Uint8Array): void {
    wipe(spare.get(wanted) ?? new Uint8Array())
    spare.set(wanted, bytes)
    setTimeout(() => {
      if (spare.get(wanted) !== bytes) return
      spare.delete(wanted)
      wipe(bytes)
    }, kept).unref()
  }

  return async (
    identity: string,
    algorithm: KeyAlgorithm,
    { forNobody = false }: { readonly forNobody?: boolean } = {},
  ): Promise<Outcome<Uint8Array>> => {
    const line = lines.get(identity) ?? { count: 0, last: Promise.resolve() }
    const wanted = `${identity} ${algorithm}`
    const ready = spare.get(wanted)
    if (ready !== undefined) {
      spare.delete(wanted)
      return accept(ready)
    }
    if (line.count >= maxMaking)
      return refuse('RATE-LIMITED', `${maxMaking} keys of this identity are being made`)
    lines.set(identity, line)
    line.count++
    let late = false
    const mine = line.last.then(() => (late ? null : make(algorithm)))
    line.last = mine
      .catch(() => null)
      .finally(() => {
        line.count--
        if (line.count === 0) lines.delete(identity)
      })
    let timer: NodeJS.Timeout | undefined
    const waited = new Promise<null>((done) => {
      if (forNobody) return
      timer = setTimeout(() => {
        late = true
        done(null)
      }, patience)
    })
    const bytes = await Promise.race([mine, waited]).finally(() => clearTimeout(timer))
    if (bytes !== null) return accept(bytes)
    mine.then((unused) => unused && keep(wanted, unused)).catch(() => undefined)
    return refuse('RATE-LIMITED', `a key of ${algorithm} took longer than ${patience} ms`)
  }
}

/** What operations on keys have in common: who may, with which version, and the record of it. */
export type KeyWork = ReturnType<typeof openKeyWork>

export function openKeyWork({ repository, unwrapping, record, approvals }: KeyParts) {
  const generate = openMaking((algorithm) => algorithms[algorithm].generate())

  /**
   * A key that the caller may do this with; what he may not see is as absent. Whatever else may be refused `fits` says: nobody's approval is
   * used up by that.
   */
  async function permitted(
    call: Call,
    subject: Subject,
    action: Action,
    found: StoredKey | 'absent',
    fits: Fits = anyKey,
  ): Promise<Outcome<StoredKey>> {
    if (found === 'absent') return absent('key')
    const waits = waitsFor(call, subject, action, found)
    if (!waits.ok) return waits
    const fit = await fits(found)
    if (!fit.ok) return fit
    const done = await take(call, subject, waits.value)
    return done.ok ? accept(found) : done
  }

  /** What people have to approve before the caller may do this with a key; nothing is used up. Null: nothing. */
  function waitsFor(
    { caller }: Call,
    subject: Subject,
    action: Action,
    key: StoredKey,
  ): Outcome<ApprovalsNeeded | null> {
    concern(subject, key)
    return approvalsBefore(caller, action, resourceOf(key))
  }

  async function take(call: Call, subject: Subject, needed: ApprovalsNeeded | null): Promise<Outcome<null>> {
    return needed === null ? accept(null) : approvals.take(call, subject, needed)
  }

  /** A key in use, for what it was made for. */
  async function usable(
    call: Call,
    subject: Subject,
    id: string,
    usage: KeyUsage,
    ...uses: readonly KeyUse[]
  ): Promise<Outcome<{ key: StoredKey; algorithm: KeyAlgorithm }>> {
    const found = await permitted(call, subject, 'key.use', await repository.findKey(id), (key) =>
      fitting(key, usage, ...uses),
    )
    if (!found.ok) return found
    const fits = fitting(found.value, usage, ...uses)
    return fits.ok ? accept({ key: found.value, algorithm: fits.value }) : fits
  }

  function fitting(key: StoredKey, usage: KeyUsage, ...uses: readonly KeyUse[]): Outcome<KeyAlgorithm> {
    if (key.threshold !== null) return ofCeremony()
    const algorithm = algorithmOf(key)
    if (algorithm === null || key.key_usage !== usage || algorithms[algorithm].usage !== usage)
      return refuse('KEY-USAGE', `a key of algorithm ${key.algorithm} is for ${key.key_usage}`)
    const denied = uses.find((use) => !allows(key.usage_mask, usage, use))
    if (denied !== undefined) return refuse('KEY-USAGE', `its usage mask does not let it ${denied}`)
    if (key.is_disabled) return refuse('KEY-DISABLED', 'it is switched off')
    return accept(algorithm)
  }

  async function versionOf(
    key: StoredKey,
    version: number,
    states: readonly StoredVersion['state'][],
  ): Promise<Outcome<StoredVersion>> {
    // An envelope's number may be larger than any that the database takes.
    const found = version > key.current_version ? 'absent' : await repository.findVersion(key, version)
    if (found === 'absent') return refuse('KEY-VERSION-ABSENT', `the key has no version ${version}`)
    if (!states.includes(found.state))
      return refuse('KEY-VERSION-DISABLED', `version ${version} is ${found.state}`)
    requireAlgorithm(key, found)
    return accept(found)
  }

  /** The versions that a signature or MAC may be of. */
  async function candidates(key: StoredKey, wanted: number | undefined): Promise<Outcome<StoredVersion[]>> {
    if (wanted !== undefined) {
      const one = await versionOf(key, wanted, readable)
      return one.ok ? accept([one.value]) : one
    }
    const all = (await repository.listVersions(key)).filter(({ state }) => readable.includes(state))
    for (const one of all) requireAlgorithm(key, one)
    return accept(all.slice(0, maxTried))
  }

  async function seal(
    subject: Subject,
    key: StoredKey,
    plaintext: Uint8Array,
    aad: Uint8Array | undefined,
  ): Promise<Outcome<Uint8Array>> {
    const current = key.current_version
    const version = await versionOf(key, current, ['enabled'])
    if (!version.ok) return version
    subject.version = current
    const context = contextOf(key, current, aad)
    const salt = randomBytes(32)
    return accept(
      await unwrapping.useKey(key, version.value, (bytes) => sealEnvelope(bytes, context, plaintext, salt)),
    )
  }

  async function open(
    subject: Subject,
    key: StoredKey,
    ciphertext: Uint8Array,
    aad: Uint8Array | undefined,
  ): Promise<Outcome<Uint8Array>> {
    const head = readEnvelopeHead(ciphertext)
    if (!head.ok) return head
    // Looked up exactly: no version is ever tried in turn.
    if (head.value.algorithm !== key.algorithm || !equalBytes(head.value.keyId, key.envelope_id))
      return refuse('ENVELOPE-KEY', 'the envelope names another key or algorithm')
    subject.version = head.value.version
    if (head.value.version < key.min_decrypt_version)
      return refuse('KEY-VERSION-RETIRED', `version ${head.value.version} is too old`)
    const version = await versionOf(key, head.value.version, readable)
    if (!version.ok) return version
    const context = contextOf(key, head.value.version, aad)
    return unwrapping.useKey(key, version.value, (bytes) => openEnvelope(bytes, context, ciphertext))
  }

  /** `work` on a key that its caller may manage. Whoever approves it sees `asked`, which says all that it is done with. */
  function managing<T>(
    call: Call,
    operation: string,
    id: string,
    work: (key: StoredKey, subject: Subject) => Promise<Outcome<T>>,
    asked: string,
    fits: Fits = anyKey,
  ): Promise<Outcome<T>> {
    return record(call, operation, async (subject) => {
      subject.asked = asked
      const key = await permitted(call, subject, 'key.manage', await repository.findKey(id), fits)
      return key.ok ? work(key.value, subject) : key
    })
  }

  /** `work` on a key that its caller may read, which nobody approves. */
  function reading<T>(
    call: Call,
    operation: string,
    id: string,
    work: (key: StoredKey, subject: Subject) => Promise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    return record(call, operation, async (subject) => {
      const key = await permitted(call, subject, 'key.read', await repository.findKey(id))
      return key.ok ? work(key.value, subject) : key
    })
  }

  async function changed(
    key: StoredKey,
    fields: Parameters<KeyRepository['change']>[1],
  ): Promise<Outcome<StoredKey>> {
    const made = await repository.change(key.id, fields)
    if (made === 'absent') return absent('key')
    if (made === 'name-taken') return refuse('KEY-NAME-TAKEN', 'another key of the project has this name')
    return accept(made)
  }

  /** A place for a new key, before it is known which one: `mayMake` asks for that. */
  async function projectFor(call: Call, subject: Subject, id: string): Promise<Outcome<Place>> {
    const row = await repository.findProject(id)
    if (row === 'absent') return absent('project')
    const place = { organisation: row.organisation_id, project: row.id }
    Object.assign(subject, place)
    const allowed = authorize(call.caller, 'key.create', { kind: 'project', ...place })
    return allowed.ok ? accept(place) : allowed
  }

  /** Conditions on names and algorithms of keys hold for a key from its beginning. */
  function mayMake(
    { caller }: Call,
    place: Place,
    key: { readonly name: string; readonly algorithm: string },
  ): Outcome<null> {
    return authorize(caller, 'key.create', { kind: 'key', ...place, ...key })
  }

  return {
    generate,
    mayMake,
    permitted,
    waitsFor,
    take,
    usable,
    fitting,
    versionOf,
    candidates,
    seal,
    open,
    managing,
    reading,
    changed,
    projectFor,
  }
}

export const resourceOf = ({ organisation_id, project_id, name, algorithm }: StoredKey) =>
  ({ kind: 'key', organisation: organisation_id, project: project_id, name, algorithm }) as const

/** The key that an operation is recorded by, and that its approval is for. */
export function concern(subject: Subject, key: StoredKey): void {
  const { id, organisation_id: organisation, project_id: project } = key
  Object.assign(subject, { organisation, project, key: id })
}

export const algorithmOf = (key: StoredKey): KeyAlgorithm | null =>
  algorithmNames.find((name) => name === key.algorithm) ?? null

/** The row of a version has a MAC, that of its key has none. */
function requireAlgorithm(key: StoredKey, { row }: StoredVersion): void {
  if (servedAlgorithm(row.algorithm) !== key.algorithm)
    throw new EnvironmentError(
      'KEY-ROW-CHANGED',
      `${key.id} and its version ${row.version} differ in algorithm`,
    )
}

export function inputs(data: Uint8Array, aad: Uint8Array | undefined): readonly Uint8Array[] {
  return [data, aad ?? new Uint8Array(0)]
}

export function checkLengths(given: { readonly [name: string]: Uint8Array | undefined }): Outcome<null> {
  for (const [name, bytes] of Object.entries(given))
    if ((bytes?.length ?? 0) > maxPayload)
      return refuse('BODY-TOO-LONG', `${name} is longer than ${maxPayload} bytes`)
  return accept(null)
}

function contextOf(key: StoredKey, version: number, aad: Uint8Array | undefined): EnvelopeContext {
  return {
    // `usable` has seen that it is one of the two that encrypt.
    algorithm: key.algorithm as EnvelopeAlgorithm,
    keyId: key.envelope_id,
    version,
    organisation: key.organisation_id,
    project: key.project_id,
    ...(aad === undefined ? {} : { aad }),
  }
}
