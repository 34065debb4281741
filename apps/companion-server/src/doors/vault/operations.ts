import type { Call } from '../../audit/record.ts'
import { algorithmNames, type KeyAlgorithm } from '../../keys/algorithms.ts'
import { readEnvelopeHead } from '../../keys/envelope.ts'
import type { KeyOperations } from '../../keys/operations.ts'
import type { StoredKey } from '../../keys/repository.ts'
import type { SigningAlgorithm } from '../../keys/signing.ts'
import { accept, type Outcome, refuse } from '../../refusal.ts'
import { type Members, refuseUnmapped, vaultMembers } from '../members.ts'
import {
  type Body,
  bytesOf,
  FieldFault,
  flagOf,
  numberOf,
  onlyProject,
  textIfGiven,
  textOf,
  toText,
} from '../place.ts'

export type VaultAsk = {
  readonly call: Call
  readonly keys: KeyOperations
  readonly body: Body
  readonly params: Readonly<Record<string, string>>
}
type Operation = (ask: VaultAsk) => Promise<Outcome<Body | null>>

/** The transit engine's names of what a key is, and ours. */
const types: Readonly<Record<string, KeyAlgorithm>> = {
  'aes256-gcm96': 'aes-256-gcm',
  'aes128-gcm96': 'aes-128-gcm',
  'rsa-2048': 'RSA_2048',
  'rsa-4096': 'RSA_4096',
  'ecdsa-p256': 'ECC_NIST_P256',
  'ecdsa-p384': 'ECC_NIST_P384',
  hmac: 'HMAC_256',
}
const typeOf = (key: StoredKey) =>
  Object.entries(types).find(([, algorithm]) => algorithm === key.algorithm)?.[0] ?? key.algorithm

/** A key is named as in the caller's project. */
async function keyOf({ call, keys, params }: VaultAsk): Promise<Outcome<StoredKey>> {
  const project = onlyProject(call)
  return project.ok ? keys.getByName(call, { project: project.value, name: params.name ?? '' }) : project
}

const onKey =
  (work: (ask: VaultAsk, key: StoredKey) => Promise<Outcome<Body | null>>): Operation =>
  async (ask) => {
    const key = await keyOf(ask)
    return key.ok ? work(ask, key.value) : key
  }

function aadOf(body: Body, name = 'associated_data'): { readonly aad?: Uint8Array } {
  const text = textIfGiven(body, name)
  return text === undefined || text === '' ? {} : { aad: bytesOf(body, name) }
}

/** `vault:v<version>:<base64>`, of our own envelope. */
function sealedText(envelope: Uint8Array): string {
  const head = readEnvelopeHead(envelope)
  return `vault:v${head.ok ? head.value.version : 0}:${toText(envelope)}`
}

function versioned(body: Body, name: string): { readonly version: number; readonly bytes: Uint8Array } {
  const found = /^vault:v([1-9]\d{0,8}):(.+)$/.exec(textOf(body, name))
  if (found === null) throw new FieldFault(`${name}: expected vault:v1:…`)
  return { version: Number(found[1]), bytes: bytesOf({ [name]: found[2] }, name) }
}

/** One item, or `batch_input`: each item its own answer, or its own `error`. `common`: what a batch says once for its items. */
const batched =
  (
    { batch_input: _, ...members }: Members,
    one: (ask: VaultAsk, key: StoredKey, item: Body) => Promise<Outcome<Body>>,
    common: readonly string[] = [],
  ): Operation =>
  async (ask) => {
    const key = await keyOf(ask)
    if (!key.ok) return key
    if (ask.body.batch_input === undefined || ask.body.batch_input === null)
      return one(ask, key.value, ask.body)
    const { batch_input: items, ...rest } = ask.body
    const ofItems = Object.keys(rest).find(
      (name) => rest[name] !== null && members[name] === 'mapped' && !common.includes(name),
    )
    if (ofItems !== undefined)
      return refuse('FACADE-UNSUPPORTED', `${ofItems}: with batch_input, it is in each item`)
    if (!Array.isArray(items) || items.length === 0 || items.length > maxBatch)
      throw new FieldFault(`batch_input: expected 1 to ${maxBatch} items`)
    const results: Body[] = []
    for (const item of items) {
      if (typeof item !== 'object' || item === null) throw new FieldFault('batch_input: expected objects')
      const body: Body = { ...rest, ...item }
      const known = refuseUnmapped(members, body)
      const made = known.ok ? await one(ask, key.value, body) : known
      const reference = body.reference === undefined ? {} : { reference: body.reference }
      results.push({ ...(made.ok ? made.value : { error: `${made.rule}: ${made.detail}` }), ...reference })
    }
    return accept({ batch_results: results })
  }
const maxBatch = 1000

const encrypt = batched(vaultMembers['POST encrypt/:name'], async ({ call, keys }, key, item) => {
  const { id, current_version } = key
  // The engine makes an absent key of this type; here it is the key's, which is there.
  if ((textIfGiven(item, 'type') ?? typeOf(key)) !== typeOf(key))
    return refuse('KEY-USAGE', `type: the key is of ${typeOf(key)}`)
  const made = await keys.encrypt(call, { id, plaintext: bytesOf(item, 'plaintext'), ...aadOf(item) })
  if (!made.ok) return made
  return accept({ ciphertext: sealedText(made.value), key_version: current_version })
})

const decrypt = batched(vaultMembers['POST decrypt/:name'], async ({ call, keys }, { id }, item) => {
  const { bytes: ciphertext } = versioned(item, 'ciphertext')
  const opened = await keys.decrypt(call, { id, ciphertext, ...aadOf(item) })
  if (!opened.ok) return opened
  const plaintext = toText(opened.value)
  opened.value.fill(0)
  return accept({ plaintext })
})

const rewrap = batched(
  vaultMembers['POST rewrap/:name'],
  async ({ call, keys }, { id, current_version }, item) => {
    const { bytes: ciphertext } = versioned(item, 'ciphertext')
    const made = await keys.rewrap(call, { id, ciphertext, ...aadOf(item) })
    if (!made.ok) return made
    return accept({ ciphertext: sealedText(made.value), key_version: current_version })
  },
)

const hashes: Readonly<Record<string, string>> = {
  'sha2-256': 'SHA_256',
  'sha2-384': 'SHA_384',
  'sha2-512': 'SHA_512',
}

/** What says how all items of a batch are signed, or checked. */
const ofSigning = [
  ...['hash_algorithm', 'algorithm', 'prehashed'],
  ...['marshaling_algorithm', 'signature_algorithm', 'salt_length'],
]

/** The hash that a call names, or null. */
function hashOf({ params }: VaultAsk, item: Body): string | null {
  const named = params.hash ?? textIfGiven(item, 'hash_algorithm') ?? textIfGiven(item, 'algorithm')
  if (named === undefined) return null
  const hash = Object.hasOwn(hashes, named) ? hashes[named] : undefined
  if (hash === undefined) throw new FieldFault(`hash_algorithm: expected ${Object.keys(hashes).join(', ')}`)
  return hash
}

function signing(ask: VaultAsk, key: StoredKey, item: Body) {
  const hash = hashOf(ask, item) ?? 'SHA_256'
  if ((textIfGiven(item, 'marshaling_algorithm') ?? 'asn1') !== 'asn1')
    throw new FieldFault('marshaling_algorithm: expected asn1')
  const scheme = textIfGiven(item, 'signature_algorithm') ?? 'pss'
  if (scheme !== 'pss' && scheme !== 'pkcs1v15')
    throw new FieldFault('signature_algorithm: expected pss or pkcs1v15')
  const salt = textIfGiven(item, 'salt_length') ?? 'auto'
  if (salt !== 'auto' && salt !== 'hash') throw new FieldFault('salt_length: expected hash or auto')
  const rsa = scheme === 'pss' ? 'RSASSA_PSS_' : 'RSASSA_PKCS1_V1_5_'
  // Of the names that were looked up above; what does not fit the key is refused by the operation.
  const algorithm = `${key.algorithm.startsWith('RSA') ? rsa : 'ECDSA_'}${hash}` as SigningAlgorithm
  return { algorithm, data: bytesOf(item, 'input'), isDigest: flagOf(item, 'prehashed') }
}

const sign = batched(
  vaultMembers['POST sign/:name'],
  async (ask, key, item) => {
    const made = await ask.keys.sign(ask.call, { id: key.id, ...signing(ask, key, item) })
    if (!made.ok) return made
    const { signature, version } = made.value
    return accept({ signature: `vault:v${version}:${toText(signature)}`, key_version: version })
  },
  ofSigning,
)

function macAsked(ask: VaultAsk, { id }: StoredKey, item: Body) {
  const hash = hashOf(ask, item)
  return {
    ...{ id, data: bytesOf(item, 'input') },
    ...(hash === null ? {} : { algorithm: `HMAC_${hash}` }),
  }
}

const mac = batched(
  vaultMembers['POST hmac/:name'],
  async (ask, key, item) => {
    const made = await ask.keys.generateMac(ask.call, macAsked(ask, key, item))
    return made.ok ? accept({ hmac: `vault:v${made.value.version}:${toText(made.value.mac)}` }) : made
  },
  ['algorithm'],
)

const verify = batched(
  vaultMembers['POST verify/:name'],
  async (ask, key, item) => {
    const { call, keys } = ask
    if (item.hmac !== undefined && item.hmac !== null && item.hmac !== '') {
      if ((textIfGiven(item, 'signature') ?? '') !== '')
        throw new FieldFault('signature: expected it, or hmac, and not both')
      const { version, bytes } = versioned(item, 'hmac')
      const checked = await keys.verifyMac(call, { ...macAsked(ask, key, item), mac: bytes, version })
      return checked.ok ? accept({ valid: checked.value.valid }) : checked
    }
    const { version, bytes: signature } = versioned(item, 'signature')
    const checked = await keys.verify(call, { id: key.id, ...signing(ask, key, item), signature, version })
    return checked.ok ? accept({ valid: checked.value.valid }) : checked
  },
  ofSigning,
)

async function described({ call, keys }: VaultAsk, key: StoredKey): Promise<Outcome<Body>> {
  const versions = await keys.versions(call, { id: key.id })
  if (!versions.ok) return versions
  const shown: Record<string, unknown> = {}
  for (const { row, createdAt, state } of versions.value) {
    const time = createdAt.toISOString()
    if (key.key_usage !== 'sign-verify') shown[row.version] = Math.floor(createdAt.getTime() / 1000)
    else if (state !== 'destroyed') {
      const made = await keys.publicKey(call, { id: key.id, version: row.version })
      if (!made.ok) return made
      const lines = toText(made.value.spki)
        .replaceAll(/(.{64})/g, '$1\n')
        .trimEnd()
      const public_key = `-----BEGIN PUBLIC KEY-----\n${lines}\n-----END PUBLIC KEY-----\n`
      shown[row.version] = { creation_time: time, name: key.algorithm, public_key }
    }
  }
  return accept({
    ...{ name: key.name, type: typeOf(key), keys: shown, latest_version: key.current_version },
    ...{
      min_decryption_version: key.min_decrypt_version,
      min_encryption_version: 0,
      min_available_version: 0,
    },
    ...{
      exportable: key.is_exportable,
      allow_plaintext_backup: false,
      deletion_allowed: true,
      derived: false,
    },
    supports_encryption: key.key_usage === 'encrypt-decrypt',
    supports_decryption: key.key_usage === 'encrypt-decrypt',
    supports_signing: key.key_usage === 'sign-verify',
    ...{ supports_derivation: false, imported_key: false },
  })
}

const dataKey: Operation = onKey(async ({ call, keys, body, params }, { id, current_version }) => {
  const shown = params.kind === 'plaintext'
  if (!shown && params.kind !== 'wrapped') throw new FieldFault('expected plaintext or wrapped')
  const bits = numberOf(body, 'bits', 256)
  if (bits !== 256 && bits !== 128) throw new FieldFault('bits: expected 256 or 128')
  const made = await keys.generateDataKey(call, { id, spec: `AES_${bits}`, ...aadOf(body) })
  if (!made.ok) return made
  const { plaintext, ciphertext } = made.value
  const answer = {
    ...{ ciphertext: sealedText(ciphertext), key_version: current_version },
    ...(shown ? { plaintext: toText(plaintext) } : {}),
  }
  plaintext.fill(0)
  return accept(answer)
})

const random: Operation = async ({ call, keys, body, params }) => {
  const project = onlyProject(call)
  if (!project.ok) return project
  const length = numberOf({ bytes: params.length ?? body.bytes }, 'bytes', 32)
  const format = textIfGiven(body, 'format') ?? 'base64'
  if (format !== 'base64' && format !== 'hex') throw new FieldFault('format: expected base64 or hex')
  const made = await keys.random(call, { project: project.value, length })
  if (!made.ok) return made
  return accept({ random_bytes: Buffer.from(made.value).toString(format) })
}

/** What a client of the transit engine may ask for here, each by the operation that is also behind REST. */
export const vaultOperations: Readonly<Record<keyof typeof vaultMembers, Operation>> = {
  'POST keys/:name': async (ask) => {
    const project = onlyProject(ask.call)
    if (!project.ok) return project
    const type = textIfGiven(ask.body, 'type') ?? 'aes256-gcm96'
    const algorithm = Object.hasOwn(types, type) ? types[type] : undefined
    if (algorithm === undefined || !algorithmNames.includes(algorithm))
      return refuse('FACADE-UNSUPPORTED', `type: expected one of ${Object.keys(types).join(', ')}`)
    const isExportable = flagOf(ask.body, 'exportable')
    const wanted = { project: project.value, name: ask.params.name ?? '', algorithm, isExportable }
    const made = await ask.keys.create(ask.call, wanted)
    return made.ok ? described(ask, made.value) : made
  },
  'GET keys/:name': onKey(described),
  'GET keys': async ({ call, keys }) => {
    const project = onlyProject(call)
    if (!project.ok) return project
    const names: string[] = []
    for (;;) {
      const page = { offset: names.length, limit: 100, search: null }
      const found = await keys.list(call, {
        project: project.value,
        page: { ...page, orderBy: 'name', orderDirection: 'asc' },
      })
      if (!found.ok) return found
      names.push(...found.value.keys.map(({ name }) => name))
      if (found.value.keys.length === 0 || names.length >= found.value.total) return accept({ keys: names })
    }
  },
  'POST keys/:name/rotate': onKey(async (ask, { id }) => {
    const made = await ask.keys.rotate(ask.call, { id })
    return made.ok ? described(ask, made.value) : made
  }),
  'POST keys/:name/config': onKey(async (ask, { id }) => {
    const least = numberOf(ask.body, 'min_decryption_version', -1)
    if (least === -1) return accept(null)
    // The engine too says 0 for all of them.
    const made = await ask.keys.patch(ask.call, { id, minDecryptVersion: least === 0 ? 1 : least })
    return made.ok ? described(ask, made.value) : made
  }),
  'DELETE keys/:name': onKey(async ({ call, keys }, { id }) => {
    const made = await keys.delete(call, { id })
    return made.ok ? accept(null) : made
  }),
  'POST encrypt/:name': encrypt,
  'POST decrypt/:name': decrypt,
  'POST rewrap/:name': rewrap,
  'POST datakey/:kind/:name': dataKey,
  'POST sign/:name': sign,
  'POST sign/:name/:hash': sign,
  'POST verify/:name': verify,
  'POST verify/:name/:hash': verify,
  'POST hmac/:name': mac,
  'POST hmac/:name/:hash': mac,
  'POST random': random,
  'POST random/:length': random,
}

/** Does what a call is for, if it asks for nothing else. */
export async function answerVault(
  place: keyof typeof vaultMembers,
  ask: VaultAsk,
): Promise<Outcome<Body | null>> {
  // A client may say in the body what the address says too.
  const { name, ...body } = ask.body
  if (name !== undefined && name !== null && name !== ask.params.name)
    throw new FieldFault('name: expected the one in the address')
  const known = refuseUnmapped(vaultMembers[place], body)
  return known.ok ? vaultOperations[place]({ ...ask, body }) : known
}
