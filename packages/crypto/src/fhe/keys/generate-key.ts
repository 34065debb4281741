import { concatBytes, equalBytes, utf8, wipe } from '../../bytes.ts'
import { FormatError } from '../../format-error.ts'
import { sha256 } from '../../hash.ts'
import type { Entropy } from '../../random.ts'
import { bytesToBig } from '../../sharing/little-endian.ts'
import { keyIdOf, type PublicKeyDigests } from '../files/identifiers.ts'
import { spliceSquashKey, squashKeyFromSeed } from './client-key.ts'
import { type FheKeyType, readSecretKey } from './secret-key.ts'
import { TFHE_LIMIT, type TfheConfig, type TfheModule } from './tfhe-module.ts'

export type FheKeyOptions = {
  readonly type: FheKeyType
  /** With a noise-squashing key: the server key takes 80 to 120 s and 331 MB instead of 6 s and 60 MB. */
  readonly squash: boolean
  /** `proven`: dedicated parameters for the compact public key, so that untrusted parties can prove what they encrypt. */
  readonly inputs: 'signed' | 'proven'
  /** False where nothing is to be computed. */
  readonly serverKey: boolean
  /** 16 bytes that give the same client key again; null takes `entropy` and tfhe's own generator. */
  readonly seed: Uint8Array | null
  readonly entropy: Entropy
  /** Called before each phase; what it returns is awaited. */
  readonly onPhase?: (phase: KeyPhase) => Promise<void> | void
}

export type KeyPhase = 'client-key' | 'squash-key' | 'compact-public-key' | 'server-key'

export type FheKeyPair = {
  /** tfhe's own serialized client key: secret, wipe it. 31458 to 113702 B, or 9224 to 11664 B for TFHE_BINARY. */
  readonly clientKey: Uint8Array
  /** 33 KB; empty for TFHE_BINARY, whose public key has 84 MB and is made by who wants one. */
  readonly compactPublicKey: Uint8Array
  /** Compressed, 13 to 331 MB; null without. */
  readonly serverKey: Uint8Array | null
  /** SHA-256 of each as it is first written, and of the client key for a sheet of paper. */
  readonly digests: PublicKeyDigests & { readonly clientKey: Uint8Array }
  readonly keyId: Uint8Array
}

/**
 * Makes a TFHE key with the given tfhe module: client key, compact public key and compressed server key as tfhe
 * serializes them, in bytes; digests and `keyId` of 32. From a seed of 16 bytes the client key comes out byte for byte the
 * same, public and server key do not. It takes 5 to 17 s of one thread with a server key, 80 to 300 s with squashing, and
 * milliseconds without. THRESHOLD-FHE sections 2 and 10.
 *
 * Throws FormatError FHE-ROUND-TRIP when the library changes the key; RangeError for a seed of another length and for options
 * that do not go together.
 *
 * TFHE: Chillotti et al., "TFHE: Fast Fully Homomorphic Encryption over the Torus" (ePrint 2018/421), whose section 4.2 gives
 * the order of the big key's words. The compact public key: Joye, "TFHE Public-Key Encryption Revisited" (ePrint 2023/603),
 * section 3. Why a squash key: Dahl et al., "Noah's Ark" (ePrint 2023/815).
 */
export async function generateFheKeyPair(tfhe: TfheModule, options: FheKeyOptions): Promise<FheKeyPair> {
  const { type, seed } = options
  if (seed !== null && seed.length !== 16) throw new RangeError(`seed: expected 16 bytes, got ${seed.length}`)
  if (type === 'TFHE_BINARY' && (options.squash || options.inputs === 'proven')) {
    throw new RangeError('a binary key has neither a squash key nor a compact public key')
  }
  return type === 'TFHE_BINARY' ? generateBinary(tfhe, options) : generateInteger(tfhe, options)
}

/**
 * The compact public key of a client key, with which anybody encrypts: 31,458 to 113,702 bytes in tfhe's serialized form. Each call gives
 * other bytes. THRESHOLD-FHE section 2. Throws FormatError: FHE-TYPE a binary key has none, and
 * the rules of `readSecretKey`. Joye, "TFHE Public-Key Encryption Revisited" (ePrint 2023/603), section 3.
 */
export function getFhePublicKey(tfhe: TfheModule, clientKey: Uint8Array): Uint8Array {
  const secret = readSecretKey(clientKey)
  secret.wipe()
  if (secret.type === 'TFHE_BINARY')
    throw new FormatError('FHE-TYPE', 'a binary key has no compact public key')
  const key = tfhe.TfheClientKey.safe_deserialize(clientKey, TFHE_LIMIT)
  try {
    const made = tfhe.TfheCompactPublicKey.new(key)
    const bytes = made.safe_serialize(TFHE_LIMIT)
    made.free()
    return bytes
  } finally {
    key.free()
  }
}

async function generateInteger(tfhe: TfheModule, options: FheKeyOptions): Promise<FheKeyPair> {
  const { onPhase } = options
  await onPhase?.('client-key')
  const clientKey = await integerClientKey(tfhe, options)
  return wipedUnlessMade(clientKey, async () => {
    const key = tfhe.TfheClientKey.safe_deserialize(clientKey, TFHE_LIMIT)
    try {
      checkRoundTrip(key.safe_serialize(TFHE_LIMIT), clientKey)
      await onPhase?.('compact-public-key')
      const publicKey = tfhe.TfheCompactPublicKey.new(key)
      const compactPublicKey = publicKey.safe_serialize(TFHE_LIMIT)
      publicKey.free()
      let serverKey: Uint8Array | null = null
      if (options.serverKey) {
        await onPhase?.('server-key')
        const made = tfhe.TfheCompressedServerKey.new(key)
        serverKey = made.safe_serialize(TFHE_LIMIT)
        made.free()
      }
      return pairOf(clientKey, compactPublicKey, serverKey)
    } finally {
      key.free()
    }
  })
}

/** tfhe's client key, with a squash key in it where one is asked for. */
async function integerClientKey(
  tfhe: TfheModule,
  { inputs, squash, seed, entropy, onPhase }: FheKeyOptions,
): Promise<Uint8Array> {
  const config = configOf(tfhe, inputs)
  const made = seed
    ? tfhe.TfheClientKey.generate_with_seed(config, bytesToBig(seed))
    : tfhe.TfheClientKey.generate(config)
  const plain = made.safe_serialize(TFHE_LIMIT)
  made.free()
  if (!squash) return plain
  let bits: Uint8Array | null = null
  try {
    await onPhase?.('squash-key')
    bits = seed ? squashKeyFromSeed(seed) : entropy.bytes(512)
    return spliceSquashKey(plain, bits)
  } finally {
    wipe(plain)
    if (bits !== null) wipe(bits)
  }
}

/** What is made of a client key, which is wiped when nothing is. */
async function wipedUnlessMade<T>(clientKey: Uint8Array, work: () => Promise<T>): Promise<T> {
  let done = false
  try {
    const made = await work()
    done = true
    return made
  } finally {
    if (!done) wipe(clientKey)
  }
}

/** tfhe's default parameter set of its Boolean API. */
const DEFAULT_SET = 0

async function generateBinary(tfhe: TfheModule, options: FheKeyOptions): Promise<FheKeyPair> {
  const { seed, serverKey, onPhase } = options
  await onPhase?.('client-key')
  const parameters = tfhe.Boolean.get_parameters(DEFAULT_SET)
  const key = seed
    ? tfhe.Boolean.new_client_key_from_seed_and_parameters(
        bytesToBig(seed.subarray(8)),
        bytesToBig(seed.subarray(0, 8)),
        parameters,
      )
    : tfhe.Boolean.new_client_key(parameters)
  const clientKey = tfhe.Boolean.serialize_client_key(key)
  return wipedUnlessMade(clientKey, async () => {
    checkRoundTrip(
      tfhe.Boolean.serialize_client_key(tfhe.Boolean.deserialize_client_key(clientKey)),
      clientKey,
    )
    if (!serverKey) return pairOf(clientKey, new Uint8Array(0), null)
    await onPhase?.('server-key')
    const made = tfhe.Boolean.new_compressed_server_key(key)
    return pairOf(clientKey, new Uint8Array(0), tfhe.Boolean.serialize_compressed_server_key(made))
  })
}

function pairOf(
  clientKey: Uint8Array,
  compactPublicKey: Uint8Array,
  serverKey: Uint8Array | null,
): FheKeyPair {
  const digests = {
    clientKey: sha256(clientKey),
    compactPublicKey: compactPublicKey.length > 0 ? sha256(compactPublicKey) : null,
    serverKey: serverKey ? sha256(serverKey) : null,
  }
  return { clientKey, compactPublicKey, serverKey, digests, keyId: keyIdOf(digests) }
}

/** tfhe's own configuration: its default parameters, for `proven` with parameters of their own for the compact public key. */
export function configOf(tfhe: TfheModule, inputs: FheKeyOptions['inputs']): TfheConfig {
  const builder = tfhe.TfheConfigBuilder.default()
  if (inputs === 'signed') return builder.build()
  const { PARAM_PKE_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128: name } =
    tfhe.ShortintCompactPublicKeyEncryptionParametersName
  return builder
    .use_dedicated_compact_public_key_parameters(new tfhe.ShortintCompactPublicKeyEncryptionParameters(name))
    .build()
}

/** The library must carry the key unchanged, and our own parser must accept it. */
function checkRoundTrip(again: Uint8Array, clientKey: Uint8Array): void {
  const equal = equalBytes(again, clientKey)
  wipe(again)
  if (!equal) throw new FormatError('FHE-ROUND-TRIP', 'the library changed the client key')
  readSecretKey(clientKey).wipe()
}

/** Seed and the first two bytes of SHA-256("lux-fhe/v1/seed-words" || seed): what the 18 words of a sheet encode. */
export function seedWithChecksum(seed: Uint8Array): Uint8Array {
  if (seed.length !== 16) throw new RangeError(`seed: expected 16 bytes, got ${seed.length}`)
  return concatBytes(seed, checksum(seed))
}

/** The seed of a sheet's words. Throws FormatError FHE-WORDS. */
export function seedOfChecked(bytes: Uint8Array): Uint8Array {
  const seed = bytes.slice(0, 16)
  if (bytes.length !== 18 || !equalBytes(checksum(seed), bytes.subarray(16))) {
    wipe(seed)
    throw new FormatError(
      'FHE-WORDS',
      'the words have another checksum: one is wrong, missing or out of place',
    )
  }
  return seed
}

function checksum(seed: Uint8Array): Uint8Array {
  return sha256(utf8('lux-fhe/v1/seed-words'), seed).slice(0, 2)
}
