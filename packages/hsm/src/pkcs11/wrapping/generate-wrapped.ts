import { randomBytes } from 'node:crypto'
import { CKK, CKM, CKO } from '../../constants.ts'
import type { AttributeReport, GeneratedWrapped, KeyPath, WrappableAlgorithm } from '../../device.ts'
import { num } from '../library/attributes.ts'
import type { Handle } from '../library/module.ts'
import { madeAsAsked } from '../objects/as-asked.ts'
import { makePair, readPairBack } from '../objects/keys.ts'
import { numbersOf } from '../objects/mechanisms.ts'
import { readSpki } from '../objects/public-keys.ts'
import { named } from '../objects/read-back.ts'
import { privateAttributes, publicAttributes, secretAttributes } from '../objects/templates.ts'
import type { TokenSession } from '../session/session.ts'
import { type KeySize, leaving, withKek, wrapHandle } from './kek-path.ts'

type Leaving = {
  readonly key: Handle
  readonly others: readonly Handle[]
  readonly spki: Uint8Array | null
  readonly attributes: AttributeReport[]
  readonly size: KeySize
}

/** A PKCS#8 structure has at least the private values: nine numbers of RSA (RFC 8017 A.1.2), one of EC. */
const leastPkcs8 = { 'rsa-2048': 1100, 'rsa-4096': 2200, 'p-256': 64, 'p-384': 80 } as const

const secrets: Readonly<
  Partial<Record<WrappableAlgorithm, { keyType: number; mechanism: number; length: number }>>
> = {
  'aes-128': { keyType: CKK.AES, mechanism: CKM.AES_KEY_GEN, length: 16 },
  'aes-256': { keyType: CKK.AES, mechanism: CKM.AES_KEY_GEN, length: 32 },
  'aes-128-gcm': { keyType: CKK.AES, mechanism: CKM.AES_KEY_GEN, length: 16 },
  'aes-256-gcm': { keyType: CKK.AES, mechanism: CKM.AES_KEY_GEN, length: 32 },
  'hmac-sha256': { keyType: CKK.GENERIC_SECRET, mechanism: CKM.GENERIC_SECRET_KEY_GEN, length: 32 },
}

function makeLeaving(token: TokenSession, algorithm: WrappableAlgorithm): Leaving {
  const { module, session } = token
  const name = named(randomBytes(16).toString('hex'), '')
  const secret = secrets[algorithm]
  const doing = `generating a key to be wrapped (${algorithm})`
  if (secret) {
    const asked = [
      num('CLASS', CKO.SECRET_KEY),
      num('KEY_TYPE', secret.keyType),
      ...name,
      num('VALUE_LEN', secret.length),
      ...secretAttributes(leaving, numbersOf(token)),
    ]
    const { handle: key, attributes } = madeAsAsked(token, 'generate', asked, doing, (template) =>
      module.generateKey(session, { mechanism: secret.mechanism }, template, doing),
    )
    return { key, others: [], spki: null, attributes, size: { exactly: secret.length } }
  }
  switch (algorithm) {
    case 'rsa-2048':
    case 'rsa-4096':
    case 'p-256':
    case 'p-384':
      break
    default:
      throw new RangeError(`algorithm: ${algorithm} is not known`)
  }
  const pair = makePair(
    token,
    algorithm,
    {
      publicKey: [...name, ...publicAttributes(leaving)],
      privateKey: [...name, ...privateAttributes(leaving, numbersOf(token))],
    },
    doing,
  )
  const attributes = readPairBack(token, pair, doing)
  const halves = { key: pair.privateKey, others: [pair.publicKey] }
  try {
    return {
      ...halves,
      spki: readSpki(token, pair.publicKey),
      attributes,
      size: { atLeast: leastPkcs8[algorithm] },
    }
  } catch (error) {
    for (const half of [pair.privateKey, pair.publicKey]) token.destroyHandle(half)
    throw error
  }
}

export function generateWrapped(
  token: TokenSession,
  { parent, algorithm }: { parent: KeyPath; algorithm: WrappableAlgorithm },
): GeneratedWrapped {
  return withKek(token, parent, { wrap: true, unwrap: false }, (kek) => {
    const made = makeLeaving(token, algorithm)
    try {
      const { wrapped, mechanism } = wrapHandle(token, kek, made.key, 'wrapping a new key', made.size)
      return {
        wrapped: new Uint8Array(wrapped),
        mechanism,
        algorithm,
        spki: made.spki,
        attributes: made.attributes,
      }
    } finally {
      for (const handle of [made.key, ...made.others]) token.destroyHandle(handle)
    }
  })
}
