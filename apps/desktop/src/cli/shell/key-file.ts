import { type Card, cardCodec } from '@lux/ceremony/wire'
import {
  encodeCanonical,
  exportIdentity,
  FormatError,
  fromBase64,
  identityId,
  importIdentity,
  type Json,
  openWithPassphrase,
  parseCanonical,
  type PassphraseOptions as SealOptions,
  type SigningIdentity,
  sealWithPassphrase,
  toBase64,
  wipe,
} from '@lux/crypto'
import { CoreError, readBounded } from '@lux/node-files'

const maxFile = 1 << 16

/** A person's key as their own device keeps it. `seal` is a holder's age identity, to open the share; else null. */
export type PersonKey = { card: Card; identity: SigningIdentity; seal: string | null }

/** A key file: age under a passphrase, over JCS {v, kind, card, identity (base64), seal}. */
export async function sealKeyFile(
  key: PersonKey,
  passphrase: string,
  options?: SealOptions,
): Promise<Uint8Array> {
  const secret = exportIdentity(key.identity)
  const plain = encodeCanonical({
    v: 1,
    kind: 'person-key',
    // A card is JSON by its codec.
    card: key.card as unknown as Json,
    identity: toBase64(secret),
    seal: key.seal,
  })
  try {
    return await sealWithPassphrase(passphrase, plain, options)
  } finally {
    wipe(secret)
    wipe(plain)
  }
}

/** Errors: KEY-FILE-WRONG, KEY-PASSPHRASE, and those of the file. */
export async function openKeyFile(path: string, passphrase: string): Promise<PersonKey> {
  const plain = await openSealedFile(path, passphrase, maxFile)
  try {
    return parseKey(parseCanonical(plain, { maxBytes: maxFile }), path)
  } catch (error) {
    if (error instanceof FormatError) throw wrongKeyFile(path, error.detail)
    throw error
  } finally {
    wipe(plain)
  }
}

/** A file sealed under a passphrase. Errors: KEY-PASSPHRASE, KEY-FILE-WRONG. The caller wipes what it gets. */
export async function openSealedFile(
  path: string,
  passphrase: string,
  maxBytes: number,
): Promise<Uint8Array> {
  try {
    return await openWithPassphrase(passphrase, readBounded(path, maxBytes))
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    if (error.rule === 'SEAL-PASSPHRASE')
      throw new CoreError(
        'KEY-PASSPHRASE',
        `${path}: this passphrase does not open it`,
        'try again with the right one',
      )
    throw wrongKeyFile(path, error.detail)
  }
}

function parseKey(value: Json, path: string): PersonKey {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrongKeyFile(path, 'it holds no key')
  const { v, kind, card, identity, seal, ...others } = Object.fromEntries(Object.entries(value))
  if (v !== 1 || kind !== 'person-key' || Object.keys(others).length > 0 || typeof identity !== 'string')
    throw wrongKeyFile(path, 'it is no person’s key file')
  const parsed = cardCodec.check(card)
  if (!parsed.ok) throw wrongKeyFile(path, parsed.detail)
  const secret = fromBase64(identity)
  try {
    const signing = importIdentity(secret)
    const wrong = (detail: string) => {
      signing.secret.wipe()
      return wrongKeyFile(path, detail)
    }
    if (signing.id !== identityId(parsed.value.keys)) throw wrong('its card is of another key')
    if ((parsed.value.kind === 'holder') !== (typeof seal === 'string'))
      throw wrong('a holder’s key, and no other, opens envelopes')
    return { card: parsed.value, identity: signing, seal: typeof seal === 'string' ? seal : null }
  } finally {
    wipe(secret)
  }
}

function wrongKeyFile(path: string, detail: string): CoreError {
  return new CoreError('KEY-FILE-WRONG', `${path}: ${detail}`, 'name the key file that enrol wrote')
}
