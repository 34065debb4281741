import { accept, type Outcome, refuse } from '../refusal.ts'
import type { Body } from './place.ts'

/** A member of a request that the operation reads, or the values of one that ask for nothing. */
type Member = 'mapped' | ((value: unknown) => boolean)
export type Members = Readonly<Record<string, Member>>

const mapped = 'mapped' as const
const off: Member = (value) => value === false || value === 'false'
const zero: Member = (value) => value === 0 || (typeof value === 'string' && /^0[smh]?$/.test(value))
const blank: Member = (value) => value === ''
const none: Member = (value) => Array.isArray(value) && value.length === 0
const only =
  (wanted: unknown): Member =>
  (value) =>
    value === wanted

/** Refuses FACADE-UNSUPPORTED where a member is neither mapped nor of a value that asks for nothing. */
export function refuseUnmapped(members: Members, body: Body): Outcome<null> {
  for (const [name, value] of Object.entries(body)) {
    // JSON's null is a member that was left out.
    if (value === null || value === undefined) continue
    const member = Object.hasOwn(members, name) ? members[name] : undefined
    if (member === mapped || member?.(value) === true) continue
    const said = JSON.stringify(name.slice(0, 64))
    return refuse(
      'FACADE-UNSUPPORTED',
      member === undefined ? `${said} is not served` : `${said}: this value is not served`,
    )
  }
  return accept(null)
}

const key = { KeyId: mapped } as const
const inGrant = { GrantTokens: none } as const
const dry = { DryRun: off } as const
const use = { ...key, ...inGrant, ...dry } as const
const dataKey = { ...use, EncryptionContext: mapped, NumberOfBytes: mapped, KeySpec: mapped } as const
const signature = { ...use, Message: mapped, MessageType: mapped, SigningAlgorithm: mapped } as const
const mac = { ...use, Message: mapped, MacAlgorithm: mapped } as const
const page = { Limit: mapped, Marker: mapped } as const

/** Each call of AWS KMS that is served, and every member that it takes. */
export const awsMembers = {
  CreateKey: {
    ...{ Description: mapped, KeyUsage: mapped, KeySpec: mapped, CustomerMasterKeySpec: mapped },
    ...{ Tags: none, Origin: only('AWS_KMS'), MultiRegion: off, BypassPolicyLockoutSafetyCheck: off },
  },
  DescribeKey: { ...key, ...inGrant },
  ListKeys: page,
  ListAliases: { ...key, ...page },
  CreateAlias: { AliasName: mapped, TargetKeyId: mapped },
  Encrypt: { ...use, Plaintext: mapped, EncryptionContext: mapped, EncryptionAlgorithm: mapped },
  Decrypt: {
    ...{ ...use, CiphertextBlob: mapped, EncryptionContext: mapped, EncryptionAlgorithm: mapped },
    DryRunModifiers: none,
  },
  ReEncrypt: {
    ...{ CiphertextBlob: mapped, SourceKeyId: mapped, DestinationKeyId: mapped },
    ...{ SourceEncryptionContext: mapped, DestinationEncryptionContext: mapped },
    ...{ SourceEncryptionAlgorithm: mapped, DestinationEncryptionAlgorithm: mapped },
    ...{ ...inGrant, ...dry, DryRunModifiers: none },
  },
  GenerateDataKey: dataKey,
  GenerateDataKeyWithoutPlaintext: dataKey,
  GenerateRandom: { NumberOfBytes: mapped },
  Sign: signature,
  Verify: { ...signature, Signature: mapped },
  GetPublicKey: { ...key, ...inGrant },
  GenerateMac: mac,
  VerifyMac: { ...mac, Mac: mapped },
  EnableKey: key,
  DisableKey: key,
  UpdateKeyDescription: { ...key, Description: mapped },
  ScheduleKeyDeletion: { ...key, PendingWindowInDays: mapped },
  CancelKeyDeletion: key,
  RotateKeyOnDemand: key,
} as const satisfies Readonly<Record<string, Members>>

/** Keys are not derived and nonces not given here, and the newest version makes what is made. */
const item = { reference: mapped, context: blank, nonce: blank } as const
const newest = { key_version: zero } as const
const sealed = { ...item, ciphertext: mapped, associated_data: mapped } as const
const batch = { batch_input: mapped } as const
const sealing = { ...batch, convergent_encryption: off, partial_failure_response_code: only(200) } as const
const hashed = {
  ...{ ...item, input: mapped, algorithm: mapped, hash_algorithm: mapped, prehashed: mapped },
  ...{ marshaling_algorithm: mapped, signature_algorithm: mapped, salt_length: mapped },
} as const
const hmac = { ...item, ...newest, ...batch, input: mapped, algorithm: mapped } as const
const sign = { ...hashed, ...newest, ...batch } as const
const verify = { ...hashed, ...batch, signature: mapped, hmac: mapped } as const
const random = { bytes: mapped, format: mapped, source: only('platform') } as const
const neverExported = { allow_plaintext_backup: off } as const

/** Each call of the transit engine that is served, and every member that it takes; of a GET, those of its query. */
export const vaultMembers = {
  'POST keys/:name': {
    ...{ type: mapped, exportable: mapped, ...neverExported, derived: off, convergent_encryption: off },
    ...{ context: blank, external_key_ref: blank, auto_rotate_period: zero, key_size: zero },
  },
  'GET keys/:name': {},
  'GET keys': { list: only('true') },
  'DELETE keys/:name': {},
  'POST keys/:name/rotate': { external_key_ref: blank },
  'POST keys/:name/config': {
    ...{ min_decryption_version: mapped, min_encryption_version: zero, auto_rotate_period: zero },
    // A key may be deleted here, after its days of waiting, and is exportable as it was made.
    ...{ deletion_allowed: (value: unknown) => value === true || value === 'true' },
    ...{ exportable: off, ...neverExported },
  },
  'POST encrypt/:name': {
    ...{ ...item, ...newest, ...sealing, plaintext: mapped, associated_data: mapped, type: mapped },
  },
  'POST decrypt/:name': { ...sealed, ...batch, partial_failure_response_code: only(200) },
  'POST rewrap/:name': { ...sealed, ...newest, ...batch },
  'POST datakey/:kind/:name': {
    ...{ bits: mapped, associated_data: mapped, ...newest, context: blank, nonce: blank },
  },
  'POST sign/:name': sign,
  'POST sign/:name/:hash': sign,
  'POST verify/:name': verify,
  'POST verify/:name/:hash': verify,
  'POST hmac/:name': hmac,
  'POST hmac/:name/:hash': hmac,
  'POST random': random,
  'POST random/:length': random,
} as const satisfies Readonly<Record<string, Members>>
