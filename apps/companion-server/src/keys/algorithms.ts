import { createPrivateKey, generateKeyPair, type KeyObject, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'

/** `secret-data` is kept for whoever brought it, and used for nothing here. */
export type KeyUsage = 'encrypt-decrypt' | 'sign-verify' | 'generate-verify-mac' | 'secret-data'

/** What a new key may be asked for; `fhe-computation` is what ceremonies make. */
export type WantedUsage = KeyUsage | 'fhe-computation'

type Spec = {
  readonly usage: KeyUsage
  /** What a plan and a row of the database call it. */
  readonly planned: string
  /** Key bytes: the secret itself, or PKCS#8 of a pair's private half. */
  generate(): Promise<Uint8Array>
  /** Whether bytes from elsewhere are such a key. */
  accepts(bytes: Uint8Array): boolean
}

const makePair = promisify(generateKeyPair)
const pkcs8 = ({ privateKey }: { privateKey: KeyObject }): Uint8Array =>
  privateKey.export({ type: 'pkcs8', format: 'der' })

const secret = (usage: KeyUsage, planned: string, length: number): Spec => ({
  usage,
  planned,
  generate: async () => randomBytes(length),
  accepts: (bytes) => bytes.length === length,
})

const isPair =
  (type: string, details: KeyObject['asymmetricKeyDetails'] = {}) =>
  (bytes: Uint8Array) => {
    try {
      const key = createPrivateKey({ key: Buffer.from(bytes), format: 'der', type: 'pkcs8' })
      const its = { ...key.asymmetricKeyDetails }
      return (
        key.asymmetricKeyType === type &&
        its.modulusLength === details.modulusLength &&
        its.namedCurve === details.namedCurve
      )
    } catch {
      return false
    }
  }

// Off the main thread, which goes on answering others.
const rsa = (modulusLength: 2048 | 4096): Spec => ({
  usage: 'sign-verify',
  planned: `RSA-${modulusLength}`,
  generate: async () => pkcs8(await makePair('rsa', { modulusLength })),
  accepts: isPair('rsa', { modulusLength }),
})

const elliptic = (planned: string, namedCurve: 'P-256' | 'P-384'): Spec => ({
  usage: 'sign-verify',
  planned,
  generate: async () => pkcs8(await makePair('ec', { namedCurve })),
  accepts: isPair('ec', { namedCurve: namedCurve === 'P-256' ? 'prime256v1' : 'secp384r1' }),
})

const lattice = (level: 44 | 65 | 87): Spec => ({
  usage: 'sign-verify',
  planned: `ML-DSA-${level}`,
  generate: async () => pkcs8(await makePair(`ml-dsa-${level}`, {})),
  accepts: isPair(`ml-dsa-${level}`),
})

/** What a secret that is kept may have at most. */
const maxSecret = 8192

/** Every algorithm of a key, by the API's name. */
export const algorithms = {
  'aes-256-gcm': secret('encrypt-decrypt', 'AES-256', 32),
  'aes-128-gcm': secret('encrypt-decrypt', 'AES-128', 16),
  RSA_2048: rsa(2048),
  RSA_4096: rsa(4096),
  ECC_NIST_P256: elliptic('EC-P256', 'P-256'),
  ECC_NIST_P384: elliptic('EC-P384', 'P-384'),
  HMAC_256: secret('generate-verify-mac', 'HMAC-256', 32),
  HMAC_384: secret('generate-verify-mac', 'HMAC-384', 48),
  HMAC_512: secret('generate-verify-mac', 'HMAC-512', 64),
  ML_DSA_44: lattice(44),
  ML_DSA_65: lattice(65),
  ML_DSA_87: lattice(87),
  SECRET_DATA: {
    ...secret('secret-data', 'SECRET', 32),
    accepts: (bytes) => bytes.length > 0 && bytes.length <= maxSecret,
  },
} as const satisfies { readonly [name: string]: Spec }

export type KeyAlgorithm = keyof typeof algorithms

/** Threshold keys: made by ceremonies alone, and here a record until one has been. */
export const ceremonyAlgorithms = ['TFHE_BINARY', 'TFHE_INTEGER'] as const
export type CeremonyAlgorithm = (typeof ceremonyAlgorithms)[number]

// Object.keys gives what the literal above has.
export const algorithmNames = Object.keys(algorithms) as readonly KeyAlgorithm[]

/** Those of keys that are of use once they are made here. */
export const madeAlgorithms = algorithmNames.filter((name) => algorithms[name].usage !== 'secret-data')

/** What a key is made as where its maker says only what it is for. */
export const defaultAlgorithms: Readonly<Record<KeyUsage, KeyAlgorithm>> = {
  'encrypt-decrypt': 'aes-256-gcm',
  'sign-verify': 'RSA_4096',
  'generate-verify-mac': 'HMAC_256',
  'secret-data': 'SECRET_DATA',
}

/** The API's name of a plan's algorithm; null where no key of it is used here. */
export function servedAlgorithm(planned: string): KeyAlgorithm | null {
  return algorithmNames.find((name) => algorithms[name].planned === planned) ?? null
}

/** What is done with a key, by the bits of KMIP's Cryptographic Usage Mask. */
const bits = {
  sign: 0x1,
  verify: 0x2,
  encrypt: 0x4,
  decrypt: 0x8,
  wrap: 0x10,
  unwrap: 0x20,
  mac: 0x80,
  'verify-mac': 0x100,
} as const

export type KeyUse = keyof typeof bits

const masks: Readonly<Record<KeyUsage, number>> = {
  'encrypt-decrypt': bits.encrypt | bits.decrypt,
  'sign-verify': bits.sign | bits.verify,
  'generate-verify-mac': bits.mac | bits['verify-mac'],
  'secret-data': 0,
}

/** All that a key of the algorithm is for. */
export const defaultMask = (algorithm: KeyAlgorithm): number => masks[algorithms[algorithm].usage]

/** Whether a mask lets a key be used so; null: it has none, and is for all that its usage says. */
export const allows = (mask: number | null, usage: KeyUsage, use: KeyUse): boolean =>
  ((mask ?? masks[usage]) & bits[use]) !== 0
