import { randomBytes } from 'node:crypto'
import { equalBytes } from '@lux/crypto'
import { absent, authorize } from '../access/authorize.ts'
import type { Call, Record, Subject } from '../audit/record.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import {
  type EnvelopeAlgorithm,
  type EnvelopeContext,
  openEnvelope,
  readEnvelopeHead,
  sealEnvelope,
} from './envelope.ts'
import type { KeyPage, KeyRepository, StoredKey, StoredVersion } from './repository.ts'
import type { KeyUnwrapping } from './unwrapping.ts'

/** Most bytes of plaintext, data or AAD in one call. */
export const maxPayload = 1 << 20

type Parts = {
  readonly repository: KeyRepository
  readonly unwrapping: KeyUnwrapping
  readonly record: Record
}

/** What can be done with keys, by whatever door: bytes and a call in, an outcome out, each permitted and audited here. */
export type KeyOperations = ReturnType<typeof openKeyOperations>

export function openKeyOperations({ repository, unwrapping, record }: Parts) {
  /** A key that the caller may do this with; what he may not see is as absent. */
  async function permitted(
    call: Call,
    subject: Subject,
    action: 'key.read' | 'key.use' | 'key.manage',
    found: StoredKey | 'absent',
  ): Promise<Outcome<StoredKey>> {
    if (found === 'absent') return absent('key')
    const { organisation_id: organisation, project_id: project } = found
    Object.assign(subject, { organisation, project, key: found.id })
    const allowed = authorize(call.caller, action, { kind: 'key', organisation, project })
    return allowed.ok ? accept(found) : allowed
  }

  async function versionOf(
    key: StoredKey,
    version: number,
    states: readonly StoredVersion['state'][],
  ): Promise<Outcome<StoredVersion>> {
    const found = await repository.findVersion(key, version)
    if (found === 'absent') return refuse('KEY-VERSION-ABSENT', `the key has no version ${version}`)
    if (states.includes(found.state)) return accept(found)
    return refuse('KEY-VERSION-DISABLED', `version ${version} is ${found.state}`)
  }

  return {
    list(call: Call, project: string, page: KeyPage) {
      return record(call, 'key.list', async (subject) => {
        const row = await repository.findProject(project)
        if (row === 'absent') return absent('project')
        Object.assign(subject, { organisation: row.organisation_id, project })
        const organisation = row.organisation_id
        const allowed = authorize(call.caller, 'key.read', { kind: 'project', organisation, project })
        return allowed.ok ? accept(await repository.listKeys(project, page)) : allowed
      })
    },

    get(call: Call, id: string) {
      return record(call, 'key.read', async (subject) =>
        permitted(call, subject, 'key.read', await repository.findKey(id)),
      )
    },

    getByName(call: Call, project: string, name: string) {
      return record(call, 'key.read', async (subject) =>
        permitted(call, subject, 'key.read', await repository.findByName(project, name)),
      )
    },

    encrypt(call: Call, { id, plaintext, aad }: { id: string; plaintext: Uint8Array; aad?: Uint8Array }) {
      return record(call, 'key.encrypt', async (subject) => {
        subject.input = [plaintext, aad ?? new Uint8Array(0)]
        const key = await permitted(call, subject, 'key.use', await repository.findKey(id))
        if (!key.ok) return key
        const algorithm = cipherOf(key.value)
        if (!algorithm.ok) return algorithm
        const within = checkLengths({ plaintext, aad })
        if (!within.ok) return within
        const current = key.value.current_version
        const version = await versionOf(key.value, current, ['enabled'])
        if (!version.ok) return version
        subject.version = current
        const context = contextOf(key.value, algorithm.value, current, aad)
        const salt = randomBytes(32)
        const sealed = await unwrapping.useKey(key.value, version.value, (bytes) =>
          sealEnvelope(bytes, context, plaintext, salt),
        )
        subject.output = [sealed]
        return accept(sealed)
      })
    },

    decrypt(call: Call, { id, ciphertext, aad }: { id: string; ciphertext: Uint8Array; aad?: Uint8Array }) {
      return record(call, 'key.decrypt', async (subject) => {
        subject.input = [ciphertext, aad ?? new Uint8Array(0)]
        const key = await permitted(call, subject, 'key.use', await repository.findKey(id))
        if (!key.ok) return key
        const algorithm = cipherOf(key.value)
        if (!algorithm.ok) return algorithm
        const within = checkLengths({ aad })
        if (!within.ok) return within
        const head = readEnvelopeHead(ciphertext)
        if (!head.ok) return head
        // Looked up exactly: no version is ever tried in turn.
        if (head.value.algorithm !== algorithm.value || !equalBytes(head.value.keyId, key.value.envelope_id))
          return refuse('ENVELOPE-KEY', 'the envelope names another key or algorithm')
        subject.version = head.value.version
        if (head.value.version < key.value.min_decrypt_version)
          return refuse('KEY-VERSION-RETIRED', `version ${head.value.version} is too old`)
        const version = await versionOf(key.value, head.value.version, ['enabled', 'decrypt-only'])
        if (!version.ok) return version
        const context = contextOf(key.value, algorithm.value, head.value.version, aad)
        const opened = await unwrapping.useKey(key.value, version.value, (bytes) =>
          openEnvelope(bytes, context, ciphertext),
        )
        if (opened.ok) subject.output = [opened.value]
        return opened
      })
    },
  }
}

function checkLengths(given: { readonly [name: string]: Uint8Array | undefined }): Outcome<null> {
  for (const [name, bytes] of Object.entries(given))
    if ((bytes?.length ?? 0) > maxPayload)
      return refuse('BODY-TOO-LONG', `${name} is longer than ${maxPayload} bytes`)
  return accept(null)
}

function cipherOf(key: StoredKey): Outcome<EnvelopeAlgorithm> {
  if (key.is_disabled) return refuse('KEY-DISABLED', 'it is switched off')
  if (key.algorithm === 'aes-256-gcm' || key.algorithm === 'aes-128-gcm') return accept(key.algorithm)
  return refuse('KEY-USAGE', `a key of algorithm ${key.algorithm} does not encrypt`)
}

function contextOf(
  key: StoredKey,
  algorithm: EnvelopeAlgorithm,
  version: number,
  aad: Uint8Array | undefined,
): EnvelopeContext {
  return {
    algorithm,
    keyId: key.envelope_id,
    version,
    organisation: key.organisation_id,
    project: key.project_id,
    ...(aad === undefined ? {} : { aad }),
  }
}
