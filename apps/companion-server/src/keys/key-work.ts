import { randomBytes } from 'node:crypto'
import { equalBytes } from '@lux/crypto'
import { type Action, absent } from '../access/authorize.ts'
import { nobody } from '../access/duties/rules.ts'
import type { Subject } from '../audit/record.ts'
import { type Acting, bytes, type Permission } from '../operations/entry.ts'
import { Type } from '../operations/schema.ts'
import { replyWithin } from '../platform/in-time.ts'
import { accept, EnvironmentError, type Outcome, refuse } from '../refusal.ts'
import {
  algorithmNames,
  algorithms,
  allows,
  type KeyAlgorithm,
  type KeyUsage,
  type KeyUse,
  servedAlgorithm,
} from './algorithms.ts'
import {
  type EnvelopeAlgorithm,
  type EnvelopeContext,
  openEnvelope,
  readEnvelopeHead,
  sealEnvelope,
} from './envelope.ts'
import { openMaking } from './key-making.ts'
import type { KeyRepository, StoredKey, StoredVersion } from './repository.ts'
import type { KeyUnwrapping } from './unwrapping.ts'

/** Most bytes of plaintext, data or AAD in one call. */
export const maxPayload = 1 << 20

/** A signature or MAC names no version: without one, this many of the newest are tried. */
const maxTried = 8

/** What a version that is compromised made before is still opened and verified; it makes nothing new. */
const readable: readonly StoredVersion['state'][] = ['enabled', 'decrypt-only', 'compromised']

/** Of a record of a threshold key, whatever is asked that its holders alone could do. */
export const ofCeremony = () => refuse('FHE-CEREMONY', 'a threshold key is made and used by its holders')

export type Place = { readonly organisation: string; readonly project: string }

export type KeyParts = {
  readonly repository: KeyRepository
  readonly unwrapping: KeyUnwrapping
  now(): Date
}

/** Fields that many inputs have. */
export const id = Type.String({ minLength: 1, maxLength: 64 })
export const payload = bytes(maxPayload)
/** As long as it was made: a payload and its envelope, a signature, a MAC. */
export const made = bytes(maxPayload + 1024, 4 * Math.ceil((maxPayload + 1024) / 3))
export const aad = Type.Optional(payload)
export const version = Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 })

/** What a version may be set to. `compromised` is for ever. */
export const chosenStates = ['enabled', 'decrypt-only', 'disabled', 'compromised'] as const
export type ChosenState = (typeof chosenStates)[number]

export const undestroyed = ['pre-active', ...chosenStates] as const

/** What operations on keys have in common: which key, with which version, and what it is for. */
export type KeyWork = ReturnType<typeof openKeyWork>

export function openKeyWork({ repository, unwrapping }: KeyParts) {
  const generate = openMaking((algorithm) => algorithms[algorithm].generate())
  const versions = openVersions({ repository, unwrapping })

  async function placeOf(project: string): Promise<Outcome<Place>> {
    const row = await repository.findProject(project)
    return row === 'absent'
      ? absent('project')
      : accept({ organisation: row.organisation_id, project: row.id })
  }

  /** Entries about one key. */
  const onKey = (action: Action) => ({
    find: async ({ id }: { id: string }): Promise<Outcome<StoredKey>> =>
      orAbsent(await repository.findKey(id)),
    permissions: (key: StoredKey): [Permission] => [keyPermission(action, key)],
  })

  /** Entries about a project. */
  const inProject = (action: Action) => ({
    find: ({ project }: { project: string }) => placeOf(project),
    permissions: (place: Place): [Permission] => [placePermission(action, place)],
  })

  /** Entries of a key in use, for what it was made for. */
  const using = (usage: KeyUsage, ...uses: readonly KeyUse[]) =>
    ({
      ...onKey('key.use'),
      isChange: false,
      touches: nobody,
      secondFactor: false,
      fits: ({ found }: { found: StoredKey }) => fitting(found, usage, ...uses),
      repeats: 'done-again',
      deadline: replyWithin,
    }) as const

  function fitting(key: StoredKey, usage: KeyUsage, ...uses: readonly KeyUse[]): Outcome<KeyAlgorithm> {
    if (key.threshold !== null) return ofCeremony()
    const algorithm = algorithmOf(key)
    if (algorithm === null || key.key_usage !== usage || algorithms[algorithm].usage !== usage)
      return refuse('KEY-USAGE', `a key of algorithm ${key.algorithm} is for ${key.key_usage}`)
    const denied = uses.find((use) => !allows(key.usage_mask, usage, use))
    if (denied !== undefined) return refuse('KEY-USAGE', `its usage mask does not let it ${denied}`)
    const stands = versions.notSwitchedOff(key)
    return stands.ok ? accept(algorithm) : stands
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

  return {
    generate,
    placeOf,
    onKey,
    inProject,
    using,
    fitting,
    changed,
    ...versions,
  }
}

/** Versions of a key, by what they may do; and what is sealed and opened by them. */
function openVersions({ repository, unwrapping }: Pick<KeyParts, 'repository' | 'unwrapping'>) {
  /**
   * Refuses KEY-SHREDDED, KEY-DISABLED. Of a key that the database says can be used nothing is looked up here: `unwrapping` lends none that was
   * shredded.
   */
  function notSwitchedOff(key: StoredKey): Outcome<null> {
    if (!key.is_disabled) return accept(null)
    return unwrapping.isShredded(key.id) ? shredded() : refuse('KEY-DISABLED', 'it is switched off')
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
      return found.state === 'destroyed' && unwrapping.isShredded(key.id)
        ? shredded()
        : refuse('KEY-VERSION-DISABLED', `version ${version} is ${found.state}`)
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

  return { notSwitchedOff, versionOf, candidates, seal, open }
}

const shredded = () => refuse('KEY-SHREDDED', 'it was shredded, and does not come back')

export const orAbsent = (found: StoredKey | 'absent'): Outcome<StoredKey> =>
  found === 'absent' ? absent('key') : accept(found)

export const keyPermission = (action: Action, key: StoredKey): Acting => ({
  action,
  resource: resourceOf(key),
  key: key.id,
})

export const placePermission = (action: Action, place: Place): Acting => ({
  action,
  resource: { kind: 'project', ...place },
  key: null,
})

/** For a new key: conditions on names and algorithms of keys hold for it from its beginning. */
export const makingPermissions = (
  place: Place,
  named: { readonly name: string; readonly algorithm: string },
): readonly [Acting, Acting] => [
  placePermission('key.create', place),
  {
    action: 'key.create',
    resource: { kind: 'key', ...place, name: named.name, algorithm: named.algorithm },
    key: null,
  },
]

export const resourceOf = ({ organisation_id, project_id, name, algorithm }: StoredKey) =>
  ({ kind: 'key', organisation: organisation_id, project: project_id, name, algorithm }) as const

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
    // Whoever asks has seen that it is one of the two that encrypt.
    algorithm: key.algorithm as EnvelopeAlgorithm,
    keyId: key.envelope_id,
    version,
    organisation: key.organisation_id,
    project: key.project_id,
    ...(aad === undefined ? {} : { aad }),
  }
}
