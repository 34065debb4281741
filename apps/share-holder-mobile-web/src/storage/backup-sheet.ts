import { concatBytes, encodeCanonical, toHex, toWords, u32be, utf8 } from '@lux/crypto'
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { type DeriveKey, leastCost, mostMemory, mostPasses } from './vault.ts'

const magic = utf8('lux-bs1')
const saltAt = magic.length + 5
const nonceAt = saltAt + 16
const sealedAt = nonceAt + 24
/** A key has about 6 KB, and a phone has one for each epoch under way. Whatever is longer is no sheet. */
const mostBytes = 1 << 18
/** The words of a sheet have 96 bits, and Argon2id makes each guess slow. */
const wordBytes = 12

/** Words for a new sheet. People print or write them apart from it. */
export function sheetWords(random: (length: number) => Uint8Array): string[] {
  return toWords(random(wordBytes))
}

/** Words as people type them: letter case, commas, line breaks and numbers before them do not matter. */
function passphraseOf(words: string): string {
  return (words.toLowerCase().match(/\p{L}+/gu) ?? []).join(' ')
}

function context(memory: number, passes: number, salt: Uint8Array): Uint8Array {
  return encodeCanonical({
    format: 'lux-phone-sheet/v1',
    memory: String(memory),
    passes: String(passes),
    salt: toHex(salt),
  })
}

/**
 * The bytes of a backup sheet: "lux-bs1" || u32be(memory in KiB) || u8 passes || salt (16) || nonce (24) || ciphertext. The ciphertext is
 * XChaCha20-Poly1305 of the secret (`sheetSecret`), under Argon2id of the printed words.
 */
export async function sealSheet(
  secret: Uint8Array,
  words: string,
  derive: DeriveKey,
  random: (length: number) => Uint8Array,
): Promise<Uint8Array> {
  const { memory, passes } = leastCost
  const [salt, nonce] = [random(16), random(24)]
  const key = await derive(passphraseOf(words), salt, { memory, passes })
  try {
    const sealed = xchacha20poly1305(key, nonce, context(memory, passes, salt)).encrypt(secret)
    return concatBytes(magic, u32be(memory), new Uint8Array([passes]), salt, nonce, sealed)
  } finally {
    key.fill(0)
  }
}

/** The secret of a sheet. Null where it is no sheet, was changed, or the words are wrong; the last two look the same. */
export async function openSheet(
  sheet: Uint8Array,
  words: string,
  derive: DeriveKey,
): Promise<Uint8Array | null> {
  if (sheet.length < sealedAt || sheet.length > mostBytes) return null
  if (!magic.every((byte, at) => sheet[at] === byte)) return null
  const view = new DataView(sheet.buffer, sheet.byteOffset)
  const [memory, passes] = [view.getUint32(magic.length), view.getUint8(magic.length + 4)]
  // With less, the words could be guessed. With more, deriving would only exhaust the phone.
  if (memory < leastCost.memory || memory > mostMemory || passes < leastCost.passes || passes > mostPasses)
    return null
  const salt = sheet.slice(saltAt, nonceAt)
  const key = await derive(passphraseOf(words), salt, { memory, passes })
  try {
    const cipher = xchacha20poly1305(key, sheet.slice(nonceAt, sealedAt), context(memory, passes, salt))
    return cipher.decrypt(sheet.subarray(sealedAt))
  } catch {
    return null
  } finally {
    key.fill(0)
  }
}
