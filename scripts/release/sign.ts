import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { toWords } from '@lux/crypto'

/** Lines of `sha256sum`, in the order of the names. */
export async function checksumsOf(files: readonly string[]): Promise<string> {
  const lines = await Promise.all(
    files.map(async (file) => {
      const hash = createHash('sha256')
      await pipeline(createReadStream(file), hash)
      return [basename(file), hash.digest('hex')] as const
    }),
  )
  return lines
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, digest]) => `${digest}  ${name}\n`)
    .join('')
}

export type Fingerprint = { readonly hex: string; readonly words: readonly string[] }

/** SHA-256 of a public key in DER, SubjectPublicKeyInfo: what `openssl pkey -pubin -outform DER | sha256sum` prints. */
export function fingerprintOf(key: KeyObject): Fingerprint {
  const digest = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
  return { hex: digest.toString('hex'), words: toWords(digest) }
}

/** Whether two private keys in PEM, however written, are one. Throws where one is no key, or is encrypted. */
export function isSameKey(one: string, other: string): boolean {
  const hexOf = (pem: string): string => fingerprintOf(createPublicKey(createPrivateKey(pem))).hex
  return hexOf(one) === hexOf(other)
}

/** Ed25519 over the whole text: 64 bytes, as `openssl pkeyutl -sign -rawin` makes them. Throws where the key is of another kind. */
export function signChecksums(text: string, pem: string): { signature: Buffer; publicKey: KeyObject } {
  const key = createPrivateKey(pem)
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Error(
      `the release key is ${key.asymmetricKeyType}: make one with openssl genpkey -algorithm ed25519`,
    )
  return { signature: sign(null, Buffer.from(text), key), publicKey: createPublicKey(key) }
}
