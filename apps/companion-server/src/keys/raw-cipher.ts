import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto'
import { wipe } from '@lux/crypto'
import { accept, type Outcome, refuse } from '../refusal.ts'

/** AES itself, without the envelope: for clients that keep nonce and tag apart. */
export type RawCipher =
  /** The nonce is drawn here, 12 bytes: two messages under one would give the key of their tags away. */
  | { readonly mode: 'gcm'; readonly tagLength: number; readonly aad: Uint8Array | null }
  | { readonly mode: 'cbc'; readonly padded: boolean }

export type RawSealed = {
  readonly data: Uint8Array
  readonly iv: Uint8Array
  /** Of GCM alone. */
  readonly tag: Uint8Array | null
}

/** Most messages under one key with random nonces of 12 bytes (NIST SP 800-38D, 8.3). */
export const maxRawUses = 2 ** 32

const block = 16
const nonceLength = 12
const tagLengths: readonly number[] = [12, 13, 14, 15, 16]

/** Refuses CIPHER-PARAMETERS what the mode does not take. */
export function rawEncrypt(
  key: Uint8Array,
  cipher: RawCipher,
  data: Uint8Array,
  given: Uint8Array | null,
): Outcome<RawSealed> {
  const bits = key.length === block ? 128 : 256
  if (cipher.mode === 'gcm') {
    if (given !== null) return refuse('CIPHER-PARAMETERS', 'the server draws the nonce of GCM itself')
    const unfit = checkTag(cipher.tagLength)
    if (!unfit.ok) return unfit
    const iv = new Uint8Array(randomBytes(nonceLength))
    const made = createCipheriv(`aes-${bits}-gcm`, createSecretKey(key), iv, {
      authTagLength: cipher.tagLength,
    })
    if (cipher.aad !== null) made.setAAD(cipher.aad)
    const text = Buffer.concat([made.update(data), made.final()])
    return accept({ data: new Uint8Array(text), iv, tag: new Uint8Array(made.getAuthTag()) })
  }
  const iv = given ?? new Uint8Array(randomBytes(block))
  const fits = checkBlocks(iv, cipher.padded ? null : data)
  if (!fits.ok) return fits
  const made = createCipheriv(`aes-${bits}-cbc`, createSecretKey(key), iv).setAutoPadding(cipher.padded)
  return accept({ data: new Uint8Array(Buffer.concat([made.update(data), made.final()])), iv, tag: null })
}

/** Undoes `rawEncrypt`. Refuses ENVELOPE-TAG what was changed; CBC has no tag, and tells of bad padding in the same words. */
export function rawDecrypt(
  key: Uint8Array,
  cipher: RawCipher,
  { data, iv, tag }: RawSealed,
): Outcome<Uint8Array> {
  const bits = key.length === block ? 128 : 256
  if (cipher.mode === 'gcm') {
    const fits = checkTag(tag?.length ?? 0)
    if (!fits.ok || tag === null) return refuse('CIPHER-PARAMETERS', 'a tag of 12 to 16 bytes is missing')
    if (iv.length !== nonceLength)
      return refuse('CIPHER-PARAMETERS', `a nonce of ${nonceLength} bytes is expected`)
    const opened = createDecipheriv(`aes-${bits}-gcm`, createSecretKey(key), iv, {
      authTagLength: tag.length,
    })
    if (cipher.aad !== null) opened.setAAD(cipher.aad)
    opened.setAuthTag(tag)
    return finish(opened, data)
  }
  const fits = checkBlocks(iv, data)
  if (!fits.ok) return fits
  return finish(
    createDecipheriv(`aes-${bits}-cbc`, createSecretKey(key), iv).setAutoPadding(cipher.padded),
    data,
  )
}

function finish(
  opened: { update(data: Uint8Array): Buffer; final(): Buffer },
  data: Uint8Array,
): Outcome<Uint8Array> {
  const text = opened.update(data)
  try {
    return accept(new Uint8Array(Buffer.concat([text, opened.final()])))
  } catch {
    return refuse('ENVELOPE-TAG', 'the ciphertext, its additional data or its nonce was changed')
  } finally {
    wipe(text)
  }
}

const checkTag = (length: number): Outcome<null> =>
  tagLengths.includes(length) ? accept(null) : refuse('CIPHER-PARAMETERS', 'a tag has 12 to 16 bytes')

function checkBlocks(iv: Uint8Array, data: Uint8Array | null): Outcome<null> {
  if (iv.length !== block) return refuse('CIPHER-PARAMETERS', `an IV of ${block} bytes is expected`)
  return data !== null && data.length % block !== 0
    ? refuse('CIPHER-PARAMETERS', `whole blocks of ${block} bytes are expected`)
    : accept(null)
}
