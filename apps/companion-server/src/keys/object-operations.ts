import { createHash, createPrivateKey, createPublicKey, randomBytes, randomUUID } from 'node:crypto'
import { aesKwpWrap, aesKwWrap, sha256Hex, utf8, wipe } from '@lux/crypto'
import { type Action, absent, authorize, provedLately } from '../access/authorize.ts'
import { type ApprovalsNeeded, sameApprovals } from '../access/conditions.ts'
import type { Call, Subject } from '../audit/record.ts'
import type { KeptAttribute, KeyDates, VersionState } from '../platform/database/tables.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { algorithms, type KeyAlgorithm } from './algorithms.ts'
import { envelopeKeyId } from './envelope.ts'
import {
  algorithmOf,
  checkLengths,
  concern,
  inputs,
  type KeyParts,
  type KeyWork,
  ofCeremony,
} from './key-work.ts'
import { maxRawUses, type RawCipher, rawDecrypt, rawEncrypt } from './raw-cipher.ts'
import type { StoredKey, StoredVersion } from './repository.ts'
import { allows, defaultMask } from './uses.ts'

/** A key as an object with a life of its own: made here or brought, used once it is activated, named in free words. */
export type NewObject = {
  readonly project: string
  readonly algorithm: KeyAlgorithm
  /** The key's bytes where a client brings them. */
  readonly material?: Uint8Array
  readonly label?: string
  readonly preActive?: boolean
  /** Its bytes may leave: wrapped, and in the clear only where it is not sensitive. */
  readonly isExportable?: boolean
  /** Absent: of a key, unless its project lets keys leave so. */
  readonly isSensitive?: boolean
  /** Absent: all that a key of the algorithm is for. */
  readonly mask?: number
  readonly attributes?: readonly KeptAttribute[]
}

export type ObjectChange = {
  readonly label?: string | null
  readonly attributes?: readonly KeptAttribute[]
}

export type Revocation = {
  readonly compromised: boolean
  /** KMIP's code. */
  readonly reason: number
  readonly message?: string
  readonly occurred?: Date
}

export type ObjectText = {
  readonly id: string
  readonly data: Uint8Array
  readonly aad: Uint8Array | null
  readonly iv: Uint8Array | null
  /** How, for this key; null: by the envelope. */
  choose(key: StoredKey): Outcome<RawCipher | null>
}

/** Without `iv` and `tag` it is an envelope, which holds its own. */
export type ObjectSealed = {
  readonly data: Uint8Array
  readonly iv: Uint8Array | null
  readonly tag: Uint8Array | null
}

/** An object is called by its label; its name is but its id. */
const nameOf = (id: string): string => id.replaceAll('-', '')
const labelShape = /^[^\p{C}]{1,255}$/u
const maxAttributes = 64
const maxAttributeBytes = 8192
const maxRandom = 65_536
/** Uses of a key that this process has counted ahead, so that not every message waits for the database. */
const countedAhead = 256
const present: readonly VersionState[] = ['pre-active', 'enabled', 'decrypt-only', 'compromised']

/** Keys as objects: what KMIP asks of them, for whatever door. */
export function openObjectOperations(
  { repository, unwrapping, record, now }: KeyParts,
  {
    permitted,
    waitsFor,
    take,
    fitting,
    mayMake,
    versionOf,
    generate,
    managing,
    changed,
    seal,
    open,
  }: KeyWork,
) {
  const counted = new Map<string, number>()

  async function moved(
    key: StoredKey,
    from: readonly VersionState[],
    to: VersionState,
    lifecycle: KeyDates,
  ): Promise<Outcome<StoredKey>> {
    const made = await repository.changeStates(key, { from, to }, lifecycle)
    return made === 'moved'
      ? refuse('KEY-STATE', `its current version is not ${from.join(', ')}`)
      : accept(made)
  }

  /** One message more under this key's random nonces. */
  async function countUse({ id }: StoredKey): Promise<Outcome<null>> {
    const left = counted.get(id) ?? 0
    if (left > 0) {
      counted.set(id, left - 1)
      return accept(null)
    }
    if (!(await repository.countRawUses(id, countedAhead, maxRawUses)))
      return refuse('KEY-WORN', 'it has encrypted as many messages as a key may')
    counted.set(id, (counted.get(id) ?? 0) + countedAhead - 1)
    return accept(null)
  }

  const rowOf = (key: { id: string; place: Place; algorithm: KeyAlgorithm }, call: Call) => ({
    id: key.id,
    envelope_id: Buffer.from(envelopeKeyId(key.id)),
    organisation_id: key.place.organisation,
    project_id: key.place.project,
    name: nameOf(key.id),
    description: null,
    key_usage: algorithms[key.algorithm].usage,
    algorithm: key.algorithm,
    current_version: 1,
    created_by: call.caller.identity,
  })

  const wrapped = (
    project: string,
    {
      id,
      algorithm,
      origin = 'online',
    }: { id: string; algorithm: KeyAlgorithm; origin?: 'online' | 'imported' },
    bytes: Uint8Array,
  ) =>
    unwrapping
      .wrapKey(project, { id, version: 1, algorithm: algorithms[algorithm].planned, origin }, bytes)
      .finally(() => wipe(bytes))

  return {
    createObject(call: Call, wanted: NewObject): Promise<Outcome<StoredKey>> {
      return record(call, wanted.material === undefined ? 'key.create' : 'key.register', async (subject) => {
        const place = await placeOf(call, subject, wanted.project, 'key.create')
        if (!place.ok) return place
        const { algorithm, material, attributes = [], isExportable = false } = wanted
        const plain = await mayBePlain(algorithm, place.value.project)
        const isSensitive = wanted.isSensitive ?? !plain
        const described = checkChange({ attributes, label: wanted.label ?? null })
        if (!described.ok) return described
        if (isExportable && !isSensitive && !plain)
          return refuse('KEY-EXPORT', 'the keys of this project do not leave the server in the clear')
        const id = randomUUID()
        const allowed = mayMake(call, place.value, { name: nameOf(id), algorithm })
        if (!allowed.ok) return allowed
        if (material !== undefined && !algorithms[algorithm].accepts(material))
          return refuse('KEY-MATERIAL', `${material.length} bytes are no key of algorithm ${algorithm}`)
        const generated =
          material === undefined
            ? await generate(call.caller.identity, algorithm)
            : accept(Uint8Array.from(material))
        if (!generated.ok) return generated
        const bytes = generated.value
        const origin = material === undefined ? 'online' : 'imported'
        const digests = digestsOf(algorithm, bytes)
        const version = await wrapped(place.value.project, { id, algorithm, origin }, bytes)
        const preActive = wanted.preActive ?? false
        const made = await repository.insert(
          {
            ...rowOf({ id, place: place.value, algorithm }, call),
            label: wanted.label ?? null,
            ...{ is_exportable: isExportable, is_sensitive: isSensitive },
            usage_mask: wanted.mask ?? defaultMask(algorithm),
            attributes: JSON.stringify(attributes),
            lifecycle: JSON.stringify({
              ...digests,
              ...(preActive ? {} : { activated: now().toISOString() }),
            } satisfies KeyDates),
          },
          { ...version, state: preActive ? 'pre-active' : 'enabled' },
        )
        if (made === 'name-taken') return refuse('KEY-NAME-TAKEN', 'another key of the project has this name')
        Object.assign(subject, { key: id, version: 1 })
        return accept(made)
      })
    },

    activate(call: Call, id: string): Promise<Outcome<StoredKey>> {
      const activated = (key: StoredKey) =>
        moved(key, ['pre-active'], 'enabled', { activated: now().toISOString() })
      return managing(call, 'key.activate', id, activated, 'in use from now on')
    },

    /** No more encryption and signing under it; compromised, no signature of it is believed either. It still decrypts. */
    revoke(call: Call, id: string, why: Revocation): Promise<Outcome<StoredKey>> {
      return managing(
        call,
        'key.revoke',
        id,
        (key) => {
          const message = (why.message ?? '').slice(0, 1024)
          const lifecycle = { reason: why.reason, ...(message === '' ? {} : { message }) }
          const at = now().toISOString()
          if (!why.compromised)
            return moved(key, ['enabled'], 'decrypt-only', { ...lifecycle, deactivated: at })
          const occurred = (why.occurred ?? now()).toISOString()
          return moved(key, ['pre-active', 'enabled', 'decrypt-only', 'disabled'], 'compromised', {
            ...lifecycle,
            compromised: at,
            compromiseOccurred: occurred,
          })
        },
        revocationInWords(why),
      )
    },

    /** At once and for ever, of an object that was revoked or never activated: what is in use has to be revoked first. */
    destroyObject(call: Call, id: string): Promise<Outcome<StoredKey>> {
      async function destroyed(key: StoredKey): Promise<Outcome<StoredKey>> {
        if (key.threshold !== null) return ofCeremony()
        const proved = provedLately(call.caller)
        if (!proved.ok) return proved
        if (key.lifecycle.destroyed !== undefined) return refuse('KEY-STATE', 'it is destroyed already')
        // The others have their own ways to end, with a time to wait or a name to confirm.
        if (key.usage_mask === null)
          return refuse(
            'KEY-STATE',
            'it was not made as an object: over HTTP its deletion is scheduled, or it is shredded',
          )
        const made = await repository.destroy(key, { destroyed: now().toISOString() }, now())
        return made === 'moved' ? refuse('KEY-STATE', 'it is in use: revoke it first') : accept(made)
      }
      return managing(call, 'key.destroy', id, destroyed, 'at once and for ever')
    },

    /** A new key of the same kind in the place of an old one, whose name and attributes it takes. */
    replace(call: Call, id: string): Promise<Outcome<StoredKey>> {
      async function replaced(old: StoredKey, subject: Subject): Promise<Outcome<StoredKey>> {
        const place = await placeOf(call, subject, old.project_id, 'key.create')
        if (!place.ok) return place
        const algorithm = algorithmOf(old)
        if (algorithm === null || algorithms[algorithm].usage === 'secret-data')
          return refuse('KEY-USAGE', `a key of ${old.algorithm} is not made here`)
        const current = await versionOf(old, old.current_version, ['enabled', 'decrypt-only'])
        if (!current.ok) return current
        const next = randomUUID()
        const allowed = mayMake(call, place.value, { name: nameOf(next), algorithm })
        if (!allowed.ok) return allowed
        const generated = await generate(call.caller.identity, algorithm)
        if (!generated.ok) return generated
        const bytes = generated.value
        const digests = digestsOf(algorithm, bytes)
        const version = await wrapped(old.project_id, { id: next, algorithm }, bytes)
        const lifecycle: KeyDates = { ...digests, activated: now().toISOString(), replaces: old.id }
        const made = await repository.replace(
          old,
          {
            ...rowOf({ id: next, place: place.value, algorithm }, call),
            label: old.label,
            ...{ is_exportable: old.is_exportable, is_sensitive: old.is_sensitive },
            usage_mask: old.usage_mask ?? defaultMask(algorithm),
            attributes: JSON.stringify(old.attributes),
            lifecycle: JSON.stringify(lifecycle),
          },
          version,
        )
        if (made === 'moved') return refuse('KEY-STATE', 'another key has taken its place already')
        Object.assign(subject, { key: old.id, version: 1 })
        return accept(made)
      }
      return managing(call, 'key.replace', id, replaced, 'a new key in its place')
    },

    describe(
      call: Call,
      id: string,
      change: (key: StoredKey) => Outcome<ObjectChange>,
    ): Promise<Outcome<StoredKey>> {
      return record(call, 'key.change', async (subject) => {
        let wanted: Outcome<ObjectChange> = accept({})
        // First, so that people approve this change of this key as it is, and no refusal uses that up.
        const found = await permitted(call, subject, 'key.manage', await repository.findKey(id), (key) => {
          wanted = change(key)
          if (!wanted.ok) return wanted
          subject.asked = changeInWords(key, wanted.value)
          subject.input = [utf8(JSON.stringify([wanted.value.label, wanted.value.attributes]))]
          return checkChange(wanted.value)
        })
        if (!found.ok) return found
        return wanted.ok ? changed(found.value, wanted.value) : wanted
      })
    },

    /** The key's bytes, where its policy and that of its project let them leave as they are. */
    exportPlain(call: Call, id: string): Promise<Outcome<{ key: StoredKey; bytes: Uint8Array }>> {
      return record(call, 'key.export-plain', async (subject) => {
        subject.asked = 'its bytes, in the clear'
        const found = await leaving(call, subject, id)
        if (!found.ok) return found
        const { key, version, needed } = found.value
        if (key.is_sensitive) return refuse('KEY-EXPORT', 'it does not leave the server in the clear')
        // As the project has it now, and not only as it was when the key was made.
        if (key.key_usage !== 'secret-data' && !(await letsPlainKeys(key.project_id)))
          return refuse('KEY-EXPORT', 'the keys of this project do not leave the server in the clear')
        const approved = await take(call, subject, needed)
        if (!approved.ok) return approved
        return accept({
          key,
          bytes: await unwrapping.useKey(key, version, (bytes) => Uint8Array.from(bytes)),
        })
      })
    },

    /**
     * The key's bytes under another key of the same project, by AES Key Wrap: RFC 3394, or 5649 with padding. Unless the project lets
     * keys leave so or in the clear, that is one whose bytes nobody has, and that does nothing but wrap.
     */
    exportWrapped(
      call: Call,
      { id, under, padded }: { id: string; under: string; padded: boolean },
    ): Promise<Outcome<{ key: StoredKey; wrapped: Uint8Array }>> {
      return record(call, 'key.export-wrapped', async (subject) => {
        // An approval is for this wrapping key and no other, also where that one's own use waits for people.
        subject.asked = `${id} wrapped under ${under}${padded ? ' with padding' : ''}`
        subject.input = [utf8(id), utf8(under), ...(padded ? [utf8('with padding')] : [])]
        const wrapper = await repository.findKey(under)
        if (wrapper === 'absent') return absent('key')
        const wraps = waitsFor(call, subject, 'key.use', wrapper)
        if (!wraps.ok) return wraps
        const fits = fitting(wrapper, 'encrypt-decrypt', 'wrap')
        if (!fits.ok) return fits
        const kek = await versionOf(wrapper, wrapper.current_version, ['enabled'])
        if (!kek.ok) return kek
        if (mayBeKnown(wrapper, kek.value) && !(await letsKnownWrap(wrapper.project_id)))
          return refuse(
            'KEY-EXPORT',
            'the wrapping key was brought here, may leave, or encrypts data too: what it wraps could be read',
          )
        const found = await leaving(call, subject, id)
        if (!found.ok) return found
        const { key, version, needed } = found.value
        if (key.project_id !== wrapper.project_id) return absent('key')
        // What the same people approve of both keys, they approve once, of the one that leaves.
        if (wraps.value !== null && !(needed !== null && sameApprovals(wraps.value, needed))) {
          concern(subject, wrapper)
          const approved = await take(call, subject, wraps.value)
          if (!approved.ok) return approved
          concern(subject, key)
        }
        const approved = await take(call, subject, needed)
        if (!approved.ok) return approved
        const bytes = await unwrapping.useKey(key, version, (own) => Uint8Array.from(own))
        try {
          if (!padded && (bytes.length % 8 !== 0 || bytes.length < 16))
            return refuse('CIPHER-PARAMETERS', 'what is no multiple of 8 bytes is wrapped with padding')
          const made = await unwrapping.useKey(wrapper, kek.value, (own) =>
            padded ? aesKwpWrap(own, bytes) : aesKwWrap(own, bytes),
          )
          subject.output = [made]
          return accept({ key, wrapped: made })
        } finally {
          wipe(bytes)
        }
      })
    },

    /**
     * By AES itself, which a key does that was made as an object, and as the caller chooses once he knows the key; where he chooses
     * nothing, by the server's own envelope.
     */
    encryptObject(call: Call, { id, choose, data, aad, iv }: ObjectText): Promise<Outcome<ObjectSealed>> {
      return record(call, 'key.encrypt', async (subject) => {
        const within = checkLengths({ data, aad: aad ?? undefined })
        const what = { said: () => `a plaintext of ${data.length} bytes`, within }
        const used = await chosen(call, subject, { id, choose, data, aad, iv, tag: null }, 'encrypt', what)
        if (!used.ok) return used
        const { key, raw } = used.value
        if (raw === null) {
          const sealed = await seal(subject, key, data, aad ?? undefined)
          if (!sealed.ok) return sealed
          subject.output = [sealed.value]
          return accept<ObjectSealed>({ data: sealed.value, iv: null, tag: null })
        }
        const version = await versionOf(key, key.current_version, ['enabled'])
        if (!version.ok) return version
        subject.version = key.current_version
        const room = raw.mode === 'gcm' ? await countUse(key) : accept(null)
        if (!room.ok) return room
        const made = await unwrapping.useKey(key, version.value, (bytes) => rawEncrypt(bytes, raw, data, iv))
        if (made.ok) subject.output = [made.value.data]
        return made
      })
    },

    decryptObject(
      call: Call,
      { id, choose, data, aad, iv, tag }: ObjectText & { readonly tag: Uint8Array | null },
    ): Promise<Outcome<Uint8Array>> {
      return record(call, 'key.decrypt', async (subject) => {
        // Longer by a block of padding, or by what the envelope adds, at most.
        const within = checkLengths({
          data: data.subarray(Math.min(256, data.length)),
          aad: aad ?? undefined,
        })
        const what = { said: () => `the ciphertext of SHA-256 ${sha256Hex(data)}`, within }
        const used = await chosen(call, subject, { id, choose, data, aad, iv, tag }, 'decrypt', what)
        if (!used.ok) return used
        const { key, raw } = used.value
        if (raw === null) {
          const opened = await open(subject, key, data, aad ?? undefined)
          if (opened.ok) subject.output = [opened.value]
          return opened
        }
        if (iv === null) return refuse('CIPHER-IV', 'it is missing')
        const version = await versionOf(key, key.current_version, ['enabled', 'decrypt-only', 'compromised'])
        if (!version.ok) return version
        subject.version = key.current_version
        const opened = await unwrapping.useKey(key, version.value, (bytes) =>
          rawDecrypt(bytes, raw, { data, iv, tag }),
        )
        if (opened.ok) subject.output = [opened.value]
        return opened
      })
    },

    /** Where a project is, for whoever sees its keys: what a door asks that stands for one project. */
    place(call: Call, project: string): Promise<Outcome<Place>> {
      return record(call, 'project.read', (subject) => placeOf(call, subject, project, 'key.read'))
    },

    /** Random bytes for whoever uses the keys of a project. */
    random(call: Call, project: string, length: number): Promise<Outcome<Uint8Array>> {
      return record(call, 'random', async (subject) => {
        const place = await placeOf(call, subject, project, 'key.use')
        if (!place.ok) return place
        return length >= 1 && length <= maxRandom
          ? accept(new Uint8Array(randomBytes(length)))
          : refuse('BODY-TOO-LONG', `1 to ${maxRandom} random bytes at once`)
      })
    },
  }

  /**
   * A key whose bytes could leave, and what approvals that waits for: they are taken last, so that no refusal uses one up. A secret is
   * kept for whoever uses it; a key leaves for whoever may export keys. Nothing leaves of one that is switched off, or whose deletion is
   * scheduled.
   */
  async function leaving(
    call: Call,
    subject: Subject,
    id: string,
  ): Promise<Outcome<{ key: StoredKey; version: StoredVersion; needed: ApprovalsNeeded | null }>> {
    const proved = provedLately(call.caller)
    if (!proved.ok) return proved
    const key = await repository.findKey(id)
    if (key === 'absent') return absent('key')
    const secret = key.key_usage === 'secret-data'
    const needed = waitsFor(call, subject, secret ? 'key.use' : 'key.export', key)
    if (!needed.ok) return needed
    if (!key.is_exportable) return refuse('KEY-NOT-EXPORTABLE', 'it was not made to leave')
    const version = await versionOf(key, key.current_version, present)
    if (!version.ok) return version
    if (key.is_disabled) return refuse('KEY-DISABLED', 'it is switched off')
    subject.version = key.current_version
    return accept({ key, version: version.value, needed: needed.value })
  }

  /**
   * A key in use, and how; null: by the envelope. What is wrong with that is said first, and an approval is for this text, these parameters,
   * this nonce and this tag.
   */
  async function chosen(
    call: Call,
    subject: Subject,
    { id, choose, data, aad, iv, tag }: ObjectText & { readonly tag: Uint8Array | null },
    use: 'encrypt' | 'decrypt',
    { said, within }: { readonly said: () => string; readonly within: Outcome<null> },
  ): Promise<Outcome<{ key: StoredKey; raw: RawCipher | null }>> {
    subject.input = inputs(data, aad ?? undefined)
    let raw: RawCipher | null = null
    const found = await permitted(call, subject, 'key.use', await repository.findKey(id), (key) => {
      const fits = fitting(key, 'encrypt-decrypt', use)
      if (!fits.ok) return fits
      if (!within.ok) return within
      const cipher = cipherFor(key, choose)
      if (!cipher.ok || cipher.value === null) {
        subject.asked = said
        return cipher
      }
      raw = cipher.value
      const how = cipherInWords(raw)
      const none = new Uint8Array(0)
      subject.input = [...subject.input, iv ?? none, tag ?? none, utf8(how)]
      subject.asked = () => `${said()}, by ${how}`
      return cipher
    })
    return found.ok ? accept({ key: found.value, raw }) : found
  }

  function cipherFor(key: StoredKey, choose: ObjectText['choose']): Outcome<RawCipher | null> {
    const chosen = choose(key)
    if (!chosen.ok || chosen.value === null || key.usage_mask !== null) return chosen
    return refuse('KEY-USAGE', 'it encrypts by the envelope of the server, and not by AES itself')
  }

  async function placeOf(
    call: Call,
    subject: Subject,
    project: string,
    action: Action,
  ): Promise<Outcome<Place>> {
    const row = await repository.findProject(project)
    if (row === 'absent') return absent('project')
    const place = { organisation: row.organisation_id, project: row.id }
    Object.assign(subject, place)
    const allowed = authorize(call.caller, action, { kind: 'project', ...place })
    return allowed.ok ? accept(place) : allowed
  }

  /** A secret that is kept for its owner is given back; a key only where the project says so. */
  async function mayBePlain(algorithm: KeyAlgorithm, project: string): Promise<boolean> {
    return algorithms[algorithm].usage === 'secret-data' || (await letsPlainKeys(project))
  }

  async function letsPlainKeys(project: string): Promise<boolean> {
    const row = await repository.findProject(project)
    return row !== 'absent' && row.plain_export
  }

  async function letsKnownWrap(project: string): Promise<boolean> {
    const row = await repository.findProject(project)
    return row !== 'absent' && (row.plain_export || row.wrapped_export)
  }
}

/** Who brought a key, or got it, reads what it wraps; and so does whoever may decrypt with it: AES Key Wrap is AES, block by block. */
const mayBeKnown = (key: StoredKey, { row }: StoredVersion): boolean =>
  row.origin === 'imported' ||
  key.is_exportable ||
  (['encrypt', 'decrypt'] as const).some((use) => allows(key.usage_mask, 'encrypt-decrypt', use))

const cipherInWords = (raw: RawCipher): string =>
  raw.mode === 'gcm' ? `AES-GCM, a tag of ${raw.tagLength} bytes` : `AES-CBC${raw.padded ? ', padded' : ''}`

/** What is too long for an approver's eye, and for the index that finds it, is told by its beginning and its digest. */
const shortly = (text: string): string =>
  text.length <= 120 ? text : `${text.slice(0, 120)} … of SHA-256 ${sha256Hex(utf8(text))}`

const revocationInWords = ({ compromised, reason, message = '', occurred }: Revocation): string =>
  [
    compromised ? 'as compromised' : 'as not in use any more',
    `reason ${reason}`,
    ...(occurred === undefined ? [] : [`since ${occurred.toISOString()}`]),
    ...(message === '' ? [] : [JSON.stringify(shortly(message))]),
  ].join(', ')

/** Which of a key's own words change, and into what; the digest of the whole stands beside them. */
function changeInWords(key: StoredKey, { label, attributes }: ObjectChange): string {
  const there = new Set(key.attributes.map((one) => JSON.stringify(one)))
  const wanted = new Set((attributes ?? key.attributes).map((one) => JSON.stringify(one)))
  const added = [...wanted].filter((one) => !there.has(one))
  const gone = [...there].filter((one) => !wanted.has(one))
  return [
    ...(label === undefined
      ? []
      : [label === null ? 'no name' : `the name ${JSON.stringify(shortly(label))}`]),
    ...(added.length === 0 ? [] : [`with ${shortly(added.join(' '))}`]),
    ...(gone.length === 0 ? [] : [`without ${shortly(gone.join(' '))}`]),
    ...(label === undefined && added.length + gone.length === 0 ? ['nothing changed'] : []),
  ].join(', ')
}

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** None of a secret: it may be a password, and its hash would tell who guesses it that he is right. */
function digestsOf(algorithm: KeyAlgorithm, bytes: Uint8Array): Pick<KeyDates, 'digest' | 'publicDigest'> {
  const { usage } = algorithms[algorithm]
  if (usage === 'secret-data') return {}
  if (usage !== 'sign-verify') return { digest: digestOf(bytes) }
  const own = createPrivateKey({ key: Buffer.from(bytes), format: 'der', type: 'pkcs8' })
  const open = createPublicKey(own).export({ format: 'der', type: 'spki' })
  return { digest: digestOf(bytes), publicDigest: digestOf(open) }
}

type Place = { readonly organisation: string; readonly project: string }

function checkChange({ label, attributes }: ObjectChange): Outcome<null> {
  if (label !== undefined && label !== null && !labelShape.test(label))
    return refuse('KEY-LABEL', 'a name is 1 to 255 visible characters')
  const bytes = (attributes ?? []).reduce((sum, { name, value }) => sum + name.length + value.length, 0)
  return (attributes?.length ?? 0) > maxAttributes || bytes > maxAttributeBytes
    ? refuse(
        'KEY-ATTRIBUTES',
        `at most ${maxAttributes} attributes of ${maxAttributeBytes} characters in all`,
      )
    : accept(null)
}
