import type { Bytes } from './bytes.ts'

export type HashName = 'sha1' | 'sha256' | 'sha384' | 'sha512'

export type OaepHash = HashName

/** `gcm` ciphertexts end with their tag (16 bytes unless said). `cbc` takes whole blocks only. */
export type CipherMechanism =
  | {
      readonly kind: 'gcm'
      readonly nonce: Bytes
      readonly aad?: Bytes
      readonly tagBits?: 96 | 104 | 112 | 120 | 128
    }
  | { readonly kind: 'cbc' | 'cbc-pad'; readonly iv: Bytes }
  | { readonly kind: 'oaep'; readonly hash: OaepHash; readonly label?: Bytes }

/** ECDSA signatures are raw r || s, FIPS 186-5; EdDSA is Ed25519, RFC 8032. PSS salts are as long as the hash unless said. */
export type SignMechanism =
  | { readonly kind: 'rsa-pkcs1'; readonly hash: HashName }
  | { readonly kind: 'rsa-pss'; readonly hash: HashName; readonly saltLength?: number }
  | { readonly kind: 'ecdsa'; readonly hash: HashName }
  | { readonly kind: 'eddsa' }
  | { readonly kind: 'hmac'; readonly hash: Exclude<HashName, 'sha1'> }

/** A digest of the mechanism's hash, or a message. EdDSA and HMAC take messages only. */
export type SignInput = { readonly digest: Bytes } | { readonly message: Bytes }

/** Where the message was hashed. Many tokens sign only digests. */
export type Signature = { readonly signature: Bytes; readonly hashedBy: 'token' | 'host' }

/**
 * `kw`: RFC 3394. `kwp`: RFC 5649. A known answer finds the token's mechanism number. `rsa-aes`: CKM_RSA_AES_KEY_WRAP, which is a fresh AES
 * key by OAEP and then the key by KWP. A token without that mechanism makes it of the two.
 */
export type KeyWrapMechanism =
  | { readonly kind: 'kw' }
  | { readonly kind: 'kwp' }
  | { readonly kind: 'gcm'; readonly nonce: Bytes; readonly aad?: Bytes }
  | { readonly kind: 'oaep'; readonly hash: OaepHash; readonly label?: Bytes }
  | { readonly kind: 'rsa-aes'; readonly hash: OaepHash; readonly bits: 128 | 256 }

/** `ecdh`: SP 800-56A cofactor-free x coordinate with another's public key (DER SubjectPublicKeyInfo). */
export type DeriveMechanism =
  | { readonly kind: 'ecdh'; readonly peer: Bytes }
  | { readonly kind: 'aes-ecb-data'; readonly data: Bytes }
  | { readonly kind: 'aes-cbc-data'; readonly iv: Bytes; readonly data: Bytes }

export type CapabilityGroup = 'generate' | 'cipher' | 'sign' | 'wrap' | 'derive' | 'random'

/** One trial. `name`: ours, e.g. `aes-256`, `rsa-pss-sha384`, `ecdh-p-256`, unique in its group. */
export type CapabilityTrial = { readonly group: CapabilityGroup; readonly name: string }

/**
 * `proved`: tried on scratch keys, and other software agrees. `wrong`: the token's result is not the standard's. `unsupported`: not in its
 * list, or refused. `untried`: trying would have left a key on the token against the caller's wish, or the token reported a fault.
 */
export type Capability = CapabilityTrial & {
  readonly mechanism: string
  readonly state: 'proved' | 'wrong' | 'unsupported' | 'untried'
  readonly detail: string
}
