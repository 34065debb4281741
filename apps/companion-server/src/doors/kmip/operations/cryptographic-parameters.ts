import { accept, type Outcome, refuse } from '@lux/crypto'
import type { RawCipher } from '../../../keys/raw-cipher.ts'
import type { SigningAlgorithm } from '../../../keys/signing.ts'
import { enumerations } from '../codec/enumerations.ts'
import { openFields } from '../codec/fields.ts'
import type { Item } from '../codec/ttlv.ts'

const {
  BlockCipherMode: modes,
  PaddingMethod: paddings,
  HashingAlgorithm: hashes,
  DigitalSignatureAlgorithm: signatures,
} = enumerations

export type Parameters = {
  readonly mode: number | null
  readonly padding: number | null
  readonly hash: number | null
  readonly signature: number | null
  readonly algorithm: number | null
  readonly randomIv: boolean | null
  readonly ivLength: number | null
  readonly tagLength: number | null
  /** Something is given that the server does not do. */
  readonly more: boolean
}

export function readParameters(items: readonly Item[]): Parameters {
  const fields = openFields('CryptographicParameters', items)
  const read = {
    mode: fields.optional('BlockCipherMode', 'enumeration'),
    padding: fields.optional('PaddingMethod', 'enumeration'),
    hash: fields.optional('HashingAlgorithm', 'enumeration'),
    role: fields.optional('KeyRoleType', 'enumeration'),
    signature: fields.optional('DigitalSignatureAlgorithm', 'enumeration'),
    algorithm: fields.optional('CryptographicAlgorithm', 'enumeration'),
    randomIv: fields.optional('RandomIV', 'boolean'),
    ivLength: fields.optional('IVLength', 'integer'),
    tagLength: fields.optional('TagLength', 'integer'),
  }
  const { role, ...known } = read
  return { ...known, more: role !== null || fields.rest().length > 0 }
}

/** Nothing is said of how to use a key. */
export const isEmpty = ({ more, ...rest }: Parameters): boolean =>
  !more && Object.values(rest).every((one) => one === null)

/** How AES is to be used; null: as the server does by itself. Refuses what it does not do. */
export function cipherOf(parameters: Parameters, aad: Uint8Array | null): Outcome<RawCipher | null> {
  const { mode, padding, tagLength, ivLength, more, algorithm } = parameters
  if (more) return refuse('KMIP-FEATURE', 'one of the CryptographicParameters is not served')
  if (algorithm !== null && algorithm !== enumerations.CryptographicAlgorithm.AES)
    return refuse('KMIP-ALGORITHM', `algorithm ${algorithm} does not encrypt here`)
  if (mode === null) return accept(null)
  if (mode === modes.GCM) {
    if (ivLength !== null && ivLength !== 96 && ivLength !== 0)
      return refuse('CIPHER-PARAMETERS', 'a nonce of 96 bits is served')
    if (padding !== null && padding !== paddings.None)
      return refuse('CIPHER-PARAMETERS', 'GCM has no padding')
    return accept({ mode: 'gcm', tagLength: tagLength ?? 16, aad })
  }
  if (mode === modes.CBC) {
    if (aad !== null) return refuse('CIPHER-PARAMETERS', 'CBC takes no additional data')
    if (padding !== null && padding !== paddings.PKCS5 && padding !== paddings.None)
      return refuse('KMIP-FEATURE', `PaddingMethod ${padding} is not served`)
    return accept({ mode: 'cbc', padded: padding === paddings.PKCS5 })
  }
  return refuse('KMIP-FEATURE', `BlockCipherMode ${mode} is not served`)
}

const bySignature: ReadonlyMap<number, SigningAlgorithm> = new Map([
  [signatures.SHA_256WithRSAEncryption, 'RSASSA_PKCS1_V1_5_SHA_256'],
  [signatures.SHA_384WithRSAEncryption, 'RSASSA_PKCS1_V1_5_SHA_384'],
  [signatures.SHA_512WithRSAEncryption, 'RSASSA_PKCS1_V1_5_SHA_512'],
  [signatures.ECDSAWithSHA256, 'ECDSA_SHA_256'],
  [signatures.ECDSAWithSHA384, 'ECDSA_SHA_384'],
  [signatures.ECDSAWithSHA512, 'ECDSA_SHA_512'],
] as const)
const hashNames: ReadonlyMap<number, 'SHA_256' | 'SHA_384' | 'SHA_512'> = new Map([
  [hashes.SHA_256, 'SHA_256'],
  [hashes.SHA_384, 'SHA_384'],
  [hashes.SHA_512, 'SHA_512'],
] as const)

/** How a key of this algorithm is to sign; what is not said is as RSA and ECDSA have it by default. */
export function signingOf(parameters: Parameters | null, keyAlgorithm: string): Outcome<SigningAlgorithm> {
  if (parameters?.more) return refuse('KMIP-FEATURE', 'one of the CryptographicParameters is not served')
  const { signature = null, padding = null, hash = null } = parameters ?? {}
  const named = signature === null ? undefined : bySignature.get(signature)
  if (named !== undefined) return accept(named)
  if (signature !== null && signature !== signatures.RSASSA_PSS)
    return refuse('KMIP-FEATURE', `DigitalSignatureAlgorithm ${signature} is not served`)
  if (keyAlgorithm.startsWith('ML_DSA')) return accept('ML_DSA_SHAKE_256')
  const digest =
    hash === null ? (keyAlgorithm === 'ECC_NIST_P384' ? 'SHA_384' : 'SHA_256') : hashNames.get(hash)
  if (digest === undefined) return refuse('KMIP-FEATURE', `HashingAlgorithm ${hash} is not served`)
  if (keyAlgorithm.startsWith('ECC')) return accept<SigningAlgorithm>(`ECDSA_${digest}`)
  const pss = signature === signatures.RSASSA_PSS || padding === paddings.PSS
  if (!pss && padding !== null && padding !== paddings.PKCS1V1_5)
    return refuse('KMIP-FEATURE', `PaddingMethod ${padding} is not served`)
  return accept<SigningAlgorithm>(pss ? `RSASSA_PSS_${digest}` : `RSASSA_PKCS1_V1_5_${digest}`)
}
