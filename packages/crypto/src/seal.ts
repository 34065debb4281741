import { bech32 } from '@scure/base'
import { Decrypter, Encrypter, generateHybridIdentity, identityToRecipient } from 'age-encryption'
import { wipe } from './bytes.ts'
import { FormatError } from './format-error.ts'
import type { Entropy } from './random.ts'

// age files (age-encryption.org/v1). The library draws file keys, nonces, salts and KEM coins from WebCrypto. This is the only randomness
// outside Entropy, so sealing is never repeatable. A key pair to seal to can come from Entropy, as a person's other keys do.

const maxRecipients = 32
// 32 hybrid stanzas are about 52 KB.
const maxHeaderBytes = 65_536
const maxPlaintext = 64 * 1024 * 1024
const maxPassphraseBytes = 1024

/** One age hybrid post-quantum key pair (X25519 + ML-KEM-768): `AGE-SECRET-KEY-PQ-1…` and `age1pq1…`. */
export type SealIdentity = { readonly identity: string; readonly recipient: string }

/** A new key pair to seal to. Its randomness is WebCrypto's. */
export async function generateSealIdentity(): Promise<SealIdentity> {
  const identity = await generateHybridIdentity()
  return { identity, recipient: await identityToRecipient(identity) }
}

/** A key pair made of 32 bytes of `entropy`, in the form that age gives its own. */
export async function sealIdentityOf(entropy: Entropy): Promise<SealIdentity> {
  const seed = entropy.bytes(32)
  try {
    const identity = bech32.encodeFromBytes('AGE-SECRET-KEY-PQ-', seed).toUpperCase()
    return { identity, recipient: await identityToRecipient(identity) }
  } finally {
    wipe(seed)
  }
}

/** The recipient of an identity. Throws FormatError `SEAL-IDENTITY`. */
export async function sealRecipient(identity: string): Promise<string> {
  checkIdentity(identity)
  try {
    return await identityToRecipient(identity)
  } catch {
    throw new FormatError('SEAL-IDENTITY', 'not an age hybrid identity')
  }
}

/** Whether this is a hybrid recipient to which something can be sealed: form, length and keys. */
export async function isSealRecipient(recipient: string): Promise<boolean> {
  try {
    await sealTo([recipient], new Uint8Array(0))
    return true
  } catch {
    return false
  }
}

/**
 * An age file that each of 1 to 32 different hybrid recipients opens; anonymous, so sign what is sealed.
 * At most 64 MiB. Throws FormatError `SEAL-RECIPIENT`, RangeError on misuse.
 */
export async function sealTo(recipients: readonly string[], plaintext: Uint8Array): Promise<Uint8Array> {
  checkPlaintext(plaintext)
  const encrypter = recipientsEncrypter(recipients)
  try {
    return await encrypter.encrypt(plaintext)
  } catch {
    throw noRecipient()
  }
}

const noRecipient = () => new FormatError('SEAL-RECIPIENT', 'not an age hybrid recipient')

function recipientsEncrypter(recipients: readonly string[]): Encrypter {
  if (recipients.length < 1 || recipients.length > maxRecipients) {
    throw new RangeError(`recipients: expected 1 to ${maxRecipients}, got ${recipients.length}`)
  }
  if (new Set(recipients).size !== recipients.length) throw new RangeError('recipients: one is named twice')
  const encrypter = new Encrypter()
  try {
    for (const recipient of recipients) {
      if (!/^age1pq1[a-z0-9]{1952}$/.test(recipient)) throw new Error('another kind')
      encrypter.addRecipient(recipient)
    }
    return encrypter
  } catch {
    throw noRecipient()
  }
}

/**
 * The plaintext of a file sealed by `sealTo`. Throws FormatError `SEAL-IDENTITY`, `SEAL-HEADER` (bounds, or a
 * recipient that is not hybrid), `SEAL-OTHER-RECIPIENT`, or `SEAL-INTEGRITY`.
 */
export async function openWith(identity: string, sealed: Uint8Array): Promise<Uint8Array> {
  checkLength(sealed)
  return open(identityDecrypter(identity, sealed), (opener) => opener.decrypt(sealed), 'SEAL-OTHER-RECIPIENT')
}

function identityDecrypter(identity: string, head: Uint8Array): Decrypter {
  checkIdentity(identity)
  checkHeader(head, 'mlkem768x25519', maxRecipients)
  const decrypter = new Decrypter()
  try {
    decrypter.addIdentity(identity)
  } catch {
    throw new FormatError('SEAL-IDENTITY', 'not an age hybrid identity')
  }
  return decrypter
}

/** log2 of the scrypt cost of a passphrase: 18 takes 256 MiB and one to two seconds. */
export const passphraseCost = { workFactor: 18 }

/** Options of `sealWithPassphrase`: log2 of the scrypt cost. */
export type PassphraseOptions = { readonly workFactor?: number }

/**
 * An age file under a passphrase (scrypt), for people's keys. The passphrase is taken in Unicode form NFC, so that
 * it opens whatever keyboard it is typed on. At most 64 MiB; work factor 1 to 20.
 */
export async function sealWithPassphrase(
  passphrase: string,
  plaintext: Uint8Array,
  { workFactor = passphraseCost.workFactor }: PassphraseOptions = {},
): Promise<Uint8Array> {
  checkPlaintext(plaintext)
  return passphraseEncrypter(passphrase, { workFactor }).encrypt(plaintext)
}

function passphraseEncrypter(
  passphrase: string,
  { workFactor = passphraseCost.workFactor }: PassphraseOptions,
): Encrypter {
  if (!Number.isInteger(workFactor) || workFactor < 1 || workFactor > 20) {
    throw new RangeError('workFactor: expected 1 to 20')
  }
  const encrypter = new Encrypter()
  encrypter.setPassphrase(normalized(passphrase))
  encrypter.setScryptWorkFactor(workFactor)
  return encrypter
}

/**
 * The plaintext of a file sealed by `sealWithPassphrase`. Throws FormatError `SEAL-HEADER` (bounds, another kind of
 * file, a work factor above 20: refused before any memory is spent), `SEAL-PASSPHRASE`, or `SEAL-INTEGRITY`.
 */
export async function openWithPassphrase(passphrase: string, sealed: Uint8Array): Promise<Uint8Array> {
  checkLength(sealed)
  return open(passphraseDecrypter(passphrase, sealed), (opener) => opener.decrypt(sealed), 'SEAL-PASSPHRASE')
}

function passphraseDecrypter(passphrase: string, head: Uint8Array): Decrypter {
  const [stanza] = checkHeader(head, 'scrypt', 1)
  const workFactor = /^-> scrypt [A-Za-z0-9+/]{22} ([1-9][0-9]?)$/.exec(stanza ?? '')?.[1]
  if (workFactor === undefined || Number(workFactor) > 20) {
    throw new FormatError('SEAL-HEADER', 'the work factor is missing or above 20')
  }
  const decrypter = new Decrypter()
  decrypter.addPassphrase(normalized(passphrase))
  return decrypter
}

async function open<T>(
  decrypter: Decrypter,
  decrypt: (opener: Decrypter) => Promise<T>,
  noMatch: string,
): Promise<T> {
  try {
    return await decrypt(decrypter)
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('no identity matched')) {
      throw new FormatError(noMatch, 'it was not sealed with this key')
    }
    throw changed()
  }
}

/** As `sealTo` and `sealWithPassphrase`, of chunks of any length. Throws what they throw. */
export async function* sealChunks(
  to:
    | { readonly passphrase: string; readonly workFactor?: number }
    | { readonly recipients: readonly string[] },
  plaintext: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const encrypter =
    'passphrase' in to ? passphraseEncrypter(to.passphrase, to) : recipientsEncrypter(to.recipients)
  yield* chunksOf(await encrypter.encrypt(streamOf(plaintext)))
}

/**
 * The plaintext of what `sealChunks` sealed. `head`: the first 65,536 bytes of it, or all where it has fewer. Throws as `openWith` and
 * `openWithPassphrase` do: `SEAL-INTEGRITY` may come after chunks that were whole. An error of `sealed` itself, which has a code, is passed on.
 */
export async function* openChunks(
  by: { readonly passphrase: string } | { readonly identity: string },
  head: Uint8Array,
  sealed: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const decrypter =
    'passphrase' in by ? passphraseDecrypter(by.passphrase, head) : identityDecrypter(by.identity, head)
  const noMatch = 'passphrase' in by ? 'SEAL-PASSPHRASE' : 'SEAL-OTHER-RECIPIENT'
  const plaintext = chunksOf(await open(decrypter, (opener) => opener.decrypt(streamOf(sealed)), noMatch))
  try {
    for await (const chunk of plaintext) yield chunk
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw error
    throw changed()
  }
}

function streamOf(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const from = chunks[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await from.next()
      if (next.done === true) controller.close()
      else controller.enqueue(next.value)
    },
    async cancel() {
      await from.return?.()
    },
  })
}

async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

const changed = () => new FormatError('SEAL-INTEGRITY', 'the bytes were changed or cut short')

/** The argument lines of a header whose size, number and kind of stanzas are as expected. */
function checkHeader(sealed: Uint8Array, kind: string, maxStanzas: number): string[] {
  // One character per byte; the library itself refuses what is not ASCII here.
  let head = ''
  for (const byte of sealed.subarray(0, maxHeaderBytes)) head += String.fromCharCode(byte)
  const end = head.indexOf('\n--- ')
  if (!head.startsWith('age-encryption.org/v1\n') || end < 0) {
    throw new FormatError('SEAL-HEADER', `no age header within ${maxHeaderBytes} bytes`)
  }
  const lines = head.slice(0, end).split('\n')
  const stanzas = lines.filter((line) => line.startsWith('-> '))
  if (stanzas.length < 1 || stanzas.length > maxStanzas) {
    throw new FormatError('SEAL-HEADER', `${stanzas.length} recipients, expected 1 to ${maxStanzas}`)
  }
  if (!stanzas.every((line) => line.startsWith(`-> ${kind} `))) {
    throw new FormatError('SEAL-HEADER', `a recipient is not of the kind ${kind}`)
  }
  return stanzas
}

function checkLength(sealed: Uint8Array): void {
  if (sealed.length > maxHeaderBytes + maxPlaintext + maxPlaintext / 2048) {
    throw new FormatError('SEAL-HEADER', 'the file is too long')
  }
}

function checkIdentity(identity: string): void {
  if (!/^AGE-SECRET-KEY-PQ-1[A-Z0-9]{58}$/.test(identity)) {
    throw new FormatError('SEAL-IDENTITY', 'not an age hybrid identity')
  }
}

function checkPlaintext(plaintext: Uint8Array): void {
  if (plaintext.length > maxPlaintext) throw new RangeError(`plaintext: at most ${maxPlaintext} bytes`)
}

function normalized(passphrase: string): string {
  const text = passphrase.normalize('NFC')
  if (text.length === 0 || text.length > maxPassphraseBytes || !text.isWellFormed()) {
    throw new RangeError(`passphrase: expected 1 to ${maxPassphraseBytes} characters`)
  }
  return text
}
