import { CKG, CKM } from '../../constants.ts'
import type { HashName } from '../../device.ts'
import { type Mechanism, structure } from './module.ts'

/** What a hash is called by each part of the standard. DigestInfo prefixes: RFC 8017 section 9.2 note 1. */
export const hashes = {
  sha1: {
    bytes: 20,
    number: CKM.SHA_1,
    mgf: CKG.MGF1_SHA1,
    rsa: CKM.SHA1_RSA_PKCS,
    pss: CKM.SHA1_RSA_PKCS_PSS,
    ecdsa: CKM.ECDSA_SHA1,
    digestInfo: '3021300906052b0e03021a05000414',
  },
  sha256: {
    bytes: 32,
    number: CKM.SHA256,
    mgf: CKG.MGF1_SHA256,
    rsa: CKM.SHA256_RSA_PKCS,
    pss: CKM.SHA256_RSA_PKCS_PSS,
    ecdsa: CKM.ECDSA_SHA256,
    digestInfo: '3031300d060960864801650304020105000420',
  },
  sha384: {
    bytes: 48,
    number: CKM.SHA384,
    mgf: CKG.MGF1_SHA384,
    rsa: CKM.SHA384_RSA_PKCS,
    pss: CKM.SHA384_RSA_PKCS_PSS,
    ecdsa: CKM.ECDSA_SHA384,
    digestInfo: '3041300d060960864801650304020205000430',
  },
  sha512: {
    bytes: 64,
    number: CKM.SHA512,
    mgf: CKG.MGF1_SHA512,
    rsa: CKM.SHA512_RSA_PKCS,
    pss: CKM.SHA512_RSA_PKCS_PSS,
    ecdsa: CKM.ECDSA_SHA512,
    digestInfo: '3051300d060960864801650304020305000440',
  },
} as const satisfies Readonly<Record<HashName, object>>

export const hmacMechanisms = {
  sha256: CKM.SHA256_HMAC,
  sha384: CKM.SHA384_HMAC,
  sha512: CKM.SHA512_HMAC,
} as const

const none = new Uint8Array(0)

const oaepStructure = (hash: HashName, label: Uint8Array): Buffer =>
  structure([hashes[hash].number, hashes[hash].mgf, 1, label, label.length])

/** CK_RSA_PKCS_OAEP_PARAMS: hash, MGF, source = data specified, label. */
export const oaep = (hash: HashName, label: Uint8Array = none): Mechanism => ({
  mechanism: CKM.RSA_PKCS_OAEP,
  parameter: oaepStructure(hash, label),
  keep: [label],
})

/** CK_RSA_PKCS_PSS_PARAMS; `mechanism` is CKM_RSA_PKCS_PSS for a digest, else the one that also hashes. */
export const pss = (mechanism: number, hash: HashName, saltLength: number): Mechanism => ({
  mechanism,
  parameter: structure([hashes[hash].number, hashes[hash].mgf, saltLength]),
})

/** CK_GCM_PARAMS of 2.40: IV, its bytes, its bits, AAD, its bytes, tag bits. */
export const gcm = (nonce: Uint8Array, aad: Uint8Array, tagBits: number): Mechanism => ({
  mechanism: CKM.AES_GCM,
  parameter: [nonce, nonce.length, nonce.length * 8, aad, aad.length, tagBits],
})

/** CK_RSA_AES_KEY_WRAP_PARAMS: bits of the AES key, OAEP parameters. */
export function rsaAes(hash: HashName, bits: number): Mechanism {
  const inner = oaepStructure(hash, none)
  return { mechanism: CKM.RSA_AES_KEY_WRAP, parameter: structure([bits, inner]), keep: [inner] }
}

const CKD_NULL = 1

/** CK_ECDH1_DERIVE_PARAMS without a KDF: the x coordinate itself. */
export const ecdh = (point: Uint8Array): Mechanism => ({
  mechanism: CKM.ECDH1_DERIVE,
  parameter: structure([CKD_NULL, 0, none, point.length, point]),
  keep: [point],
})

/** CK_KEY_DERIVATION_STRING_DATA. */
export const ecbData = (data: Uint8Array): Mechanism => ({
  mechanism: CKM.AES_ECB_ENCRYPT_DATA,
  parameter: structure([data, data.length]),
  keep: [data],
})

/** CK_AES_CBC_ENCRYPT_DATA_PARAMS: the IV itself, then the data. */
export const cbcData = (iv: Uint8Array, data: Uint8Array): Mechanism => ({
  mechanism: CKM.AES_CBC_ENCRYPT_DATA,
  parameter: Buffer.concat([iv, structure([data, data.length])]),
  keep: [data],
})
