import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  randomUUID,
} from 'node:crypto'
import { equalBytes, wipe } from '@lux/crypto'
import { type Action, absent, authorize } from '../access/authorize.ts'
import { checkPage } from '../access/page.ts'
import type { Call, Record, Subject } from '../audit/record.ts'
import { accept, EnvironmentError, type Outcome, refuse } from '../refusal.ts'
import {
  algorithmNames,
  algorithms,
  defaultAlgorithms,
  type KeyAlgorithm,
  type KeyUsage,
  servedAlgorithm,
} from './algorithms.ts'
import {
  type EnvelopeAlgorithm,
  type EnvelopeContext,
  envelopeKeyId,
  openEnvelope,
  readEnvelopeHead,
  sealEnvelope,
} from './envelope.ts'
import type { KeyPage, KeyRepository, StoredKey, StoredVersion } from './repository.ts'
import {
  checkSigningInput,
  type SigningAlgorithm,
  type SigningInput,
  signData,
  signingAlgorithmsOf,
  verifyData,
} from './signing.ts'
import type { KeyUnwrapping } from './unwrapping.ts'

/** Most bytes of plaintext, data or AAD in one call. */
export const maxPayload = 1 << 20
/** Most characters, as Unicode counts them, of a description and of a search. */
export const maxDescription = 500
export const maxSearch = 64

/** A signature or MAC names no version: without one, this many of the newest are tried. */
const maxTried = 8
/** A create that is repeated within this is the first one again: clients send it twice when a reply is lost. */
const repeatedWithin = 120_000
const day = 24 * 3_600_000
const nameShape = /^(?=.{1,32}$)[a-z0-9]+(?:-[a-z0-9]+)*$/
const descriptionShape = new RegExp(`^.{0,${maxDescription}}$`, 'su')
const searchShape = new RegExp(`^.{0,${maxSearch}}$`, 'su')
const dataKeyLengths = { AES_256: 32, AES_128: 16 } as const

export type DataKeySpec = keyof typeof dataKeyLengths
export const dataKeySpecs = ['AES_256', 'AES_128'] as const satisfies readonly DataKeySpec[]

export type NewKey = {
  readonly project: string
  readonly name: string
  readonly description?: string
  /** Absent: that of the algorithm, and where that is absent too, encrypt-decrypt. */
  readonly usage?: KeyUsage
  readonly algorithm?: KeyAlgorithm
}

export type KeyPatch = {
  readonly name?: string
  readonly description?: string | null
  readonly isDisabled?: boolean
  readonly minDecryptVersion?: number
}

export type Signed = {
  readonly signature: Uint8Array
  readonly version: number
  readonly algorithm: SigningAlgorithm
}
export type Verified = { readonly valid: boolean; readonly version: number | null }
export type MacVerified = Verified & { readonly algorithm: string }
export type MacMade = { readonly mac: Uint8Array; readonly version: number; readonly algorithm: string }
export type PublicKey = { readonly spki: Uint8Array; readonly version: number }

type Parts = {
  readonly repository: KeyRepository
  readonly unwrapping: KeyUnwrapping
  readonly record: Record
  now(): Date
}

/** What can be done with keys, by whatever door: bytes and a call in, an outcome out, each permitted and audited here. */
export type KeyOperations = ReturnType<typeof openKeyOperations>

export function openKeyOperations({ repository, unwrapping, record, now }: Parts) {
  const making = new Map<string, Promise<unknown>>()

  /** One key of an identity is made at a time: long RSA keys would fill the threads that all share. */
  async function generate(identity: string, algorithm: KeyAlgorithm): Promise<Uint8Array> {
    const before = making.get(identity) ?? Promise.resolve()
    const mine = before.then(() => algorithms[algorithm].generate())
    const settled = mine.catch(() => undefined)
    making.set(identity, settled)
    try {
      return await mine
    } finally {
      if (making.get(identity) === settled) making.delete(identity)
    }
  }

  /** A key that the caller may do this with; what he may not see is as absent. */
  async function permitted(
    call: Call,
    subject: Subject,
    action: Action,
    found: StoredKey | 'absent',
  ): Promise<Outcome<StoredKey>> {
    if (found === 'absent') return absent('key')
    const { organisation_id: organisation, project_id: project } = found
    Object.assign(subject, { organisation, project, key: found.id })
    const allowed = authorize(call.caller, action, { kind: 'key', organisation, project })
    return allowed.ok ? accept(found) : allowed
  }

  /** A key in use, for what it was made for. */
  async function usable(
    call: Call,
    subject: Subject,
    id: string,
    usage: KeyUsage,
  ): Promise<Outcome<{ key: StoredKey; algorithm: KeyAlgorithm }>> {
    const found = await permitted(call, subject, 'key.use', await repository.findKey(id))
    if (!found.ok) return found
    const key = found.value
    const algorithm = algorithmOf(key)
    if (algorithm === null || key.key_usage !== usage || algorithms[algorithm].usage !== usage)
      return refuse('KEY-USAGE', `a key of algorithm ${key.algorithm} is for ${key.key_usage}`)
    if (key.is_disabled) return refuse('KEY-DISABLED', 'it is switched off')
    return accept({ key, algorithm })
  }

  async function versionOf(
    key: StoredKey,
    version: number,
    states: readonly StoredVersion['state'][],
  ): Promise<Outcome<StoredVersion>> {
    const found = await repository.findVersion(key, version)
    if (found === 'absent') return refuse('KEY-VERSION-ABSENT', `the key has no version ${version}`)
    if (!states.includes(found.state))
      return refuse('KEY-VERSION-DISABLED', `version ${version} is ${found.state}`)
    requireAlgorithm(key, found)
    return accept(found)
  }

  /** The versions that a signature or MAC may be of. */
  async function candidates(key: StoredKey, wanted: number | undefined): Promise<Outcome<StoredVersion[]>> {
    if (wanted !== undefined) {
      const one = await versionOf(key, wanted, ['enabled', 'decrypt-only'])
      return one.ok ? accept([one.value]) : one
    }
    const all = (await repository.listVersions(key)).filter(
      ({ state }) => state === 'enabled' || state === 'decrypt-only',
    )
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
    const version = await versionOf(key, head.value.version, ['enabled', 'decrypt-only'])
    if (!version.ok) return version
    const context = contextOf(key, head.value.version, aad)
    return unwrapping.useKey(key, version.value, (bytes) => openEnvelope(bytes, context, ciphertext))
  }

  /** `work` on a key that its caller may manage. */
  function managing<T>(
    call: Call,
    operation: string,
    id: string,
    work: (key: StoredKey, subject: Subject) => Promise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    return record(call, operation, async (subject) => {
      const key = await permitted(call, subject, 'key.manage', await repository.findKey(id))
      return key.ok ? work(key.value, subject) : key
    })
  }

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

  return {
    create(call: Call, wanted: NewKey): Promise<Outcome<StoredKey>> {
      return record(call, 'key.create', async (subject) => {
        const project = await repository.findProject(wanted.project)
        if (project === 'absent') return absent('project')
        const organisation = project.organisation_id
        Object.assign(subject, { organisation, project: project.id })
        const resource = { kind: 'project', organisation, project: project.id } as const
        const allowed = authorize(call.caller, 'key.create', resource)
        if (!allowed.ok) return allowed
        if (!nameShape.test(wanted.name))
          return refuse('KEY-NAME', 'a name is 1 to 32 of a-z, 0-9 and single dashes between')
        const described = checkDescription(wanted.description)
        if (!described.ok) return described
        const algorithm = wanted.algorithm ?? defaultAlgorithms[wanted.usage ?? 'encrypt-decrypt']
        const { usage, planned } = algorithms[algorithm]
        if (wanted.usage !== undefined && wanted.usage !== usage)
          return refuse('KEY-USAGE', `a key of algorithm ${algorithm} is for ${usage}`)
        const id = randomUUID()
        const bytes = await generate(call.caller.identity, algorithm)
        const version = await unwrapping
          .wrapKey(project.id, { id, version: 1, algorithm: planned }, bytes)
          .finally(() => wipe(bytes))
        const made = await repository.insert(
          {
            id,
            envelope_id: Buffer.from(envelopeKeyId(id)),
            organisation_id: organisation,
            project_id: project.id,
            name: wanted.name,
            description: wanted.description ?? null,
            key_usage: usage,
            algorithm,
            current_version: 1,
            created_by: call.caller.identity,
          },
          version,
        )
        const key = made === 'name-taken' ? await repeated(call, wanted, algorithm) : accept(made)
        if (key.ok) Object.assign(subject, { key: key.value.id, version: 1 })
        return key
      })
    },

    list(
      call: Call,
      project: string,
      page: KeyPage,
    ): Promise<Outcome<{ readonly keys: readonly StoredKey[]; readonly total: number }>> {
      return record(call, 'key.list', async (subject) => {
        const row = await repository.findProject(project)
        if (row === 'absent') return absent('project')
        const organisation = row.organisation_id
        Object.assign(subject, { organisation, project })
        const allowed = authorize(call.caller, 'key.read', { kind: 'project', organisation, project })
        if (!allowed.ok) return allowed
        const within = checkPage(page)
        if (!within.ok) return within
        if (page.search !== null && !searchShape.test(page.search))
          return refuse('REQUEST-FIELDS', `search: expected at most ${maxSearch} characters`)
        return accept(await repository.listKeys(project, page))
      })
    },

    get(call: Call, id: string): Promise<Outcome<StoredKey>> {
      return reading(call, 'key.read', id, async (key) => accept(key))
    },

    getByName(call: Call, project: string, name: string): Promise<Outcome<StoredKey>> {
      return record(call, 'key.read', async (subject) =>
        permitted(call, subject, 'key.read', await repository.findByName(project, name)),
      )
    },

    versions(call: Call, id: string) {
      return reading(call, 'key.versions', id, async (key) => accept(await repository.listVersions(key)))
    },

    patch(call: Call, id: string, patch: KeyPatch): Promise<Outcome<StoredKey>> {
      return managing(call, 'key.change', id, async (key) => {
        const { name, description, isDisabled, minDecryptVersion: least } = patch
        if (name !== undefined && !nameShape.test(name))
          return refuse('KEY-NAME', 'a name is 1 to 32 of a-z, 0-9 and single dashes between')
        const described = checkDescription(description)
        if (!described.ok) return described
        if (isDisabled === false && key.destroy_at !== null)
          return refuse('KEY-DELETED', 'its deletion is scheduled: cancel that first')
        if (least !== undefined && (!Number.isInteger(least) || least < 1 || least > key.current_version))
          return refuse('KEY-VERSION-ABSENT', `the key has no version ${least}`)
        return changed(key, {
          ...(name === undefined ? {} : { name }),
          ...(description === undefined ? {} : { description }),
          ...(isDisabled === undefined ? {} : { is_disabled: isDisabled }),
          ...(least === undefined ? {} : { min_decrypt_version: least }),
        })
      })
    },

    /** Disables at once, gives the name free, destroys after 1 to 30 days. Again, it changes nothing. */
    delete(call: Call, id: string, days = 7): Promise<Outcome<StoredKey>> {
      return managing(call, 'key.delete', id, async (key) => {
        if (!Number.isInteger(days) || days < 1 || days > 30)
          return refuse('KEY-DELETION-DAYS', 'a key is destroyed after 1 to 30 days')
        if (key.destroy_at !== null) return accept(key)
        return changed(key, { is_disabled: true, destroy_at: new Date(now().getTime() + days * day) })
      })
    },

    /** The key stays disabled: switching it on is a decision of its own. */
    cancelDeletion(call: Call, id: string): Promise<Outcome<StoredKey>> {
      return managing(call, 'key.cancel-deletion', id, async (key) => {
        if (key.destroy_at === null) return accept(key)
        if (key.destroy_at <= now()) return refuse('KEY-DELETED', 'its time has come: it is destroyed')
        return changed(key, { destroy_at: null })
      })
    },

    rotate(call: Call, id: string): Promise<Outcome<StoredKey>> {
      return managing(call, 'key.rotate', id, async (first, subject) => {
        const algorithm = algorithmOf(first)
        if (algorithm === null) return refuse('KEY-USAGE', `a key of ${first.algorithm} is not made here`)
        for (let key = first; ; ) {
          if (key.is_disabled) return refuse('KEY-DISABLED', 'it is switched off')
          const version = key.current_version + 1
          const bytes = await generate(call.caller.identity, algorithm)
          const wrapped = await unwrapping
            .wrapKey(key.project_id, { id, version, algorithm: algorithms[algorithm].planned }, bytes)
            .finally(() => wipe(bytes))
          const rotated = await repository.addVersion(key, wrapped)
          if (rotated !== 'moved') {
            subject.version = version
            return accept(rotated)
          }
          // Another call rotated it meanwhile; this one is a rotation of its own.
          const again = await repository.findKey(id)
          if (again === 'absent') return absent('key')
          key = again
        }
      })
    },

    setVersionState(
      call: Call,
      id: string,
      { version, state }: { version: number; state: 'enabled' | 'decrypt-only' | 'disabled' },
    ): Promise<Outcome<null>> {
      return managing(call, 'key.set-version-state', id, async (key, subject) => {
        subject.version = version
        const found = await versionOf(key, version, ['enabled', 'decrypt-only', 'disabled'])
        if (!found.ok) return found
        await repository.setVersionState(key, version, state)
        return accept(null)
      })
    },

    encrypt(
      call: Call,
      { id, plaintext, aad }: { id: string; plaintext: Uint8Array; aad?: Uint8Array },
    ): Promise<Outcome<Uint8Array>> {
      return record(call, 'key.encrypt', async (subject) => {
        subject.input = inputs(plaintext, aad)
        const used = await usable(call, subject, id, 'encrypt-decrypt')
        if (!used.ok) return used
        const within = checkLengths({ plaintext, aad })
        if (!within.ok) return within
        const sealed = await seal(subject, used.value.key, plaintext, aad)
        if (sealed.ok) subject.output = [sealed.value]
        return sealed
      })
    },

    decrypt(
      call: Call,
      { id, ciphertext, aad }: { id: string; ciphertext: Uint8Array; aad?: Uint8Array },
    ): Promise<Outcome<Uint8Array>> {
      return record(call, 'key.decrypt', async (subject) => {
        subject.input = inputs(ciphertext, aad)
        const used = await usable(call, subject, id, 'encrypt-decrypt')
        if (!used.ok) return used
        const within = checkLengths({ aad })
        if (!within.ok) return within
        const opened = await open(subject, used.value.key, ciphertext, aad)
        if (opened.ok) subject.output = [opened.value]
        return opened
      })
    },

    /** A fresh data key, and the same encrypted under the key, which `decrypt` opens. */
    generateDataKey(
      call: Call,
      { id, spec, aad }: { id: string; spec: DataKeySpec; aad?: Uint8Array },
    ): Promise<Outcome<{ plaintext: Uint8Array; ciphertext: Uint8Array }>> {
      return record(call, 'key.generate-data-key', async (subject) => {
        subject.input = inputs(Buffer.from(spec), aad)
        const used = await usable(call, subject, id, 'encrypt-decrypt')
        if (!used.ok) return used
        const within = checkLengths({ aad })
        if (!within.ok) return within
        const plaintext = new Uint8Array(randomBytes(dataKeyLengths[spec]))
        const sealed = await seal(subject, used.value.key, plaintext, aad)
        if (!sealed.ok) return sealed
        subject.output = [sealed.value]
        return accept({ plaintext, ciphertext: sealed.value })
      })
    },

    sign(call: Call, { id, ...input }: SigningInput & { id: string }): Promise<Outcome<Signed>> {
      return record(call, 'key.sign', async (subject) => {
        subject.input = inputs(input.data, Buffer.from(`${input.algorithm} ${input.isDigest}`))
        const used = await usable(call, subject, id, 'sign-verify')
        if (!used.ok) return used
        const { key, algorithm } = used.value
        const fits = checkSigning(algorithm, input)
        if (!fits.ok) return fits
        const version = await versionOf(key, key.current_version, ['enabled'])
        if (!version.ok) return version
        subject.version = key.current_version
        const signature = await unwrapping.useKey(key, version.value, (bytes) =>
          signData(privateKeyOf(bytes), input),
        )
        subject.output = [signature]
        return accept({ signature, version: key.current_version, algorithm: input.algorithm })
      })
    },

    /** A signature that is none is an answer, no refusal. */
    verify(
      call: Call,
      {
        id,
        signature,
        version,
        ...input
      }: SigningInput & { id: string; signature: Uint8Array; version?: number },
    ): Promise<Outcome<Verified>> {
      return record(call, 'key.verify', async (subject) => {
        subject.input = inputs(input.data, signature)
        const used = await usable(call, subject, id, 'sign-verify')
        if (!used.ok) return used
        const { key, algorithm } = used.value
        const fits = checkSigning(algorithm, input)
        if (!fits.ok) return fits
        const tried = await candidates(key, version)
        if (!tried.ok) return tried
        for (const one of tried.value) {
          const valid = await unwrapping.useKey(key, one, (bytes) =>
            verifyData(publicKeyOf(bytes), input, signature),
          )
          if (!valid) continue
          subject.version = one.row.version
          subject.output = [Uint8Array.of(1)]
          return accept<Verified>({ valid, version: one.row.version })
        }
        subject.output = [Uint8Array.of(0)]
        return accept<Verified>({ valid: false, version: null })
      })
    },

    generateMac(call: Call, { id, data }: { id: string; data: Uint8Array }): Promise<Outcome<MacMade>> {
      return record(call, 'key.generate-mac', async (subject) => {
        subject.input = [data]
        const used = await usable(call, subject, id, 'generate-verify-mac')
        if (!used.ok) return used
        const { key, algorithm } = used.value
        const within = checkLengths({ data })
        if (!within.ok) return within
        const version = await versionOf(key, key.current_version, ['enabled'])
        if (!version.ok) return version
        subject.version = key.current_version
        const mac = await unwrapping.useKey(key, version.value, (bytes) => macOf(algorithm, bytes, data))
        subject.output = [mac]
        return accept({ mac, version: key.current_version, algorithm: macNameOf(algorithm) })
      })
    },

    verifyMac(
      call: Call,
      { id, data, mac, version }: { id: string; data: Uint8Array; mac: Uint8Array; version?: number },
    ): Promise<Outcome<MacVerified>> {
      return record(call, 'key.verify-mac', async (subject) => {
        subject.input = [data, mac]
        const used = await usable(call, subject, id, 'generate-verify-mac')
        if (!used.ok) return used
        const { key, algorithm } = used.value
        const within = checkLengths({ data })
        if (!within.ok) return within
        const tried = await candidates(key, version)
        if (!tried.ok) return tried
        for (const one of tried.value) {
          const valid = await unwrapping.useKey(key, one, (bytes) =>
            equalBytes(macOf(algorithm, bytes, data), mac),
          )
          if (!valid) continue
          subject.version = one.row.version
          return accept<MacVerified>({
            valid,
            version: one.row.version,
            algorithm: macNameOf(algorithm),
          })
        }
        return accept<MacVerified>({ valid: false, version: null, algorithm: macNameOf(algorithm) })
      })
    },

    /** Of the current version, or of another that is not destroyed. */
    publicKey(call: Call, id: string, version?: number): Promise<Outcome<PublicKey>> {
      return reading(call, 'key.public-key', id, async (key, subject) => {
        if (key.key_usage !== 'sign-verify')
          return refuse('KEY-USAGE', `a key of algorithm ${key.algorithm} has no public half`)
        const wanted = version ?? key.current_version
        const found = await versionOf(key, wanted, ['enabled', 'decrypt-only', 'disabled'])
        if (!found.ok) return found
        subject.version = wanted
        const spki = await unwrapping.useKey(key, found.value, (bytes) =>
          publicKeyOf(bytes).export({ type: 'spki', format: 'der' }),
        )
        return accept({ spki, version: wanted })
      })
    },

    signingAlgorithms(call: Call, id: string): Promise<Outcome<readonly SigningAlgorithm[]>> {
      return reading(call, 'key.signing-algorithms', id, async (key) => {
        const algorithm = algorithmOf(key)
        const names = algorithm === null ? [] : signingAlgorithmsOf(algorithm)
        if (names.length > 0) return accept(names)
        return refuse('KEY-USAGE', `a key of algorithm ${key.algorithm} does not sign`)
      })
    },

    /** What the clock asks for: keys whose time has come are destroyed. */
    keepTime: (): Promise<number> => repository.destroyDue(now()),
  }

  /** A create that is sent again because its reply was lost is that of the same key. */
  async function repeated(
    { caller }: Call,
    { project, name, description }: NewKey,
    algorithm: KeyAlgorithm,
  ): Promise<Outcome<StoredKey>> {
    const there = await repository.findByName(project, name)
    const same =
      there !== 'absent' &&
      there.created_by === caller.identity &&
      there.algorithm === algorithm &&
      there.description === (description ?? null) &&
      there.current_version === 1 &&
      !there.is_disabled &&
      now().getTime() - there.created_at.getTime() < repeatedWithin
    return same ? accept(there) : refuse('KEY-NAME-TAKEN', `${name} is the name of another key`)
  }
}

const algorithmOf = (key: StoredKey): KeyAlgorithm | null =>
  algorithmNames.find((name) => name === key.algorithm) ?? null

/** The row of a version has a MAC, that of its key has none. */
function requireAlgorithm(key: StoredKey, { row }: StoredVersion): void {
  if (servedAlgorithm(row.algorithm) !== key.algorithm)
    throw new EnvironmentError(
      'KEY-ROW-CHANGED',
      `${key.id} and its version ${row.version} differ in algorithm`,
    )
}

function inputs(data: Uint8Array, aad: Uint8Array | undefined): readonly Uint8Array[] {
  return [data, aad ?? new Uint8Array(0)]
}

function checkDescription(description: string | null | undefined): Outcome<null> {
  return descriptionShape.test(description ?? '')
    ? accept(null)
    : refuse('REQUEST-FIELDS', `description: expected at most ${maxDescription} characters`)
}

function checkSigning(algorithm: KeyAlgorithm, input: SigningInput): Outcome<null> {
  const within = checkLengths({ data: input.data })
  return within.ok ? checkSigningInput(algorithm, input) : within
}

function checkLengths(given: { readonly [name: string]: Uint8Array | undefined }): Outcome<null> {
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

/** Parsed once for as long as the cache lends the same bytes: parsing costs more than a P-256 signature. */
const parsed = new WeakMap<Uint8Array, { privateKey: KeyObject; publicKey: KeyObject }>()

function pairOf(bytes: Uint8Array) {
  const known = parsed.get(bytes)
  if (known) return known
  const der = Buffer.from(bytes.buffer, bytes.byteOffset, derLength(bytes))
  try {
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    const pair = { privateKey, publicKey: createPublicKey(privateKey) }
    parsed.set(bytes, pair)
    return pair
  } catch (error) {
    throw new EnvironmentError('KEY-UNWRAP', 'the key is no PKCS#8', { cause: error })
  }
}

const privateKeyOf = (bytes: Uint8Array): KeyObject => pairOf(bytes).privateKey
const publicKeyOf = (bytes: Uint8Array): KeyObject => pairOf(bytes).publicKey

/** Of the outer SEQUENCE: where a token wraps by KW, zeros follow it. */
function derLength(bytes: Uint8Array): number {
  const [, short = 0] = bytes
  if (short < 0x80) return Math.min(bytes.length, 2 + short)
  const count = short & 0x7f
  const length = bytes.subarray(2, 2 + count).reduce((sum, byte) => sum * 256 + byte, 0)
  return Math.min(bytes.length, 2 + count + length)
}

const macHashes = { HMAC_256: 'sha256', HMAC_384: 'sha384', HMAC_512: 'sha512' } as const

function macOf(algorithm: KeyAlgorithm, key: Uint8Array, data: Uint8Array): Uint8Array {
  // `usable` has seen that it is one of the three that make MACs.
  return createHmac(macHashes[algorithm as keyof typeof macHashes], key)
    .update(data)
    .digest()
}

const macNameOf = (algorithm: KeyAlgorithm): string => algorithm.replace('HMAC_', 'HMAC_SHA_')
