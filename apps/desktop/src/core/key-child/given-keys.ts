import { createHash } from 'node:crypto'
import { FormatError, wipe } from '@lux/crypto'
import {
  checkCompactPublicKey,
  type FheKeyType,
  inspect,
  type PublicKeyDigests,
  parseCompactPublicKey,
} from '@lux/crypto/fhe'
import { ExpectedError, readBounded } from '@lux/node-files'
import type { Phases } from './phases.ts'
import type { Deal } from './protocol.ts'

/** Of the largest server key, 331 MB, three times. */
const MAX_KEY = 1 << 30

type Given = Pick<Deal['params'], 'compactPublicKey' | 'serverKey'>
type Kind = 'compact-public-key' | 'compressed-server-key' | 'binary-server-key'

/**
 * SHA-256 of the public keys that are named in a key's id, after tfhe has read each to its end: 1 ms, and 0.1 to 4 s of
 * a server key. That a compact public key is of this client key is checked, in 20 to 50 ms; of a server key nothing short of
 * computing with it would show it. Throws ExpectedError FILE-WRONG-KIND for another file, FILE-DAMAGED for what tfhe cannot read,
 * FHE-PUBLIC-KEY-OTHER, FHE-PUBLIC-KEY-MASK.
 */
export async function digestsOfGiven(
  { compactPublicKey, serverKey }: Given,
  clientKey: Uint8Array,
  type: FheKeyType,
  phases: Phases,
): Promise<PublicKeyDigests> {
  if (compactPublicKey === null && serverKey === null) return { compactPublicKey: null, serverKey: null }
  const binary = type === 'TFHE_BINARY'
  if (binary && compactPublicKey !== null) {
    throw new ExpectedError(
      'FILE-WRONG-KIND',
      'a binary key has no compact public key: --compact-public-key is for the other kinds',
    )
  }
  return phases.run('load', 1, async () => ({
    compactPublicKey: await digestOf(compactPublicKey, 'compact-public-key', clientKey),
    serverKey: await digestOf(serverKey, binary ? 'binary-server-key' : 'compressed-server-key', clientKey),
  }))
}

/**
 * The bytes of a compact public key that a plain list is encrypted with. Throws ExpectedError FILE-WRONG-KIND for another file and for a
 * key of proven inputs, whose lists the evaluator alone takes apart, FILE-DAMAGED for what is no whole key.
 */
export function readCompactPublicKey(path: string): Uint8Array {
  const bytes = readBounded(path, MAX_KEY)
  mustBe(path, bytes, 'compact-public-key')
  const parsed = parsedPublicKey(bytes)
  if (parsed === null) throw damaged(path, 'compact-public-key')
  if (parsed.dedicated)
    throw new ExpectedError(
      'FILE-WRONG-KIND',
      `${path}: this key was made with --inputs proven, which the evaluator alone takes apart`,
    )
  return bytes
}

function parsedPublicKey(bytes: Uint8Array) {
  try {
    return parseCompactPublicKey(bytes)
  } catch (error) {
    if (error instanceof FormatError) return null
    throw error
  }
}

async function digestOf(path: string | null, kind: Kind, clientKey: Uint8Array): Promise<Uint8Array | null> {
  if (path === null) return null
  const bytes = readBounded(path, MAX_KEY)
  try {
    mustBe(path, bytes, kind)
    await readThrough(bytes, kind, path)
    if (kind === 'compact-public-key') checkBelongs(path, bytes, clientKey)
    return new Uint8Array(createHash('sha256').update(bytes).digest())
  } finally {
    // Whoever mistook the option may have named a secret.
    wipe(bytes)
  }
}

function mustBe(path: string, bytes: Uint8Array, kind: Kind): void {
  const found = kindOf(bytes)
  // A server key of the Boolean API has no header.
  if (found === (kind === 'binary-server-key' ? 'unknown' : kind)) return
  const what = found === 'unknown' ? 'none' : `a ${found}`
  throw new ExpectedError('FILE-WRONG-KIND', `${path}: expected a ${kind}, this is ${what}`)
}

function checkBelongs(path: string, publicKey: Uint8Array, clientKey: Uint8Array): void {
  const belongs = checkCompactPublicKey(clientKey, publicKey)
  if (!belongs.ok) throw new ExpectedError(belongs.rule, `${path}: ${belongs.detail}`)
}

function kindOf(bytes: Uint8Array): string {
  try {
    return inspect(bytes).type
  } catch (error) {
    if (error instanceof FormatError) return 'unknown'
    throw error
  }
}

async function readThrough(bytes: Uint8Array, kind: Kind, path: string): Promise<void> {
  const { default: tfhe } = await import('node-tfhe')
  const limit = BigInt(MAX_KEY)
  /** Read, and written again: tfhe reads no further than the key goes, and says nothing of bytes behind it. */
  const again = {
    'compact-public-key': () =>
      tfhe.TfheCompactPublicKey.safe_deserialize(bytes, limit).safe_serialize(limit),
    'compressed-server-key': () =>
      tfhe.TfheCompressedServerKey.safe_deserialize(bytes, limit).safe_serialize(limit),
    'binary-server-key': () =>
      tfhe.Boolean.serialize_compressed_server_key(tfhe.Boolean.deserialize_compressed_server_key(bytes)),
  }[kind]
  try {
    if (again().length !== bytes.length) throw new RangeError('bytes behind the key')
  } catch {
    throw damaged(path, kind)
  }
}

function damaged(path: string, kind: Kind): ExpectedError {
  return new ExpectedError(
    'FILE-DAMAGED',
    `${path}: this ${kind} is cut short, altered, or has bytes behind its end`,
  )
}
