import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type KeyObject,
  randomBytes,
  randomUUID,
} from 'node:crypto'
import { equalBytes, sha256Hex, toHex, utf8, wipe } from '@lux/crypto'
import { absent, authorize, mayRename, scopesWhere } from '../access/authorize.ts'
import { checkPage } from '../access/page.ts'
import { type Call, ownCall, type Subject } from '../audit/record.ts'
import type { Clock } from '../platform/clock.ts'
import type { ThresholdWanted, VersionState } from '../platform/database/tables.ts'
import { accept, EnvironmentError, type Outcome, refuse } from '../refusal.ts'
import {
  algorithms,
  ceremonyAlgorithms,
  defaultAlgorithms,
  type KeyAlgorithm,
  type WantedUsage,
} from './algorithms.ts'
import { envelopeKeyId } from './envelope.ts'
import {
  algorithmOf,
  checkLengths,
  inputs,
  type KeyParts,
  ofCeremony,
  openKeyWork,
  resourceOf,
} from './key-work.ts'
import { openObjectOperations } from './object-operations.ts'
import type { KeyPage, StoredKey } from './repository.ts'
import {
  checkSigningInput,
  type SigningAlgorithm,
  type SigningInput,
  signData,
  signingAlgorithmsOf,
  verifyData,
} from './signing.ts'
import type { KeyUse } from './uses.ts'

/** Most characters, as Unicode counts them, of a description and of a search. */
export const maxDescription = 500
export const maxSearch = 64

/** A create that is repeated within this is the first one again: clients send it twice when a reply is lost. */
const repeatedWithin = 120_000
const day = 24 * 3_600_000
/** For so long a rotation that its schedule has due is one process's own. */
const rotationLease = 5 * 60_000
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
  readonly usage?: WantedUsage
  readonly algorithm?: KeyAlgorithm
  /** Its bytes may leave, wrapped to whom an officer names. Never changed later. */
  readonly isExportable?: boolean
  readonly rotateEveryDays?: number
  /** Of no use until its version is enabled. */
  readonly preActive?: boolean
  /** Of keys that ceremonies make alone: refused here. */
  readonly threshold?: ThresholdWanted
}

/** `states`: of current versions, where they were asked for. */
type KeyList = {
  readonly keys: readonly StoredKey[]
  readonly total: number
  readonly states: ReadonlyMap<string, VersionState>
}

export type KeyPatch = {
  readonly name?: string
  readonly description?: string | null
  readonly isDisabled?: boolean
  readonly minDecryptVersion?: number
  /** Null: by hand alone. */
  readonly rotateEveryDays?: number | null
}

/** What a version may be set to. `compromised` is for ever. */
export const chosenStates = ['enabled', 'decrypt-only', 'disabled', 'compromised'] as const
export type ChosenState = (typeof chosenStates)[number]
const undestroyed = ['pre-active', ...chosenStates] as const

export type EncryptItem = { readonly plaintext: Uint8Array; readonly aad?: Uint8Array }
export type DecryptItem = { readonly ciphertext: Uint8Array; readonly aad?: Uint8Array }
/** `newAad` absent: the same. */
export type RewrapItem = DecryptItem & { readonly newAad?: Uint8Array }
/** Most items of one batch. */
export const maxBatch = 1000

export type Signed = {
  readonly signature: Uint8Array
  readonly version: number
  readonly algorithm: SigningAlgorithm
}
export type Verified = { readonly valid: boolean; readonly version: number | null }
export type MacVerified = Verified & { readonly algorithm: string }
export type MacMade = { readonly mac: Uint8Array; readonly version: number; readonly algorithm: string }
export type PublicKey = { readonly spki: Uint8Array; readonly version: number }

const usesOf = {
  encrypt: ['encrypt'],
  decrypt: ['decrypt'],
  rewrap: ['decrypt', 'encrypt'],
} as const satisfies { readonly [what: string]: readonly KeyUse[] }

/** What can be done with keys, by whatever door: bytes and a call in, an outcome out, each permitted and audited here. */
export type KeyOperations = ReturnType<typeof openKeyOperations>

export function openKeyOperations(parts: KeyParts) {
  const { repository, unwrapping, record, now } = parts
  const work = openKeyWork(parts)
  const {
    generate,
    mayMake,
    permitted,
    usable,
    versionOf,
    candidates,
    seal,
    open,
    managing,
    reading,
    changed,
    projectFor,
  } = work

  const rotationOf = (days: number | null) => ({
    rotate_every_days: days,
    rotate_at: days === null ? null : new Date(now().getTime() + days * day),
  })

  return {
    ...openObjectOperations(parts, work),

    create(call: Call, wanted: NewKey): Promise<Outcome<StoredKey>> {
      return record(call, 'key.create', async (subject) => {
        const place = await projectFor(call, subject, wanted.project)
        if (!place.ok) return place
        const { organisation, project } = place.value
        const named = checkNamed(wanted)
        if (!named.ok) return named
        const days = wanted.rotateEveryDays ?? null
        if (days !== null && !isRotation(days)) return refuse('KEY-ROTATION-DAYS', rotationDays)
        if (wanted.usage === 'fhe-computation' || wanted.threshold !== undefined)
          return refuse(
            'KEY-USAGE',
            `threshold and fhe-computation are of ${ceremonyAlgorithms.join(' and ')}`,
          )
        const algorithm = wanted.algorithm ?? defaultAlgorithms[wanted.usage ?? 'encrypt-decrypt']
        const allowed = mayMake(call, place.value, { name: wanted.name, algorithm })
        if (!allowed.ok) return allowed
        const { usage, planned } = algorithms[algorithm]
        if (wanted.usage !== undefined && wanted.usage !== usage)
          return refuse('KEY-USAGE', `a key of algorithm ${algorithm} is for ${usage}`)
        const id = randomUUID()
        const generated = await generate(call.caller.identity, algorithm)
        if (!generated.ok) return generated
        const bytes = generated.value
        const version = await unwrapping
          .wrapKey(project, { id, version: 1, algorithm: planned }, bytes)
          .finally(() => wipe(bytes))
        const made = await repository.insert(
          {
            id,
            envelope_id: Buffer.from(envelopeKeyId(id)),
            organisation_id: organisation,
            project_id: project,
            name: wanted.name,
            description: wanted.description ?? null,
            key_usage: usage,
            algorithm,
            current_version: 1,
            created_by: call.caller.identity,
            is_exportable: wanted.isExportable ?? false,
            ...rotationOf(days),
          },
          { ...version, state: wanted.preActive ? 'pre-active' : 'enabled' },
        )
        const key = made === 'name-taken' ? await repeated(call, wanted, algorithm) : accept(made)
        if (key.ok) Object.assign(subject, { key: key.value.id, version: 1 })
        return key
      })
    },

    list(
      call: Call,
      project: string,
      page: Omit<KeyPage, 'scopes'> & { readonly withStates?: boolean },
    ): Promise<Outcome<KeyList>> {
      return record(call, 'key.list', async (subject) => {
        const row = await repository.findProject(project)
        if (row === 'absent') return absent('project')
        const organisation = row.organisation_id
        Object.assign(subject, { organisation, project })
        const place = { kind: 'project', organisation, project } as const
        const allowed = authorize(call.caller, 'key.read', place)
        if (!allowed.ok) return allowed
        const scopes = scopesWhere(call.caller, 'key.read', place)
        const within = checkPage(page)
        if (!within.ok) return within
        if (page.search !== null && !searchShape.test(page.search))
          return refuse('REQUEST-FIELDS', `search: expected at most ${maxSearch} characters`)
        const { keys, total } = await repository.listKeys(project, { ...page, scopes })
        const current = page.withStates
          ? await Promise.all(keys.map((key) => repository.findVersion(key, key.current_version)))
          : []
        const states = current.flatMap((one) =>
          one === 'absent' ? [] : [[one.row.owner, one.state] as const],
        )
        return accept({ keys, total, states: new Map(states) })
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
      const { name, description, isDisabled, minDecryptVersion: least, rotateEveryDays: days } = patch
      return managing(
        call,
        'key.change',
        id,
        (key) =>
          changed(key, {
            ...(name === undefined ? {} : { name }),
            ...(description === undefined ? {} : { description }),
            ...(isDisabled === undefined ? {} : { is_disabled: isDisabled }),
            ...(least === undefined ? {} : { min_decrypt_version: least }),
            ...(days === undefined ? {} : rotationOf(days)),
          }),
        JSON.stringify(patch),
        (key) => {
          const named = checkNamed({ ...(name === undefined ? {} : { name }), description })
          if (!named.ok) return named
          const within = name === undefined ? accept(null) : mayRename(call.caller, resourceOf(key), name)
          if (!within.ok) return within
          if (days !== undefined && days !== null && !isRotation(days))
            return refuse('KEY-ROTATION-DAYS', rotationDays)
          if (days && key.threshold !== null) return ofCeremony()
          if (isDisabled === false && key.destroy_at !== null)
            return refuse('KEY-DELETED', 'its deletion is scheduled: cancel that first')
          if (least !== undefined && (!Number.isInteger(least) || least < 1 || least > key.current_version))
            return refuse('KEY-VERSION-ABSENT', `the key has no version ${least}`)
          return accept(null)
        },
      )
    },

    /** Disables at once, gives the name free, destroys after 1 to 30 days. Again, it changes nothing. */
    delete(call: Call, id: string, days = 7): Promise<Outcome<StoredKey>> {
      return managing(
        call,
        'key.delete',
        id,
        async (key) =>
          key.destroy_at !== null
            ? accept(key)
            : changed(key, { is_disabled: true, destroy_at: new Date(now().getTime() + days * day) }),
        `after ${days} days`,
        () =>
          Number.isInteger(days) && days >= 1 && days <= 30
            ? accept(null)
            : refuse('KEY-DELETION-DAYS', 'a key is destroyed after 1 to 30 days'),
      )
    },

    /** The key stays disabled: switching it on is a decision of its own. */
    cancelDeletion(call: Call, id: string): Promise<Outcome<StoredKey>> {
      async function kept(key: StoredKey): Promise<Outcome<StoredKey>> {
        if (key.destroy_at === null) return accept(key)
        const late = refuse('KEY-DELETED', 'its time has come: it is destroyed')
        if (key.destroy_at <= now()) return late
        // The clock may have destroyed it since it was read.
        const made = await changed(key, { destroy_at: null })
        return made.ok || made.rule !== 'OBJECT-ABSENT' ? made : late
      }
      return managing(call, 'key.cancel-deletion', id, kept, 'not to be destroyed')
    },

    rotate(call: Call, id: string): Promise<Outcome<StoredKey>> {
      return managing(call, 'key.rotate', id, (key, subject) => rotated(call, subject, key), 'a new version')
    },

    setVersionState(
      call: Call,
      id: string,
      { version, state }: { version: number; state: ChosenState },
    ): Promise<Outcome<null>> {
      return managing(
        call,
        'key.set-version-state',
        id,
        async (key, subject) => {
          subject.version = version
          const found = await versionOf(key, version, undestroyed)
          if (!found.ok) return found
          if (found.value.state === 'compromised' && state !== 'compromised')
            return refuse('KEY-VERSION-COMPROMISED', `version ${version} stays compromised`)
          await repository.setVersionState(key, version, state)
          return accept(null)
        },
        `version ${version}: ${state}`,
      )
    },

    encrypt(
      call: Call,
      { id, plaintext, aad }: { id: string; plaintext: Uint8Array; aad?: Uint8Array },
    ): Promise<Outcome<Uint8Array>> {
      return record(call, 'key.encrypt', async (subject) => {
        subject.input = inputs(plaintext, aad)
        // Who approves sees no unkeyed hash of what could be guessed.
        subject.asked = `a plaintext of ${plaintext.length} bytes`
        const used = await usable(call, subject, id, 'encrypt-decrypt', 'encrypt')
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
        subject.asked = () => `the ciphertext of SHA-256 ${sha256Hex(ciphertext)}`
        const used = await usable(call, subject, id, 'encrypt-decrypt', 'decrypt')
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
        subject.asked = `a data key ${spec}`
        const used = await usable(call, subject, id, 'encrypt-decrypt', 'encrypt')
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
        subject.input = signingInputs(input)
        // Who approves a signature has to know of what.
        subject.asked = () => `by ${input.algorithm}, data of the digest ${digestOfSigned(input)}`
        const used = await usable(call, subject, id, 'sign-verify', 'sign')
        if (!used.ok) return used
        const made = await signed(subject, used.value.key, used.value.algorithm, input)
        if (made.ok) subject.output = [made.value.signature]
        return made
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
        subject.asked = 'a check of a signature'
        const used = await usable(call, subject, id, 'sign-verify', 'verify')
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

    /** `algorithm`: by the name that the answer gives it; absent: the key's. */
    generateMac(
      call: Call,
      { id, data, algorithm: wanted }: { id: string; data: Uint8Array; algorithm?: string },
    ): Promise<Outcome<MacMade>> {
      return record(call, 'key.generate-mac', async (subject) => {
        subject.input = [data]
        subject.asked = `a MAC of ${data.length} bytes`
        const used = await usable(call, subject, id, 'generate-verify-mac', 'mac')
        if (!used.ok) return used
        const { key, algorithm } = used.value
        const fits = checkMacName(algorithm, wanted)
        if (!fits.ok) return fits
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
      {
        id,
        data,
        mac,
        version,
        algorithm: wanted,
      }: { id: string; data: Uint8Array; mac: Uint8Array; version?: number; algorithm?: string },
    ): Promise<Outcome<MacVerified>> {
      return record(call, 'key.verify-mac', async (subject) => {
        subject.input = [data, mac]
        subject.asked = 'a check of a MAC'
        const used = await usable(call, subject, id, 'generate-verify-mac', 'verify-mac')
        if (!used.ok) return used
        const { key, algorithm } = used.value
        const fits = checkMacName(algorithm, wanted)
        if (!fits.ok) return fits
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
        const found = await versionOf(key, wanted, undestroyed)
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

    /** The same text under the current version, and under other AAD where `newAad` is given: its plaintext never leaves. */
    rewrap(call: Call, { id, ...item }: RewrapItem & { id: string }): Promise<Outcome<Uint8Array>> {
      return record(call, 'key.rewrap', async (subject) => {
        subject.input = [...inputs(item.ciphertext, item.aad), item.newAad ?? new Uint8Array(0)]
        subject.asked = () => `the ciphertext of SHA-256 ${sha256Hex(item.ciphertext)}`
        const used = await usable(call, subject, id, 'encrypt-decrypt', 'decrypt', 'encrypt')
        if (!used.ok) return used
        const made = await rewrapped(subject, used.value.key, item)
        if (made.ok) subject.output = [made.value]
        return made
      })
    },

    /** Each item by itself, in order: what is wrong with one is its own outcome. One entry in the audit for all. */
    encryptBatch(
      call: Call,
      id: string,
      items: readonly EncryptItem[],
    ): Promise<Outcome<Outcome<Uint8Array>[]>> {
      return batch(call, 'encrypt', id, items, async (subject, key, { plaintext, aad }) => {
        const within = checkLengths({ plaintext, aad })
        return within.ok ? seal(subject, key, plaintext, aad) : within
      })
    },

    decryptBatch(
      call: Call,
      id: string,
      items: readonly DecryptItem[],
    ): Promise<Outcome<Outcome<Uint8Array>[]>> {
      return batch(call, 'decrypt', id, items, async (subject, key, { ciphertext, aad }) => {
        const within = checkLengths({ aad })
        return within.ok ? open(subject, key, ciphertext, aad) : within
      })
    },

    rewrapBatch(
      call: Call,
      id: string,
      items: readonly RewrapItem[],
    ): Promise<Outcome<Outcome<Uint8Array>[]>> {
      return batch(call, 'rewrap', id, items, rewrapped)
    },

    signBatch(call: Call, id: string, items: readonly SigningInput[]): Promise<Outcome<Outcome<Signed>[]>> {
      return record(call, 'key.sign-batch', async (subject) => {
        subject.input = items.flatMap(signingInputs)
        subject.asked = () =>
          `${items.length} signatures by ${[...new Set(items.map(({ algorithm }) => algorithm))].join(', ')}, together of SHA-256 ${sha256Hex(utf8(items.map(digestOfSigned).join('\n')))}`
        const used = await usable(call, subject, id, 'sign-verify', 'sign')
        if (!used.ok) return used
        const within = checkBatch(items)
        if (!within.ok) return within
        const made: Outcome<Signed>[] = []
        for (const item of items) made.push(await signed(subject, used.value.key, used.value.algorithm, item))
        subject.output = made.flatMap((one) => (one.ok ? [one.value.signature] : []))
        return accept(made)
      })
    },

    /** What the clock asks for: keys whose time has come are destroyed, each once the log has it. Their number. Refuses CLOCK-MOVED. */
    async keepTime(clock: Clock): Promise<Outcome<number>> {
      const at = await clock.trusted()
      if (!at.ok) return at
      const destroyed = await repository.destroyDue(at.value, async (key, destroy) => {
        const call = ownCall()
        await record(call, 'key.destroy-due', async (subject) => {
          const { organisation_id: organisation, project_id: project, id } = key
          Object.assign(subject, { organisation, project, key: id })
          await destroy()
          return accept(null)
        })
      })
      return accept(destroyed)
    },

    /**
     * Rotates what its schedule has due, each as an operation of the server's own; the number of keys. One that cannot be now is due again in
     * a few minutes, and keeps no other from its turn; throws the first reason once all had it.
     */
    async rotateDue(): Promise<number> {
      const failures: unknown[] = []
      for (let rotations = 0; ; ) {
        const started = now()
        const key = await repository.claimRotation(started, new Date(started.getTime() + rotationLease))
        if (key === 'none') {
          if (failures.length > 0) throw failures[0]
          return rotations
        }
        const { organisation_id: organisation, project_id: project, id } = key
        const call = ownCall()
        try {
          const done = await record(call, 'key.rotate', async (subject) => {
            Object.assign(subject, { organisation, project, key: id })
            return rotated(call, subject, key, started)
          })
          if (done.ok) {
            rotations++
            continue
          }
          // What no later try would change waits for its next time.
          await repository.putOffRotation(id, now())
          failures.push(new EnvironmentError(done.rule, `${id} was not rotated: ${done.detail}`))
        } catch (error) {
          failures.push(error)
        }
      }
    },
  }

  async function rotated(
    call: Call,
    subject: Subject,
    first: StoredKey,
    scheduled?: Date,
  ): Promise<Outcome<StoredKey>> {
    if (first.threshold !== null) return ofCeremony()
    const algorithm = algorithmOf(first)
    if (algorithm === null) return refuse('KEY-USAGE', `a key of ${first.algorithm} is not made here`)
    for (let key = first; ; ) {
      if (key.is_disabled) return refuse('KEY-DISABLED', 'it is switched off')
      const { id, current_version } = key
      const version = current_version + 1
      const forNobody = scheduled !== undefined
      const generated = await generate(call.caller.identity, algorithm, { forNobody })
      if (!generated.ok) return generated
      const bytes = generated.value
      const wrapped = await unwrapping
        .wrapKey(key.project_id, { id, version, algorithm: algorithms[algorithm].planned }, bytes)
        .finally(() => wipe(bytes))
      const made = await repository.addVersion(key, wrapped, scheduled)
      if (made !== 'moved') {
        subject.version = version
        return accept(made)
      }
      // Another call rotated it meanwhile; this one is a rotation of its own.
      const again = await repository.findKey(id)
      if (again === 'absent') return absent('key')
      key = again
    }
  }

  async function rewrapped(
    subject: Subject,
    key: StoredKey,
    { ciphertext, aad, newAad }: RewrapItem,
  ): Promise<Outcome<Uint8Array>> {
    const within = checkLengths({ aad, newAad })
    if (!within.ok) return within
    const opened = await open(subject, key, ciphertext, aad)
    if (!opened.ok) return opened
    try {
      return await seal(subject, key, opened.value, newAad ?? aad)
    } finally {
      wipe(opened.value)
    }
  }

  async function signed(
    subject: Subject,
    key: StoredKey,
    algorithm: KeyAlgorithm,
    input: SigningInput,
  ): Promise<Outcome<Signed>> {
    const fits = checkSigning(algorithm, input)
    if (!fits.ok) return fits
    const version = await versionOf(key, key.current_version, ['enabled'])
    if (!version.ok) return version
    subject.version = key.current_version
    const signature = await unwrapping.useKey(key, version.value, (bytes) =>
      signData(privateKeyOf(bytes), input),
    )
    return accept({ signature, version: key.current_version, algorithm: input.algorithm })
  }

  function batch<
    Item extends {
      readonly plaintext?: Uint8Array
      readonly ciphertext?: Uint8Array
      readonly aad?: Uint8Array
      readonly newAad?: Uint8Array
    },
  >(
    call: Call,
    what: 'encrypt' | 'decrypt' | 'rewrap',
    id: string,
    items: readonly Item[],
    work: (subject: Subject, key: StoredKey, item: Item) => Promise<Outcome<Uint8Array>>,
  ): Promise<Outcome<Outcome<Uint8Array>[]>> {
    return record(call, `key.${what}-batch`, async (subject) => {
      const none = new Uint8Array(0)
      subject.input = items.flatMap(({ plaintext, ciphertext, aad, newAad }) => [
        plaintext ?? ciphertext ?? none,
        aad ?? none,
        newAad ?? none,
      ])
      const digests = () => items.map(({ ciphertext }) => sha256Hex(ciphertext ?? none)).join('\n')
      subject.asked = () =>
        what === 'encrypt'
          ? `${items.length} plaintexts`
          : `${items.length} ciphertexts, together of SHA-256 ${sha256Hex(utf8(digests()))}`
      const used = await usable(call, subject, id, 'encrypt-decrypt', ...usesOf[what])
      if (!used.ok) return used
      const within = checkBatch(items)
      if (!within.ok) return within
      const made: Outcome<Uint8Array>[] = []
      for (const item of items) made.push(await work(subject, used.value.key, item))
      subject.output = made.flatMap((one) => (one.ok ? [one.value] : []))
      return accept(made)
    })
  }

  /** A create that is sent again because its reply was lost is that of the same key. */
  async function repeated(
    { caller }: Call,
    { project, name, description, isExportable = false, rotateEveryDays, preActive = false }: NewKey,
    algorithm: KeyAlgorithm,
  ): Promise<Outcome<StoredKey>> {
    const there = await repository.findByName(project, name)
    const first = there === 'absent' ? 'absent' : await repository.findVersion(there, 1)
    const same =
      there !== 'absent' &&
      first !== 'absent' &&
      (first.state === 'pre-active') === preActive &&
      there.is_exportable === isExportable &&
      there.rotate_every_days === (rotateEveryDays ?? null) &&
      there.created_by === caller.identity &&
      there.algorithm === algorithm &&
      there.description === (description ?? null) &&
      there.current_version === 1 &&
      !there.is_disabled &&
      now().getTime() - there.created_at.getTime() < repeatedWithin
    return same ? accept(there) : refuse('KEY-NAME-TAKEN', `${name} is the name of another key`)
  }
}

/** Refuses KEY-NAME and REQUEST-FIELDS. */
export function checkNamed({
  name,
  description,
}: {
  readonly name?: string
  readonly description?: string | null | undefined
}): Outcome<null> {
  if (name !== undefined && !nameShape.test(name))
    return refuse('KEY-NAME', 'a name is 1 to 32 of a-z, 0-9 and single dashes between')
  return descriptionShape.test(description ?? '')
    ? accept(null)
    : refuse('REQUEST-FIELDS', `description: expected at most ${maxDescription} characters`)
}

/** Most days between two rotations of a key by itself. */
export const maxRotationDays = 3650
const rotationDays = `a key is rotated every 1 to ${maxRotationDays} days`
const isRotation = (days: number): boolean => Number.isInteger(days) && days >= 1 && days <= maxRotationDays

function checkBatch(items: readonly unknown[]): Outcome<null> {
  return items.length >= 1 && items.length <= maxBatch
    ? accept(null)
    : refuse('REQUEST-FIELDS', `items: expected 1 to ${maxBatch}`)
}

const signingInputs = ({ data, algorithm, isDigest }: SigningInput): readonly Uint8Array[] =>
  inputs(data, Buffer.from(`${algorithm} ${isDigest}`))

const digestOfSigned = ({ data, isDigest }: SigningInput): string =>
  isDigest ? toHex(data) : sha256Hex(data)

function checkSigning(algorithm: KeyAlgorithm, input: SigningInput): Outcome<null> {
  const within = checkLengths({ data: input.data })
  return within.ok ? checkSigningInput(algorithm, input) : within
}

/**
 * Parsed once for as long as the cache lends the same bytes: parsing costs more than a P-256 signature. Node cannot wipe a key object;
 * OpenSSL clears it when it is collected, which it is only once the cache has let go of the bytes.
 */
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

/** Of a key of this algorithm. */
export function macOf(algorithm: KeyAlgorithm, key: Uint8Array, data: Uint8Array): Uint8Array {
  // `usable` has seen that it is one of the three that make MACs.
  return createHmac(macHashes[algorithm as keyof typeof macHashes], createSecretKey(key))
    .update(data)
    .digest()
}

const macNameOf = (algorithm: KeyAlgorithm): string => algorithm.replace('HMAC_', 'HMAC_SHA_')

const checkMacName = (algorithm: KeyAlgorithm, wanted: string | undefined): Outcome<null> =>
  wanted === undefined || wanted === macNameOf(algorithm)
    ? accept(null)
    : refuse('KEY-USAGE', `the key makes MACs of ${macNameOf(algorithm)} alone`)
