import { createHash, createPublicKey, type KeyObject, randomBytes, randomUUID } from 'node:crypto'
import { concatBytes, equalBytes, sha256Hex, toHex, u32be, utf8, wipe } from '@lux/crypto'
import type { Approvals } from '../access/approvals.ts'
import {
  type Action,
  absent,
  approvalsBefore,
  authorize,
  provedLately,
  scopesWhere,
} from '../access/authorize.ts'
import { type ApprovalsNeeded, outsideOf, sameApprovals } from '../access/conditions.ts'
import type { Call, Record, Subject } from '../audit/record.ts'
import type { KeyAlgorithm } from '../keys/algorithms.ts'
import { envelopeKeyId, openEnvelope, readEnvelopeHead, sealEnvelope } from '../keys/envelope.ts'
import { checkLengths, inputs, resourceOf } from '../keys/key-work.ts'
import type { KeyLifecycle } from '../keys/lifecycle.ts'
import type { DataKeySpec } from '../keys/operations/sealing.ts'
import type { KeyRepository } from '../keys/repository.ts'
import { checkSigningInput, type SigningInput, verifyData } from '../keys/signing.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import type { ProviderSettings } from './connect.ts'
import { describedColumns, type ExternalKeys, type StoredExternalKey } from './external-keys.ts'
import { badAnswer, type Given, type Provider, type ProviderKey, type ProviderUse } from './provider.ts'

export type NewExternalKey = ProviderSettings & {
  readonly project: string
  readonly name: string
  /** Of one that was removed from the project: what was encrypted under it opens again. Absent: a new one. */
  readonly again?: string
  /** It comes there by an import: it need not be there yet. */
  readonly forImport?: boolean
}

type Parts = {
  readonly externalKeys: ExternalKeys
  readonly repository: KeyRepository
  readonly lifecycle: KeyLifecycle
  readonly record: Record
  readonly approvals: Pick<Approvals, 'take'>
}

const nameShape = /^(?=.{1,32}$)[a-z0-9]+(?:-[a-z0-9]+)*$/
const dataKeyLengths: { readonly [spec in DataKeySpec]: number } = { AES_256: 32, AES_128: 16 }
const magic = Buffer.from('LUXX')
/** Bytes of a key that a provider sealed: AWS's are some 200, the transit engine's some 100. */
const maxSealed = 8192

export type ExternalKeyOperations = ReturnType<typeof openExternalKeyOperations>

/** As conditions on keys know it. */
const factsOf = ({ name, provider }: Pick<StoredExternalKey, 'name' | 'provider'>) => ({
  ...{ name, algorithm: `external-${provider}` },
})

/**
 * Keys that live at a provider. A message is encrypted here, under a key of its own that the provider seals: the provider sees no
 * plaintext, and what it falsifies does not open. A signature is checked before it is handed out.
 */
export function openExternalKeyOperations({ externalKeys, repository, lifecycle, record, approvals }: Parts) {
  /** What people have to approve first is not used up yet. */
  async function waitsFor(
    call: Call,
    subject: Subject,
    action: Action,
    id: string,
  ): Promise<Outcome<{ row: StoredExternalKey; needed: ApprovalsNeeded | null }>> {
    const row = await externalKeys.find(id)
    if (row === 'absent') return absent('key')
    const { organisation_id: organisation, project_id: project } = row
    Object.assign(subject, { organisation, project, key: id })
    const resource = { kind: 'key', organisation, project, ...factsOf(row) } as const
    const needed = approvalsBefore(call.caller, action, resource)
    return needed.ok ? accept({ row, needed: needed.value }) : needed
  }

  const take = async (
    call: Call,
    subject: Subject,
    needed: ApprovalsNeeded | null,
  ): Promise<Outcome<null>> => (needed === null ? accept(null) : approvals.take(call, subject, needed))

  async function permitted(
    call: Call,
    subject: Subject,
    action: Action,
    id: string,
  ): Promise<Outcome<StoredExternalKey>> {
    const found = await waitsFor(call, subject, action, id)
    if (!found.ok) return found
    const approved = await take(call, subject, found.value.needed)
    return approved.ok ? accept(found.value.row) : approved
  }

  async function usable(
    call: Call,
    subject: Subject,
    id: string,
    use: ProviderUse,
  ): Promise<Outcome<{ row: StoredExternalKey; provider: Provider }>> {
    const row = await permitted(call, subject, 'key.use', id)
    if (!row.ok) return row
    if (row.value.key_use !== use) return refuse('KEY-USAGE', `this key is for ${row.value.key_use}`)
    return accept({ row: row.value, provider: await externalKeys.open(row.value) })
  }

  /** magic 4 | length u32be | the provider's ciphertext of a key | our envelope under that key, which binds all that is before it. */
  async function seal(
    { row, provider }: { row: StoredExternalKey; provider: Provider },
    plaintext: Uint8Array,
    aad: Uint8Array | undefined,
  ): Promise<Outcome<Uint8Array>> {
    const key = new Uint8Array(randomBytes(32))
    try {
      const sealed = await provider.encrypt(key, row.id)
      if (!sealed.ok) return sealed
      if (sealed.value.length > maxSealed || Buffer.from(sealed.value).includes(Buffer.from(key)))
        return badAnswer('what it calls encrypted is not')
      const head = concatBytes(magic, u32be(sealed.value.length), sealed.value)
      return accept(concatBytes(head, sealEnvelope(key, contextOf(row, aad), plaintext, randomBytes(32))))
    } finally {
      wipe(key)
    }
  }

  async function opened(
    { row, provider }: { row: StoredExternalKey; provider: Provider },
    ciphertext: Uint8Array,
    aad: Uint8Array | undefined,
  ): Promise<Outcome<Uint8Array>> {
    const bytes = Buffer.from(ciphertext)
    const length = bytes.length < 8 ? 0 : bytes.readUInt32BE(4)
    if (
      !bytes.subarray(0, 4).equals(magic) ||
      length === 0 ||
      length > maxSealed ||
      bytes.length < 8 + length
    )
      return refuse('ENVELOPE-MALFORMED', 'it is no ciphertext of an external key')
    const envelope = new Uint8Array(bytes.subarray(8 + length))
    const head = readEnvelopeHead(envelope)
    if (!head.ok) return head
    if (!equalBytes(head.value.keyId, envelopeKeyId(row.id)))
      return refuse('ENVELOPE-KEY', 'the ciphertext names another key')
    const key = await provider.decrypt(new Uint8Array(bytes.subarray(8, 8 + length)), row.id)
    if (!key.ok) return key
    if (key.value.length !== 32) return badAnswer('what it decrypted is no key of ours')
    try {
      return openEnvelope(key.value, contextOf(row, aad), envelope)
    } finally {
      wipe(key.value)
    }
  }

  /** The key is there and does what it says: a message there and back, or a signature that its public key verifies. */
  async function tried(provider: Provider, id: string): Promise<Outcome<ProviderKey>> {
    const described = await provider.describe()
    if (!described.ok) return described
    const { use, publicKey, algorithms = [] } = described.value
    const bytes = new Uint8Array(randomBytes(32))
    if (use === 'encrypt-decrypt') {
      const sealed = await provider.encrypt(bytes, id)
      if (!sealed.ok) return sealed
      const back = await provider.decrypt(sealed.value, id)
      if (!back.ok) return back
      return equalBytes(back.value, bytes) ? described : badAnswer('it decrypted to other bytes')
    }
    const signer = publicKey === null ? null : signerOf(publicKey)
    if (signer === null) return badAnswer('its public key is none that is known here')
    const usual = signer.suite.startsWith('RSA') ? 'RSASSA_PSS_SHA_256' : ecdsaOf(signer.suite)
    const [algorithm = usual] = algorithms
    const input = { algorithm, data: digestOf(algorithm, bytes), isDigest: true } as const
    const made = await provider.sign({ algorithm, digest: input.data })
    if (!made.ok) return made
    return verifyData(signer.key, input, made.value) ? described : badAnswer('its signature is not valid')
  }

  return {
    /** Kept once the provider has shown that it works. */
    create(call: Call, wanted: NewExternalKey): Promise<Outcome<StoredExternalKey>> {
      return record(call, 'external-key.create', async (subject) => {
        const place = await repository.findProject(wanted.project)
        if (place === 'absent') return absent('project')
        const { organisation_id: organisation, id: project } = place
        Object.assign(subject, { organisation, project })
        const allowed = authorize(call.caller, 'key.create', { kind: 'project', organisation, project })
        if (!allowed.ok) return allowed
        const { name, provider, settings, credentials, again, forImport = false } = wanted
        const algorithm = `external-${provider}`
        const named = authorize(call.caller, 'key.create', {
          ...{ kind: 'key', organisation, project, name, algorithm },
        })
        if (!named.ok) return named
        if (!nameShape.test(name)) return refuse('KEY-NAME', 'expected 1 to 32 of a-z, 0-9 and single dashes')
        if (again !== undefined && !(await externalKeys.wasRemoved(project, again))) return absent('key')
        const connected = externalKeys.connect({ provider, settings, credentials })
        if (!connected.ok) return connected
        const id = again ?? randomUUID()
        const shown = forImport ? await describedOrWaiting(connected.value) : await tried(connected.value, id)
        if (!shown.ok) return shown
        const row = { id, project_id: project, provider, settings }
        const made = await externalKeys.insert({
          ...{ ...row, organisation_id: organisation, name, created_by: call.caller.identity },
          ...describedColumns(shown.value),
          credentials: await externalKeys.seal(row, credentials),
        })
        if (made === 'name-taken')
          return refuse('KEY-NAME-TAKEN', 'another external key of the project has this name')
        subject.key = id
        return accept(made)
      })
    },

    list(call: Call, project: string): Promise<Outcome<readonly StoredExternalKey[]>> {
      return record(call, 'external-key.list', async (subject) => {
        const place = await repository.findProject(project)
        if (place === 'absent') return absent('project')
        const organisation = place.organisation_id
        Object.assign(subject, { organisation, project })
        const its = { kind: 'project', organisation, project } as const
        const allowed = authorize(call.caller, 'key.read', its)
        if (!allowed.ok) return allowed
        const scopes = scopesWhere(call.caller, 'key.read', its)
        const all = await externalKeys.list(project)
        return accept(all.filter((row) => scopes.some((scope) => outsideOf(scope, factsOf(row)) === null)))
      })
    },

    get(call: Call, id: string): Promise<Outcome<StoredExternalKey>> {
      return record(call, 'external-key.read', (subject) => permitted(call, subject, 'key.read', id))
    },

    /**
     * Whole ones in place of the whole ones before, once the provider has shown that they work. Settings change with credentials alone:
     * those that are here go nowhere else.
     */
    changeCredentials(
      call: Call,
      id: string,
      { credentials, settings: moved }: { readonly credentials: Given; readonly settings?: Given },
    ): Promise<Outcome<StoredExternalKey>> {
      return record(call, 'external-key.change-credentials', async (subject) => {
        // What is encrypted from now on is whose the provider's key is. First, so that it uses up no approval.
        const proved = provedLately(call.caller)
        if (!proved.ok) return proved
        // Approvers see the settings; of the credentials, that they are these and no others.
        subject.asked = moved === undefined ? 'other credentials' : JSON.stringify(moved)
        subject.input = [utf8(JSON.stringify(credentials))]
        const row = await permitted(call, subject, 'key.manage', id)
        if (!row.ok) return row
        const { provider } = row.value
        const settings = moved ?? row.value.settings
        // What was inserted passed `connect`.
        const known = { provider: provider as ProviderSettings['provider'], settings, credentials }
        const connected = externalKeys.connect(known)
        if (!connected.ok) return connected
        const shown = await tried(connected.value, id)
        if (!shown.ok) return shown
        const sealed = await externalKeys.seal({ ...row.value, settings }, credentials)
        const changed = await externalKeys.change(id, {
          ...{ settings, credentials: sealed, described: shown.value },
        })
        return changed === 'absent' ? absent('key') : accept(changed)
      })
    },

    /** Forgets the credentials; at the provider nothing changes. What was encrypted opens no more until the key is configured again. */
    remove(call: Call, { id, confirm }: { id: string; confirm: string }): Promise<Outcome<null>> {
      return record(call, 'external-key.remove', async (subject) => {
        subject.asked = 'its credentials forgotten'
        const proved = provedLately(call.caller)
        if (!proved.ok) return proved
        const found = await waitsFor(call, subject, 'key.manage', id)
        if (!found.ok) return found
        const { row, needed } = found.value
        if (confirm !== row.name)
          return refuse('REQUEST-FIELDS', 'confirmName is not the name of the key that is to be removed')
        const approved = await take(call, subject, needed)
        if (!approved.ok) return approved
        await externalKeys.remove(row)
        return accept(null)
      })
    },

    test(call: Call, id: string): Promise<Outcome<ProviderKey>> {
      return record(call, 'external-key.test', async (subject) => {
        subject.asked = 'a test of its credentials'
        const row = await permitted(call, subject, 'key.manage', id)
        return row.ok ? tried(await externalKeys.open(row.value), id) : row
      })
    },

    encrypt(
      call: Call,
      { id, plaintext, aad }: { id: string; plaintext: Uint8Array; aad?: Uint8Array },
    ): Promise<Outcome<Uint8Array>> {
      return record(call, 'external-key.encrypt', async (subject) => {
        subject.input = inputs(plaintext, aad)
        subject.asked = `a plaintext of ${plaintext.length} bytes`
        const used = await usable(call, subject, id, 'encrypt-decrypt')
        if (!used.ok) return used
        const within = checkLengths({ plaintext, aad })
        if (!within.ok) return within
        const sealed = await seal(used.value, plaintext, aad)
        if (sealed.ok) subject.output = [sealed.value]
        return sealed
      })
    },

    decrypt(
      call: Call,
      { id, ciphertext, aad }: { id: string; ciphertext: Uint8Array; aad?: Uint8Array },
    ): Promise<Outcome<Uint8Array>> {
      return record(call, 'external-key.decrypt', async (subject) => {
        subject.input = inputs(ciphertext, aad)
        subject.asked = () => `the ciphertext of SHA-256 ${sha256Hex(ciphertext)}`
        const used = await usable(call, subject, id, 'encrypt-decrypt')
        if (!used.ok) return used
        const within = checkLengths({ aad })
        if (!within.ok) return within
        const text = await opened(used.value, ciphertext, aad)
        if (text.ok) subject.output = [text.value]
        return text
      })
    },

    generateDataKey(
      call: Call,
      { id, spec, aad }: { id: string; spec: DataKeySpec; aad?: Uint8Array },
    ): Promise<Outcome<{ plaintext: Uint8Array; ciphertext: Uint8Array }>> {
      return record(call, 'external-key.generate-data-key', async (subject) => {
        subject.input = inputs(Buffer.from(spec), aad)
        subject.asked = `a data key ${spec}`
        const used = await usable(call, subject, id, 'encrypt-decrypt')
        if (!used.ok) return used
        const within = checkLengths({ aad })
        if (!within.ok) return within
        const plaintext = new Uint8Array(randomBytes(dataKeyLengths[spec]))
        const sealed = await seal(used.value, plaintext, aad)
        if (!sealed.ok) return sealed
        subject.output = [sealed.value]
        return accept({ plaintext, ciphertext: sealed.value })
      })
    },

    /** The provider is given the digest alone. */
    sign(call: Call, { id, ...input }: SigningInput & { id: string }): Promise<Outcome<Uint8Array>> {
      return record(call, 'external-key.sign', async (subject) => {
        subject.input = inputs(input.data, Buffer.from(`${input.algorithm} ${input.isDigest ?? false}`))
        const shown = () => (input.isDigest ? toHex(input.data) : sha256Hex(input.data))
        subject.asked = () => `by ${input.algorithm}, data of the digest ${shown()}`
        const used = await usable(call, subject, id, 'sign-verify')
        if (!used.ok) return used
        const within = checkLengths({ data: input.data })
        if (!within.ok) return within
        const { row, provider } = used.value
        const signer = row.public_key === null ? null : signerOf(row.public_key)
        if (signer === null) return badAnswer('its public key is none that is known here')
        const fits = checkSigningInput(signer.suite, input)
        if (!fits.ok) return fits
        const { algorithm } = input
        const digest = input.isDigest ? input.data : digestOf(algorithm, input.data)
        const made = await provider.sign({ algorithm, digest })
        if (!made.ok) return made
        if (!verifyData(signer.key, { algorithm, data: digest, isDigest: true }, made.value))
          return badAnswer('its signature is not valid under the public key that it gave')
        subject.output = [made.value]
        return made
      })
    },

    /** A new version at the provider; a new public key is taken over. */
    rotate(call: Call, id: string): Promise<Outcome<StoredExternalKey>> {
      return record(call, 'external-key.rotate', async (subject) => {
        subject.asked = 'a new version at the provider'
        const row = await permitted(call, subject, 'key.manage', id)
        if (!row.ok) return row
        const provider = await externalKeys.open(row.value)
        const turned = await provider.rotate()
        if (!turned.ok) return turned
        return describedAgain(provider, id)
      })
    },

    /** A key of ours, wrapped to the provider as an export is, and with the same rights: it never leaves in the clear. */
    importKey(
      call: Call,
      { id, key, version }: { id: string; key: string; version?: number },
    ): Promise<Outcome<StoredExternalKey>> {
      return record(call, 'external-key.import', async (subject) => {
        const found = await waitsFor(call, subject, 'key.manage', id)
        if (!found.ok) return found
        const { row, needed } = found.value
        const own = await repository.findKey(key)
        if (own === 'absent' || own.project_id !== row.project_id) return absent('key')
        subject.asked = `${version === undefined ? 'the current version' : `version ${version}`} of key ${key}`
        const leaves = approvalsBefore(call.caller, 'key.export', resourceOf(own))
        if (!leaves.ok) return leaves
        // What the same people approve, they approve once, of the key that leaves.
        if (needed !== null && !(leaves.value !== null && sameApprovals(needed, leaves.value))) {
          const approved = await take(call, subject, needed)
          if (!approved.ok) return approved
        }
        const provider = await externalKeys.open(row)
        const target = await provider.importTarget(own.algorithm)
        if (!target.ok) return target
        const { publicKey: to, ticket, byOaep = false } = target.value
        // It is entered in the audit log by itself, beside this.
        const wrapped = await lifecycle.exportKey(
          { ...call, receipt: null },
          // Of the provider's own wrapping key, which may be another each time, an approver knows nothing.
          {
            ...{ id: key, to, byOaep, whither: `into the key ${id} at ${row.provider}` },
            ...(version === undefined ? {} : { version }),
          },
        )
        if (!wrapped.ok) return wrapped
        const taken = await provider.importKey({
          ...{ ticket, wrapped: wrapped.value.wrapped, algorithm: own.algorithm },
        })
        return taken.ok ? describedAgain(provider, id) : taken
      })
    },
  }

  async function describedAgain(provider: Provider, id: string): Promise<Outcome<StoredExternalKey>> {
    const described = await provider.describe()
    if (!described.ok) return described
    const changed = await externalKeys.change(id, { described: described.value })
    return changed === 'absent' ? absent('key') : accept(changed)
  }
}

async function describedOrWaiting(provider: Provider): Promise<Outcome<ProviderKey>> {
  const described = await provider.describe()
  return !described.ok && described.rule === 'PROVIDER-KEY-ABSENT'
    ? accept({ id: '', use: 'encrypt-decrypt', publicKey: null })
    : described
}

function contextOf(row: StoredExternalKey, aad: Uint8Array | undefined) {
  return {
    ...({ algorithm: 'aes-256-gcm', keyId: envelopeKeyId(row.id), version: 1 } as const),
    ...{ organisation: row.organisation_id, project: row.project_id },
    ...(aad === undefined ? {} : { aad }),
  }
}

/** A provider's public key, and the algorithm of ours whose ways of signing it has. */
function signerOf(spki: Uint8Array): { readonly key: KeyObject; readonly suite: KeyAlgorithm } | null {
  let key: KeyObject
  try {
    key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  } catch {
    return null
  }
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= 2048) return { key, suite: 'RSA_4096' }
  if (namedCurve === 'prime256v1') return { key, suite: 'ECC_NIST_P256' }
  return namedCurve === 'secp384r1' ? { key, suite: 'ECC_NIST_P384' } : null
}

const ecdsaOf = (suite: KeyAlgorithm) => (suite === 'ECC_NIST_P384' ? 'ECDSA_SHA_384' : 'ECDSA_SHA_256')

function digestOf(algorithm: string, data: Uint8Array): Uint8Array {
  return new Uint8Array(
    createHash(`sha${algorithm.slice(-3)}`)
      .update(data)
      .digest(),
  )
}
