import { canonicalString, utf8 } from '@lux/crypto'
import type { Call } from '../../audit/record.ts'
import { algorithms, type KeyAlgorithm } from '../../keys/algorithms.ts'
import { readEnvelopeHead } from '../../keys/envelope.ts'
import type { KeyOperations } from '../../keys/operations.ts'
import type { StoredKey } from '../../keys/repository.ts'
import { signingAlgorithmNames, signingAlgorithmsOf } from '../../keys/signing.ts'
import { accept, type Outcome, refuse } from '../../refusal.ts'
import { awsMembers, refuseUnmapped } from '../members.ts'
import {
  type Body,
  bytesOf,
  FieldFault,
  numberOf,
  onlyProject,
  textIfGiven,
  textOf,
  toText,
} from '../place.ts'

export type AwsAsk = {
  readonly call: Call
  readonly keys: KeyOperations
  readonly region: string
  readonly body: Body
}
type Operation = (ask: AwsAsk) => Promise<Outcome<Body>>

/** AWS's names of what a key is, and ours. */
const specs: Readonly<Record<string, KeyAlgorithm>> = {
  SYMMETRIC_DEFAULT: 'aes-256-gcm',
  RSA_2048: 'RSA_2048',
  RSA_4096: 'RSA_4096',
  ECC_NIST_P256: 'ECC_NIST_P256',
  ECC_NIST_P384: 'ECC_NIST_P384',
  ML_DSA_44: 'ML_DSA_44',
  ML_DSA_65: 'ML_DSA_65',
  ML_DSA_87: 'ML_DSA_87',
  HMAC_256: 'HMAC_256',
  HMAC_384: 'HMAC_384',
  HMAC_512: 'HMAC_512',
}
const usages: Readonly<Record<string, string>> = {
  'encrypt-decrypt': 'ENCRYPT_DECRYPT',
  'sign-verify': 'SIGN_VERIFY',
  'generate-verify-mac': 'GENERATE_VERIFY_MAC',
}
const specOf = (key: StoredKey) => (key.key_usage === 'encrypt-decrypt' ? 'SYMMETRIC_DEFAULT' : key.algorithm)

/** The key that a call names: by id, ARN or alias. An alias is the key's name in the caller's project. */
async function keyOf(ask: AwsAsk, field = 'KeyId'): Promise<Outcome<string>> {
  const text = textOf(ask.body, field)
  const named = /^arn:[^:]{1,20}:kms:[^:]{0,32}:[^:]{0,64}:(key\/.+|alias\/.+)$/.exec(text)?.[1] ?? text
  if (!named.startsWith('alias/')) return accept(named.replace(/^key\//, ''))
  const project = onlyProject(ask.call)
  if (!project.ok) return project
  const found = await ask.keys.getByName(ask.call, {
    ...{ project: project.value, name: named.slice('alias/'.length) },
  })
  return found.ok ? accept(found.value.id) : found
}

const arnOf = ({ region }: AwsAsk, id: string) => `arn:aws:kms:${region}:000000000000:key/${id}`

/** An encryption context is additional data: its pairs in order, as canonical JSON. None and an empty one are the same. */
function aadOf(body: Body, name = 'EncryptionContext'): { readonly aad?: Uint8Array } {
  const context = body[name] ?? {}
  if (typeof context !== 'object' || Array.isArray(context)) throw new FieldFault(`${name}: expected pairs`)
  const pairs: [string, string][] = Object.entries({ ...context }).map(([key, value]) => {
    if (typeof value !== 'string') throw new FieldFault(`${name}: expected text`)
    return [key, value]
  })
  return pairs.length === 0 ? {} : { aad: utf8(canonicalString(Object.fromEntries(pairs))) }
}

function metadataOf(ask: AwsAsk, key: StoredKey): Body {
  const deleted = key.destroy_at !== null
  const spec = specOf(key)
  // Only for names that are ours, of which some have no way of signing.
  const signs = signingAlgorithmsOf(specs[spec] ?? 'aes-256-gcm')
  return {
    ...{ AWSAccountId: '000000000000', KeyId: key.id, Arn: arnOf(ask, key.id) },
    ...{ CreationDate: key.created_at.getTime() / 1000, Description: key.description ?? '' },
    ...{ Enabled: !key.is_disabled, KeyUsage: usages[key.key_usage] ?? key.key_usage },
    KeyState: deleted ? 'PendingDeletion' : key.is_disabled ? 'Disabled' : 'Enabled',
    ...{ Origin: 'AWS_KMS', KeyManager: 'CUSTOMER', MultiRegion: false, KeySpec: spec },
    CustomerMasterKeySpec: spec,
    ...(deleted ? { DeletionDate: (key.destroy_at?.getTime() ?? 0) / 1000 } : {}),
    ...(spec === 'SYMMETRIC_DEFAULT' ? { EncryptionAlgorithms: [spec] } : {}),
    ...(signs.length > 0 ? { SigningAlgorithms: signs } : {}),
    ...(spec.startsWith('HMAC_') ? { MacAlgorithms: [spec.replace('_', '_SHA_')] } : {}),
  }
}

/** A symmetric ciphertext names its key; `KeyId` may be left out. */
async function keyOfCiphertext(ask: AwsAsk, ciphertext: Uint8Array, field: string): Promise<Outcome<string>> {
  if (ask.body[field] !== undefined) return keyOf(ask, field)
  const head = readEnvelopeHead(ciphertext)
  if (!head.ok) return head
  const hex = Buffer.from(head.value.keyId).toString('hex')
  return accept(hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'))
}

const symmetric = (body: Body, field = 'EncryptionAlgorithm') => {
  const given = textIfGiven(body, field) ?? 'SYMMETRIC_DEFAULT'
  return given === 'SYMMETRIC_DEFAULT'
    ? accept(null)
    : refuse('KEY-USAGE', `${field}: SYMMETRIC_DEFAULT alone`)
}

const onKey =
  (work: (ask: AwsAsk, id: string) => Promise<Outcome<Body>>): Operation =>
  async (ask) => {
    const id = await keyOf(ask)
    return id.ok ? work(ask, id.value) : id
  }

const changed = (
  work: (ask: AwsAsk, id: string) => Promise<Outcome<StoredKey>>,
  answer: (ask: AwsAsk, key: StoredKey) => Body,
) =>
  onKey(async (ask, id) => {
    const made = await work(ask, id)
    return made.ok ? accept(answer(ask, made.value)) : made
  })

const dataKey = (shown: boolean) =>
  onKey(async (ask, id) => {
    const bytes = ask.body.NumberOfBytes ?? null
    const named = textIfGiven(ask.body, 'KeySpec')
    const spec = named ?? (bytes === 16 ? 'AES_128' : 'AES_256')
    const fits = bytes === null || (named === undefined && (bytes === 16 || bytes === 32))
    if ((spec !== 'AES_256' && spec !== 'AES_128') || !fits)
      throw new FieldFault('KeySpec: expected AES_256 or AES_128, or NumberOfBytes 32 or 16')
    const made = await ask.keys.generateDataKey(ask.call, { id, spec, ...aadOf(ask.body) })
    if (!made.ok) return made
    const { plaintext, ciphertext } = made.value
    const answer = {
      ...{ KeyId: arnOf(ask, id), CiphertextBlob: toText(ciphertext) },
      ...(shown ? { Plaintext: toText(plaintext) } : {}),
    }
    plaintext.fill(0)
    return accept<Body>(answer)
  })

function signing(body: Body) {
  const name = textOf(body, 'SigningAlgorithm')
  const algorithm = signingAlgorithmNames.find((one) => one === name)
  if (algorithm === undefined) throw new FieldFault('SigningAlgorithm: expected one that DescribeKey names')
  const type = textIfGiven(body, 'MessageType') ?? 'RAW'
  if (type !== 'RAW' && type !== 'DIGEST') throw new FieldFault('MessageType: expected RAW or DIGEST')
  return { algorithm, data: bytesOf(body, 'Message'), isDigest: type === 'DIGEST' }
}

const macAsked = (body: Body) => ({ data: bytesOf(body, 'Message'), algorithm: textOf(body, 'MacAlgorithm') })

/** What an AWS client may ask for here, each by the operation that is also behind REST. */
export const awsOperations: Readonly<Record<keyof typeof awsMembers, Operation>> = {
  async CreateKey(ask) {
    const { body, call, keys } = ask
    const project = onlyProject(call)
    if (!project.ok) return project
    const [named, older] = [textIfGiven(body, 'KeySpec'), textIfGiven(body, 'CustomerMasterKeySpec')]
    const spec = named ?? older ?? 'SYMMETRIC_DEFAULT'
    if (older !== undefined && older !== spec)
      throw new FieldFault('CustomerMasterKeySpec: expected what KeySpec says, or nothing')
    const algorithm = Object.hasOwn(specs, spec) ? specs[spec] : undefined
    if (algorithm === undefined)
      return refuse('KEY-USAGE', `KeySpec: expected one of ${Object.keys(specs).join(', ')}`)
    const usage = usages[algorithms[algorithm].usage]
    if ((textIfGiven(body, 'KeyUsage') ?? usage) !== usage)
      return refuse('KEY-USAGE', `KeyUsage: a key of ${spec} is for ${usage}`)
    const description = textIfGiven(body, 'Description')
    const made = await keys.create(call, {
      ...{ project: project.value, algorithm, name: `aws-${call.reqId.slice(0, 18)}` },
      ...(description === undefined || description === '' ? {} : { description }),
    })
    if (!made.ok) return made
    return accept({ KeyMetadata: metadataOf(ask, made.value) })
  },
  DescribeKey: changed(
    ({ keys, call }, id) => keys.get(call, { id }),
    (ask, key) => ({ KeyMetadata: metadataOf(ask, key) }),
  ),
  async ListKeys(ask) {
    const listed = await list(ask)
    if (!listed.ok) return listed
    const { keys, next } = listed.value
    return accept({ Keys: keys.map(({ id }) => ({ KeyId: id, KeyArn: arnOf(ask, id) })), ...next })
  },
  async ListAliases(ask) {
    const listed = await list(ask)
    if (!listed.ok) return listed
    const { keys, next } = listed.value
    const wanted = textIfGiven(ask.body, 'KeyId')?.split('/').at(-1)
    const Aliases = keys
      .filter(({ id }) => wanted === undefined || id === wanted)
      .map(({ id, name }) => ({
        ...{ AliasName: `alias/${name}`, TargetKeyId: id },
        AliasArn: arnOf(ask, id).replace(/key\/.*$/, `alias/${name}`),
      }))
    return accept({ Aliases, ...next })
  },
  /** The key's name here, in place of the one that it had. */
  async CreateAlias(ask) {
    const alias = textOf(ask.body, 'AliasName')
    const id = await keyOf(ask, 'TargetKeyId')
    if (!id.ok) return id
    const made = await ask.keys.patch(ask.call, { id: id.value, name: alias.replace(/^alias\//, '') })
    return made.ok ? accept({}) : made
  },
  Encrypt: onKey(async (ask, id) => {
    const fits = symmetric(ask.body)
    if (!fits.ok) return fits
    const plaintext = bytesOf(ask.body, 'Plaintext')
    const made = await ask.keys.encrypt(ask.call, { id, plaintext, ...aadOf(ask.body) })
    if (!made.ok) return made
    const CiphertextBlob = toText(made.value)
    return accept({ KeyId: arnOf(ask, id), CiphertextBlob, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' })
  }),
  async Decrypt(ask) {
    const ciphertext = bytesOf(ask.body, 'CiphertextBlob')
    const [fits, id] = [symmetric(ask.body), await keyOfCiphertext(ask, ciphertext, 'KeyId')]
    if (!fits.ok) return fits
    if (!id.ok) return id
    const opened = await ask.keys.decrypt(ask.call, { id: id.value, ciphertext, ...aadOf(ask.body) })
    if (!opened.ok) return opened
    const Plaintext = toText(opened.value)
    opened.value.fill(0)
    return accept({ KeyId: arnOf(ask, id.value), Plaintext, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' })
  },
  /** Within one key, its plaintext never leaves; from one to another it is in this process alone. */
  async ReEncrypt(ask) {
    const { body, call, keys } = ask
    const ciphertext = bytesOf(body, 'CiphertextBlob')
    const [from, to] = [
      await keyOfCiphertext(ask, ciphertext, 'SourceKeyId'),
      await keyOf(ask, 'DestinationKeyId'),
    ]
    if (!from.ok) return from
    if (!to.ok) return to
    for (const side of ['Source', 'Destination']) {
      const fits = symmetric(body, `${side}EncryptionAlgorithm`)
      if (!fits.ok) return fits
    }
    const { aad: before } = aadOf(body, 'SourceEncryptionContext')
    const { aad: after } = aadOf(body, 'DestinationEncryptionContext')
    const opened = await keys.decrypt(call, {
      ...{ id: from.value, ciphertext },
      ...(before === undefined ? {} : { aad: before }),
    })
    if (!opened.ok) return opened
    const made = await keys
      .encrypt(call, {
        id: to.value,
        plaintext: opened.value,
        ...(after === undefined ? {} : { aad: after }),
      })
      .finally(() => opened.value.fill(0))
    if (!made.ok) return made
    return accept({
      ...{
        CiphertextBlob: toText(made.value),
        SourceKeyId: arnOf(ask, from.value),
        KeyId: arnOf(ask, to.value),
      },
      ...{
        SourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
        DestinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      },
    })
  },
  GenerateDataKey: dataKey(true),
  GenerateDataKeyWithoutPlaintext: dataKey(false),
  async GenerateRandom(ask) {
    const project = onlyProject(ask.call)
    if (!project.ok) return project
    const made = await ask.keys.random(ask.call, {
      ...{ project: project.value, length: numberOf(ask.body, 'NumberOfBytes', 0) },
    })
    return made.ok ? accept({ Plaintext: toText(made.value) }) : made
  },
  Sign: onKey(async (ask, id) => {
    const made = await ask.keys.sign(ask.call, { id, ...signing(ask.body) })
    if (!made.ok) return made
    const { signature, algorithm } = made.value
    return accept({ KeyId: arnOf(ask, id), Signature: toText(signature), SigningAlgorithm: algorithm })
  }),
  Verify: onKey(async (ask, id) => {
    const input = signing(ask.body)
    const checked = await ask.keys.verify(ask.call, {
      id,
      ...input,
      signature: bytesOf(ask.body, 'Signature'),
    })
    if (!checked.ok) return checked
    if (!checked.value.valid) return refuse('FACADE-SIGNATURE', 'the signature is not valid')
    return accept({ KeyId: arnOf(ask, id), SignatureValid: true, SigningAlgorithm: input.algorithm })
  }),
  GetPublicKey: onKey(async (ask, id) => {
    const key = await ask.keys.get(ask.call, { id })
    if (!key.ok) return key
    const made = await ask.keys.publicKey(ask.call, { id })
    if (!made.ok) return made
    const { KeySpec, KeyUsage, SigningAlgorithms } = metadataOf(ask, key.value)
    const PublicKey = toText(made.value.spki)
    return accept({
      ...{ KeyId: arnOf(ask, id), PublicKey, KeySpec, KeyUsage, SigningAlgorithms },
      CustomerMasterKeySpec: KeySpec,
    })
  }),
  GenerateMac: onKey(async (ask, id) => {
    const made = await ask.keys.generateMac(ask.call, { id, ...macAsked(ask.body) })
    if (!made.ok) return made
    const { mac, algorithm } = made.value
    return accept({ KeyId: arnOf(ask, id), Mac: toText(mac), MacAlgorithm: algorithm })
  }),
  VerifyMac: onKey(async (ask, id) => {
    const mac = bytesOf(ask.body, 'Mac')
    const checked = await ask.keys.verifyMac(ask.call, { id, mac, ...macAsked(ask.body) })
    if (!checked.ok) return checked
    if (!checked.value.valid) return refuse('FACADE-MAC', 'the MAC is not valid')
    return accept({ KeyId: arnOf(ask, id), MacValid: true, MacAlgorithm: checked.value.algorithm })
  }),
  EnableKey: changed(
    ({ keys, call }, id) => keys.patch(call, { id, isDisabled: false }),
    () => ({}),
  ),
  DisableKey: changed(
    ({ keys, call }, id) => keys.patch(call, { id, isDisabled: true }),
    () => ({}),
  ),
  UpdateKeyDescription: changed(
    ({ keys, call, body }, id) => keys.patch(call, { id, description: textOf(body, 'Description') }),
    () => ({}),
  ),
  ScheduleKeyDeletion: changed(
    ({ keys, call, body }, id) => keys.delete(call, { id, days: numberOf(body, 'PendingWindowInDays', 30) }),
    (ask, key) => ({
      ...{ KeyId: arnOf(ask, key.id), KeyState: 'PendingDeletion' },
      ...{ DeletionDate: (key.destroy_at?.getTime() ?? 0) / 1000 },
    }),
  ),
  CancelKeyDeletion: changed(
    ({ keys, call }, id) => keys.cancelDeletion(call, { id }),
    (ask, key) => ({ KeyId: arnOf(ask, key.id) }),
  ),
  RotateKeyOnDemand: changed(
    ({ keys, call }, id) => keys.rotate(call, { id }),
    (ask, key) => ({ KeyId: arnOf(ask, key.id) }),
  ),
}

/** Does what a call names, if it asks for nothing else. Null: no such call is served. */
export async function answerAws(name: string, ask: AwsAsk): Promise<Outcome<Body> | null> {
  if (!isServed(name)) return null
  const known = refuseUnmapped(awsMembers[name], ask.body)
  return known.ok ? awsOperations[name](ask) : known
}

const isServed = (name: string): name is keyof typeof awsMembers => Object.hasOwn(awsMembers, name)

async function list({ call, keys, body }: AwsAsk) {
  const project = onlyProject(call)
  if (!project.ok) return project
  const offset = numberOf(body, 'Marker', 0)
  const page = { offset, limit: Math.min(numberOf(body, 'Limit', 100), 100), search: null }
  const found = await keys.list(call, {
    project: project.value,
    page: { ...page, orderBy: 'created_at', orderDirection: 'asc' },
  })
  if (!found.ok) return found
  const read = offset + found.value.keys.length
  const more = read < found.value.total
  return accept({
    keys: found.value.keys,
    next: { Truncated: more, ...(more ? { NextMarker: String(read) } : {}) },
  })
}
