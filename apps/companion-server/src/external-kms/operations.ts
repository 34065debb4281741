import { randomBytes, randomUUID } from 'node:crypto'
import { utf8 } from '@lux/crypto'
import type { Approvals } from '../access/approvals.ts'
import { type Action, absent, scopesWhere } from '../access/authorize.ts'
import { outsideOf } from '../access/conditions.ts'
import { nobody } from '../access/duties/rules.ts'
import type { Record } from '../audit/record.ts'
import {
  aad,
  id,
  inputs,
  made,
  makingPermissions,
  type Place,
  payload,
  placePermission,
  resourceOf,
  version,
} from '../keys/key-work.ts'
import type { KeyLifecycle } from '../keys/lifecycle.ts'
import { named } from '../keys/operations/making.ts'
import { hashedOf, signed, digestOf as signedDigest } from '../keys/operations/proving.ts'
import { ciphertextOf, dataKeyLengths, spec, textOf } from '../keys/operations/sealing.ts'
import type { KeyRepository } from '../keys/repository.ts'
import { checkSigningInput, verifyData } from '../keys/signing.ts'
import { changes, entry, type Permission, reads } from '../operations/entry.ts'
import { openPipeline, operationsOf } from '../operations/pipeline.ts'
import { Type } from '../operations/schema.ts'
import { replyWithin } from '../platform/in-time.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { describedColumns, type ExternalKeys, type StoredExternalKey } from './external-keys.ts'
import { badAnswer, type Provider, type ProviderKey, type ProviderUse, providerNames } from './provider.ts'
import { digestOf, opened, seal, signerOf, tried } from './sealing.ts'

type Parts = {
  readonly externalKeys: ExternalKeys
  readonly repository: KeyRepository
  readonly lifecycle: KeyLifecycle
}

const nameShape = /^(?=.{1,32}$)[a-z0-9]+(?:-[a-z0-9]+)*$/
const fields = Type.Record(Type.String({ pattern: '^[a-zA-Z]{1,32}$' }), Type.String({ maxLength: 65_536 }))

export type ExternalKeyOperations = ReturnType<typeof openExternalKeyOperations>

export const openExternalKeyOperations = (
  parts: Parts & {
    readonly record: Record
    readonly approvals: Pick<Approvals, 'take' | 'change' | 'giveBack'>
  },
) => operationsOf(externalKeyTable(parts), openPipeline(parts))

/** As conditions on keys know it. */
const factsOf = ({ name, provider }: Pick<StoredExternalKey, 'name' | 'provider'>) => ({
  ...{ name, algorithm: `external-${provider}` },
})

const permission = (action: Action, row: StoredExternalKey): Permission => {
  const { id: key, organisation_id: organisation, project_id: project } = row
  return { action, resource: { kind: 'key', organisation, project, ...factsOf(row) }, key }
}

const onKey = ({ externalKeys }: Parts, action: Action) => ({
  async find({ id }: { id: string }): Promise<Outcome<StoredExternalKey>> {
    const row = await externalKeys.find(id)
    return row === 'absent' ? absent('key') : accept(row)
  },
  permissions: (row: StoredExternalKey): [Permission] => [permission(action, row)],
})

/**
 * Keys that live at a provider. A message is encrypted here, under a key of its own that the provider seals: the provider sees no
 * plaintext, and what it falsifies does not open. A signature is checked before it is handed out.
 */
export const externalKeyTable = (parts: Parts) => ({
  ...placeEntries(parts),
  ...managingEntries(parts),
  ...renewingEntries(parts),
  ...usingEntries(parts),
})

function placeEntries(parts: Parts) {
  const { externalKeys, repository } = parts

  async function placeOf({ project }: { project: string }): Promise<Outcome<Place>> {
    const row = await repository.findProject(project)
    return row === 'absent'
      ? absent('project')
      : accept({ organisation: row.organisation_id, project: row.id })
  }

  return {
    /** Kept once the provider has shown that it works. */
    create: entry({
      ...changes,
      name: 'external-key.create',
      input: {
        project: id,
        name: named.name,
        provider: Type.Enum([...providerNames]),
        settings: fields,
        credentials: fields,
        /** Of one that was removed from the project: what was encrypted under it opens again. Absent: a new one. */
        again: Type.Optional(id),
        /** It comes there by an import: it need not be there yet. */
        forImport: Type.Optional(Type.Boolean()),
      },
      find: placeOf,
      permissions: (place, wanted) => makingPermissions(place, factsOf(wanted)),
      shown: null,
      async fits({ input: { project, name, again, provider, settings, credentials } }) {
        if (!nameShape.test(name)) return refuse('KEY-NAME', 'expected 1 to 32 of a-z, 0-9 and single dashes')
        if (again !== undefined && !(await externalKeys.wasRemoved(project, again))) return absent('key')
        return externalKeys.connect({ provider, settings, credentials })
      },
      async run({ call, subject, found, fitting: connected, input }) {
        const { name, provider, settings, credentials, again, forImport = false } = input
        const own = again ?? randomUUID()
        const shown = forImport ? await describedOrWaiting(connected) : await tried(connected, own)
        if (!shown.ok) return shown
        const row = { id: own, project_id: found.project, provider, settings }
        const made = await externalKeys.insert({
          ...{ ...row, organisation_id: found.organisation, name, created_by: call.caller.identity },
          ...describedColumns(shown.value),
          credentials: await externalKeys.seal(row, credentials),
        })
        if (made === 'name-taken')
          return refuse('KEY-NAME-TAKEN', 'another external key of the project has this name')
        subject.key = own
        return accept(made)
      },
    }),

    list: entry({
      ...reads,
      name: 'external-key.list',
      input: { project: id },
      find: placeOf,
      permissions: (place) => [placePermission('key.read', place)],
      async run({ call, found }) {
        const scopes = scopesWhere(call.caller, 'key.read', { kind: 'project', ...found })
        const all = await externalKeys.list(found.project)
        return accept(all.filter((row) => scopes.some((scope) => outsideOf(scope, factsOf(row)) === null)))
      },
    }),

    get: entry({
      ...reads,
      ...onKey(parts, 'key.read'),
      name: 'external-key.read',
      input: { id },
      run: async ({ found }) => accept(found),
    }),
  }
}

/** What who manages an external key does with it. */
function managingEntries(parts: Parts) {
  const { externalKeys } = parts
  const managed = { ...changes, ...onKey(parts, 'key.manage') }

  return {
    /**
     * Whole ones in place of the whole ones before, once the provider has shown that they work. Settings change with credentials alone:
     * those that are here go nowhere else. Approvers see the settings; of the credentials, that they are these and no others.
     */
    changeCredentials: entry({
      ...managed,
      name: 'external-key.change-credentials',
      input: { id, credentials: fields, settings: Type.Optional(fields) },
      // What is encrypted from now on is whose the provider's key is.
      secondFactor: true,
      shown: ({ settings }) => (settings === undefined ? 'other credentials' : JSON.stringify(settings)),
      hashed: ({ credentials }) => [utf8(JSON.stringify(credentials))],
      fits({ found, input: { credentials, settings = found.settings } }) {
        // What was inserted passed `connect`.
        const provider = found.provider as (typeof providerNames)[number]
        return externalKeys.connect({ provider, settings, credentials })
      },
      async run({ found, fitting: connected, input: { credentials, settings = found.settings } }) {
        const shown = await tried(connected, found.id)
        if (!shown.ok) return shown
        const sealed = await externalKeys.seal({ ...found, settings }, credentials)
        const changed = await externalKeys.change(found.id, {
          ...{ settings, credentials: sealed, described: shown.value },
        })
        return changed === 'absent' ? absent('key') : accept(changed)
      },
    }),

    /** Forgets the credentials; at the provider nothing changes. What was encrypted opens no more until the key is configured again. */
    remove: entry({
      ...managed,
      name: 'external-key.remove',
      input: { id, confirm: Type.Optional(Type.String({ maxLength: 64 })) },
      secondFactor: true,
      shown: () => 'its credentials forgotten',
      fits: ({ found, input: { confirm } }) =>
        confirm === found.name
          ? accept(null)
          : refuse('REQUEST-FIELDS', 'confirmName is not the name of the key that is to be removed'),
      async run({ found }) {
        await externalKeys.remove(found)
        return accept(null)
      },
    }),

    test: entry({
      ...managed,
      name: 'external-key.test',
      isChange: false,
      input: { id },
      shown: () => 'a test of its credentials',
      fits: () => accept(null),
      repeats: 'done-again',
      run: async ({ found }) => tried(await externalKeys.open(found), found.id),
    }),
  }
}

/** What gives the provider's key another version. */
function renewingEntries(parts: Parts) {
  const { externalKeys, repository, lifecycle } = parts

  async function describedAgain(provider: Provider, id: string): Promise<Outcome<StoredExternalKey>> {
    const described = await provider.describe()
    if (!described.ok) return described
    const changed = await externalKeys.change(id, { described: described.value })
    return changed === 'absent' ? absent('key') : accept(changed)
  }

  return {
    /** A new version at the provider; a new public key is taken over. */
    rotate: entry({
      ...changes,
      ...onKey(parts, 'key.manage'),
      name: 'external-key.rotate',
      input: { id },
      shown: () => 'a new version at the provider',
      fits: () => accept(null),
      async run({ found }) {
        const provider = await externalKeys.open(found)
        const turned = await provider.rotate()
        return turned.ok ? describedAgain(provider, found.id) : turned
      },
    }),

    /** A key of ours, wrapped to the provider as an export is, and with the same rights: it never leaves in the clear. */
    importKey: entry({
      ...changes,
      name: 'external-key.import',
      input: { id, key: id, version: Type.Optional(version) },
      async find(input) {
        const row = await onKey(parts, 'key.manage').find(input)
        return row.ok ? accept({ row: row.value, own: await repository.findKey(input.key) }) : row
      },
      permissions: ({ row, own }) => [
        permission('key.manage', row),
        own === 'absent' || own.project_id !== row.project_id
          ? absent('key')
          : { action: 'key.export', resource: resourceOf(own), key: row.id, byItself: true },
      ],
      shown: ({ key, version }) =>
        `${version === undefined ? 'the current version' : `version ${version}`} of key ${key}`,
      fits: ({ found: { own } }) => (own === 'absent' ? absent('key') : accept(own)),
      async run({ call, found: { row }, fitting: own, input: { key, version } }) {
        const provider = await externalKeys.open(row)
        const target = await provider.importTarget(own.algorithm)
        if (!target.ok) return target
        const { publicKey: to, ticket, byOaep = false } = target.value
        // It is entered in the audit log by itself, beside this.
        const wrapped = await lifecycle.exportKey(
          { ...call, receipt: null },
          // Of the provider's own wrapping key, which may be another each time, an approver knows nothing.
          {
            ...{ id: key, to, byOaep, whither: `into the key ${row.id} at ${row.provider}` },
            ...(version === undefined ? {} : { version }),
          },
        )
        if (!wrapped.ok) return wrapped
        const taken = await provider.importKey({
          ...{ ticket, wrapped: wrapped.value.wrapped, algorithm: own.algorithm },
        })
        return taken.ok ? describedAgain(provider, row.id) : taken
      },
    }),
  }
}

/** An external key in use. */
function usingEntries(parts: Parts) {
  const { externalKeys } = parts
  const using = (use: ProviderUse) => ({
    ...onKey(parts, 'key.use'),
    ...({
      isChange: false,
      touches: nobody,
      secondFactor: false,
      repeats: 'done-again',
      deadline: replyWithin,
    } as const),
    fits: ({ found }: { found: StoredExternalKey }) => fitsUse(found, use),
  })
  const at = async (row: StoredExternalKey) => ({ row, provider: await externalKeys.open(row) })

  return {
    encrypt: entry({
      ...using('encrypt-decrypt'),
      name: 'external-key.encrypt',
      input: { id, plaintext: payload, aad },
      shown: textOf,
      hashed: ({ plaintext, aad }) => inputs(plaintext, aad),
      run: async ({ found, input: { plaintext, aad } }) => seal(await at(found), plaintext, aad),
      output: (sealed) => [sealed],
    }),

    decrypt: entry({
      ...using('encrypt-decrypt'),
      name: 'external-key.decrypt',
      input: { id, ciphertext: made, aad },
      shown: ciphertextOf,
      hashed: ({ ciphertext, aad }) => inputs(ciphertext, aad),
      run: async ({ found, input: { ciphertext, aad } }) => opened(await at(found), ciphertext, aad),
      output: (text) => [text],
    }),

    generateDataKey: entry({
      ...using('encrypt-decrypt'),
      name: 'external-key.generate-data-key',
      input: { id, spec, aad },
      shown: ({ spec = 'AES_256' }) => `a data key ${spec}`,
      hashed: ({ spec = 'AES_256', aad }) => inputs(utf8(spec), aad),
      async run({ found, input: { spec = 'AES_256', aad } }) {
        const plaintext = new Uint8Array(randomBytes(dataKeyLengths[spec]))
        const sealed = await seal(await at(found), plaintext, aad)
        return sealed.ok ? accept({ plaintext, ciphertext: sealed.value }) : sealed
      },
      output: ({ ciphertext }) => [ciphertext],
    }),

    /** The provider is given the digest alone. */
    sign: entry({
      ...using('sign-verify'),
      name: 'external-key.sign',
      input: { id, ...signed },
      shown: (input) => `by ${input.algorithm}, data of the digest ${signedDigest(input)}`,
      hashed: hashedOf,
      fits({ found, input }) {
        const fits = fitsUse(found, 'sign-verify')
        if (!fits.ok) return fits
        const signer = found.public_key === null ? null : signerOf(found.public_key)
        if (signer === null) return badAnswer('its public key is none that is known here')
        const signs = checkSigningInput(signer.suite, input)
        return signs.ok ? accept(signer) : signs
      },
      async run({ found, fitting: signer, input: { algorithm, data, isDigest } }) {
        const { provider } = await at(found)
        const digest = isDigest ? data : digestOf(algorithm, data)
        const made = await provider.sign({ algorithm, digest })
        if (!made.ok) return made
        return verifyData(signer.key, { algorithm, data: digest, isDigest: true }, made.value)
          ? made
          : badAnswer('its signature is not valid under the public key that it gave')
      },
      output: (signature) => [signature],
    }),
  }
}

const fitsUse = (row: StoredExternalKey, use: ProviderUse): Outcome<null> =>
  row.key_use === use ? accept(null) : refuse('KEY-USAGE', `this key is for ${row.key_use}`)

async function describedOrWaiting(provider: Provider): Promise<Outcome<ProviderKey>> {
  const described = await provider.describe()
  return !described.ok && described.rule === 'PROVIDER-KEY-ABSENT'
    ? accept({ id: '', use: 'encrypt-decrypt', publicKey: null })
    : described
}
