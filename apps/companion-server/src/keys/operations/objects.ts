import { createHash, createPrivateKey, createPublicKey, randomUUID } from 'node:crypto'
import { sha256Hex, utf8, wipe } from '@lux/crypto'
import { authorize } from '../../access/authorize.ts'
import type { Call, Subject } from '../../audit/record.ts'
import { changes, entry, given, type InputOf } from '../../operations/entry.ts'
import { Type } from '../../operations/schema.ts'
import type { KeptAttribute, KeyDates, VersionState } from '../../platform/database/tables.ts'
import { accept, type Outcome, refuse } from '../../refusal.ts'
import { algorithmNames, algorithms, defaultMask, type KeyAlgorithm } from '../algorithms.ts'
import { envelopeKeyId } from '../envelope.ts'
import {
  algorithmOf,
  id,
  type KeyParts,
  type KeyWork,
  keyPermission,
  makingPermissions,
  ofCeremony,
  type Place,
} from '../key-work.ts'
import type { StoredKey } from '../repository.ts'

export type ObjectChange = {
  readonly label?: string | null
  readonly attributes?: readonly KeptAttribute[]
}

/** An object is called by its label; its name is but its id. */
const nameOf = (id: string): string => id.replaceAll('-', '')
const labelShape = /^[^\p{C}]{1,255}$/u
const maxAttributes = 64
const maxAttributeBytes = 8192

/** A key as an object with a life of its own: made here or brought, used once it is activated, named in free words. */
const newObject = {
  project: id,
  algorithm: Type.Enum([...algorithmNames]),
  label: Type.Optional(Type.String({ maxLength: 1024 })),
  preActive: Type.Optional(Type.Boolean()),
  /** Its bytes may leave: wrapped, and in the clear only where it is not sensitive. */
  isExportable: Type.Optional(Type.Boolean()),
  /** Absent: of a key, unless its project lets keys leave so. */
  isSensitive: Type.Optional(Type.Boolean()),
  /** Absent: all that a key of the algorithm is for. */
  mask: Type.Optional(Type.Integer()),
  attributes: Type.Optional(given<readonly KeptAttribute[]>()),
}
export type NewObject = InputOf<typeof newObject>

const revocation = {
  id,
  compromised: Type.Boolean(),
  /** KMIP's code. */
  reason: Type.Integer(),
  message: Type.Optional(Type.String()),
  occurred: Type.Optional(given<Date>()),
}
type Revocation = InputOf<typeof revocation>

/** Keys as objects: what KMIP asks of them, for whatever door. */
export function objectEntries(parts: KeyParts, work: KeyWork) {
  const { repository, now } = parts
  const { onKey, changed } = work
  const managed = { ...changes, ...onKey('key.manage') }

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

  return {
    ...newObjectEntries(parts, work),

    activate: entry({
      ...managed,
      name: 'key.activate',
      input: { id },
      shown: () => 'in use from now on',
      fits: () => accept(null),
      run: ({ found }) => moved(found, ['pre-active'], 'enabled', { activated: now().toISOString() }),
    }),

    /** No more encryption and signing under it; compromised, no signature of it is believed either. It still decrypts. */
    revoke: entry({
      ...managed,
      name: 'key.revoke',
      input: revocation,
      shown: revocationInWords,
      fits: () => accept(null),
      run({ found: key, input: why }) {
        const message = (why.message ?? '').slice(0, 1024)
        const lifecycle = { reason: why.reason, ...(message === '' ? {} : { message }) }
        const at = now().toISOString()
        if (!why.compromised)
          return moved(key, ['enabled'], 'decrypt-only', { ...lifecycle, deactivated: at })
        return moved(key, ['pre-active', 'enabled', 'decrypt-only', 'disabled'], 'compromised', {
          ...lifecycle,
          compromised: at,
          compromiseOccurred: (why.occurred ?? now()).toISOString(),
        })
      },
    }),

    /** At once and for ever, of an object that was revoked or never activated: what is in use has to be revoked first. */
    destroyObject: entry({
      ...managed,
      name: 'key.destroy',
      input: { id },
      secondFactor: true,
      shown: () => 'at once and for ever',
      fits({ found: key }) {
        if (key.threshold !== null) return ofCeremony()
        if (key.lifecycle.destroyed !== undefined) return refuse('KEY-STATE', 'it is destroyed already')
        // The others have their own ways to end, with a time to wait or a name to confirm.
        if (key.usage_mask === null)
          return refuse(
            'KEY-STATE',
            'it was not made as an object: over HTTP its deletion is scheduled, or it is shredded',
          )
        return accept(null)
      },
      async run({ found: key }) {
        const made = await repository.destroy(key, { destroyed: now().toISOString() }, now())
        return made === 'moved' ? refuse('KEY-STATE', 'it is in use: revoke it first') : accept(made)
      },
    }),

    /** `change` says what changes once the key is known: people approve this change of this key as it is. */
    describe: entry({
      ...managed,
      name: 'key.change',
      input: { id, change: given<(key: StoredKey) => Outcome<ObjectChange>>() },
      fits({ found, input: { change }, subject }) {
        const wanted = change(found)
        if (!wanted.ok) return wanted
        subject.input = [changeAsBytes(wanted.value)]
        const fits = checkChange(wanted.value)
        return fits.ok ? wanted : fits
      },
      shown: (_, { found, fitting }) => changeInWords(found, fitting),
      hashed: (_, wanted) => (wanted === null ? [] : [changeAsBytes(wanted)]),
      run: ({ found, fitting }) => changed(found, fitting),
    }),
  }
}

const changeAsBytes = ({ label, attributes }: ObjectChange): Uint8Array =>
  utf8(JSON.stringify([label, attributes]))

const placeOf = ({ organisation_id: organisation, project_id: project }: StoredKey): Place => ({
  organisation,
  project,
})

type Made = {
  readonly id: string
  readonly place: Place
  readonly algorithm: KeyAlgorithm
  readonly identity: string
}

/** The row of an object that is made here, without what its maker says of it. */
const rowOf = ({ id, place, algorithm, identity }: Made) => ({
  id,
  envelope_id: Buffer.from(envelopeKeyId(id)),
  organisation_id: place.organisation,
  project_id: place.project,
  name: nameOf(id),
  description: null,
  key_usage: algorithms[algorithm].usage,
  algorithm,
  current_version: 1,
  created_by: identity,
})

/** What an object's bytes are in its rows: the digests of them, and its first version. The bytes themselves are wiped. */
async function stored(
  { unwrapping }: KeyParts,
  { id, place, algorithm }: Made,
  { bytes, origin }: { readonly bytes: Uint8Array; readonly origin: 'online' | 'imported' },
) {
  const digests = digestsOf(algorithm, bytes)
  const { planned } = algorithms[algorithm]
  const version = await unwrapping
    .wrapKey(place.project, { id, version: 1, algorithm: planned, origin }, bytes)
    .finally(() => wipe(bytes))
  return { digests, version }
}

/** What makes an object: afresh, of bytes that are brought, or in the place of another. */
function newObjectEntries(parts: KeyParts, work: KeyWork) {
  const { repository, now } = parts

  /** A secret that is kept for its owner is given back; a key only where the project says so. */
  async function mayBePlain(algorithm: KeyAlgorithm, project: string): Promise<boolean> {
    if (algorithms[algorithm].usage === 'secret-data') return true
    const row = await repository.findProject(project)
    return row !== 'absent' && row.plain_export
  }

  const making = {
    ...changes,
    find: async ({ project }: { project: string }) => {
      const place = await work.placeOf(project)
      return place.ok ? accept({ place: place.value, id: randomUUID() }) : place
    },
    permissions: ({ place, id }: { place: Place; id: string }, { algorithm }: NewObject) =>
      makingPermissions(place, { name: nameOf(id), algorithm }),
    shown: null,
    async fits({ found: { place }, input }: { found: { place: Place }; input: NewObject }) {
      const { algorithm, attributes = [], isExportable = false } = input
      const plain = await mayBePlain(algorithm, place.project)
      const isSensitive = input.isSensitive ?? !plain
      const described = checkChange({ attributes, label: input.label ?? null })
      if (!described.ok) return described
      return isExportable && !isSensitive && !plain
        ? refuse('KEY-EXPORT', 'the keys of this project do not leave the server in the clear')
        : accept({ isSensitive })
    },
  }

  type Making = {
    readonly call: Call
    readonly found: { readonly id: string; readonly place: Place }
    readonly input: NewObject
    readonly fitting: { readonly isSensitive: boolean }
    readonly subject: Subject
  }

  async function inserted(
    { call, found, input, fitting, subject }: Making,
    material: Parameters<typeof stored>[2],
  ): Promise<Outcome<StoredKey>> {
    const { algorithm, attributes = [], isExportable = false, preActive = false } = input
    const object = { ...found, algorithm, identity: call.caller.identity }
    const { digests, version } = await stored(parts, object, material)
    const lifecycle: KeyDates = preActive ? digests : { ...digests, activated: now().toISOString() }
    const key = await repository.insert(
      {
        ...rowOf(object),
        label: input.label ?? null,
        is_exportable: isExportable,
        is_sensitive: fitting.isSensitive,
        usage_mask: input.mask ?? defaultMask(algorithm),
        attributes: JSON.stringify(attributes),
        lifecycle: JSON.stringify(lifecycle),
      },
      { ...version, state: preActive ? 'pre-active' : 'enabled' },
    )
    if (key === 'name-taken') return refuse('KEY-NAME-TAKEN', 'another key of the project has this name')
    Object.assign(subject, { key: key.id, version: 1 })
    return accept(key)
  }

  return {
    createObject: entry({
      ...making,
      name: 'key.create',
      input: newObject,
      async run(on) {
        const generated = await work.generate(on.call.caller.identity, on.input.algorithm)
        return generated.ok ? inserted(on, { bytes: generated.value, origin: 'online' }) : generated
      },
    }),

    /** The key's bytes are what a client brings. */
    register: entry({
      ...making,
      name: 'key.register',
      input: { ...newObject, material: given<Uint8Array>() },
      async fits(on) {
        const { algorithm, material } = on.input
        const fits = await making.fits(on)
        return !fits.ok || algorithms[algorithm].accepts(material)
          ? fits
          : refuse('KEY-MATERIAL', `${material.length} bytes are no key of algorithm ${algorithm}`)
      },
      run: (on) => inserted(on, { bytes: Uint8Array.from(on.input.material), origin: 'imported' }),
    }),

    replace: replacing(parts, work),
  }
}

/** A new key of the same kind in the place of an old one, whose name and attributes it takes. */
function replacing(parts: KeyParts, { onKey, versionOf, generate }: KeyWork) {
  return entry({
    ...changes,
    name: 'key.replace',
    input: { id },
    async find(input) {
      const old = await onKey('key.manage').find(input)
      return old.ok ? accept({ old: old.value, next: randomUUID() }) : old
    },
    permissions: ({ old }) => [keyPermission('key.manage', old)],
    shown: () => 'a new key in its place',
    async fits({ call, found: { old, next } }) {
      const named = { name: nameOf(next), algorithm: old.algorithm }
      for (const { action, resource } of makingPermissions(placeOf(old), named)) {
        const allowed = authorize(call.caller, action, resource)
        if (!allowed.ok) return allowed
      }
      const algorithm = algorithmOf(old)
      if (algorithm === null || algorithms[algorithm].usage === 'secret-data')
        return refuse('KEY-USAGE', `a key of ${old.algorithm} is not made here`)
      const current = await versionOf(old, old.current_version, ['enabled', 'decrypt-only'])
      return current.ok ? accept(algorithm) : current
    },
    async run({ call, found: { old, next }, fitting: algorithm, subject }) {
      const { identity } = call.caller
      const generated = await generate(identity, algorithm)
      if (!generated.ok) return generated
      const object = { id: next, place: placeOf(old), algorithm, identity }
      const { digests, version } = await stored(parts, object, { bytes: generated.value, origin: 'online' })
      const activated = parts.now().toISOString()
      const lifecycle: KeyDates = { ...digests, activated, replaces: old.id }
      const made = await parts.repository.replace(
        old,
        {
          ...rowOf(object),
          label: old.label,
          is_exportable: old.is_exportable,
          is_sensitive: old.is_sensitive,
          usage_mask: old.usage_mask ?? defaultMask(algorithm),
          attributes: JSON.stringify(old.attributes),
          lifecycle: JSON.stringify(lifecycle),
        },
        version,
      )
      if (made === 'moved') return refuse('KEY-STATE', 'another key has taken its place already')
      subject.version = 1
      return accept(made)
    },
  })
}

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
