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

/**
 * Why a PEM key may not sign, or null. The key's value decides, not its place. A copy of the rehearsal key is as public as the key, and a
 * test build that a real key signed would pass for a release.
 */
export function refusalOf(
  pem: string,
  { rehearsal, testBuild }: { readonly rehearsal: string; readonly testBuild: boolean },
): string | null {
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
  } catch {
    return 'the key cannot be read: it is encrypted, or no private key in PEM. Leave --key out, and sign SHA256SUMS where the release key is, as docs/release.md says'
  }
  if (key.asymmetricKeyType !== 'ed25519')
    return `the release key is ${key.asymmetricKeyType}: make one with openssl genpkey -algorithm ed25519`
  const hexOf = (one: KeyObject): string => fingerprintOf(createPublicKey(one)).hex
  const isRehearsal = hexOf(key) === hexOf(createPrivateKey(rehearsal))
  if (isRehearsal && !testBuild)
    return 'the rehearsal key is published with the sources, so it signs test builds alone'
  if (!isRehearsal && testBuild) return 'a test build is signed by the rehearsal key alone: leave --key out'
  return null
}

/** Ed25519 over the whole text: 64 bytes, as `openssl pkeyutl -sign -rawin` makes them. */
export function signChecksums(text: string, pem: string): { signature: Buffer; publicKey: KeyObject } {
  const key = createPrivateKey(pem)
  return { signature: sign(null, Buffer.from(text), key), publicKey: createPublicKey(key) }
}
