import { randomBytes } from 'node:crypto'
import { aesGcmOpen, aesGcmSeal, concatBytes, utf8 } from '@lux/crypto'
import { EnvironmentError } from '../refusal.ts'

/** Of the token; null while it is sealed. */
export type SealingKey = () => Promise<Uint8Array | null>

/** Under a key of the token, for one place. Throws TOKEN-PIN. */
export async function seal(key: SealingKey, place: string, text: string): Promise<Buffer> {
  const nonce = randomBytes(12)
  return Buffer.from(concatBytes(nonce, aesGcmSeal(await opened(key), nonce, utf8(text), utf8(place))))
}

/** Throws TOKEN-PIN, and where it was not sealed for that place. */
export async function unseal(key: SealingKey, place: string, sealed: Uint8Array): Promise<string> {
  const bytes = aesGcmOpen(await opened(key), sealed.subarray(0, 12), sealed.subarray(12), utf8(place))
  return Buffer.from(bytes).toString('utf8')
}

async function opened(key: SealingKey): Promise<Uint8Array> {
  const found = await key()
  if (found === null) throw new EnvironmentError('TOKEN-PIN', 'the token is not logged in')
  return found
}
