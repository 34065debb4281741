import { randomBytes, scryptSync } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { encodeCanonical, equalBytes, fromHex, toHex } from '@lux/crypto'
import { EnvironmentError } from '../../refusal.ts'
import { parseState, readIfPresent, requirePrivate, writeWhole } from '../state-folder/private-file.ts'

const maxPin = 256

/** The PIN of a 0600 file, one line. The caller wipes it. */
export async function readPin(path: string): Promise<Uint8Array> {
  const bytes = await readIfPresent(path, maxPin + 2)
  if (bytes === 'absent') throw new EnvironmentError('TOKEN-PIN', `there is no PIN file ${path}`)
  await requirePrivate(path)
  let end = bytes.length
  while (end > 0 && (bytes[end - 1] === 10 || bytes[end - 1] === 13)) end--
  if (end === 0) throw new EnvironmentError('TOKEN-PIN', `the PIN file ${path} is empty`)
  const pin = bytes.slice(0, end)
  bytes.fill(0)
  return pin
}

/** A PIN of ten random digits in a new 0600 file. */
export async function makePinFile(path: string): Promise<void> {
  const digits = Array.from({ length: 10 }, () => randomDigit()).join('')
  await writeWhole(path, `${digits}\n`)
}

function randomDigit(): number {
  for (;;) {
    const [byte = 255] = randomBytes(1)
    if (byte < 250) return byte % 10
  }
}

/** A salted scrypt hash: what is kept of a PIN. */
export type PinPrint = { readonly salt: string; readonly hash: string }

export function printOf(pin: Uint8Array): PinPrint {
  const salt = randomBytes(16)
  return { salt: toHex(salt), hash: toHex(hash(pin, salt)) }
}

export function isPrintOf({ salt, hash: kept }: PinPrint, pin: Uint8Array): boolean {
  return equalBytes(fromHex(kept), hash(pin, fromHex(salt)))
}

/**
 * Remembers a PIN before it is sent and forgets it once the token took it, so that a refused one is known as such in
 * every later process. Only its print is kept.
 */
export type PinMemory = {
  /** `sent`: given to this token, and a crash swallowed the answer. `refused`: not to be sent again. */
  recall(serial: string, pin: Uint8Array): Promise<'unknown' | 'sent' | 'refused'>
  remember(serial: string, print: PinPrint, as: 'sent' | 'refused'): Promise<void>
  forget(): Promise<void>
}

export function pinMemory(path: string): PinMemory {
  return {
    async recall(serial, pin) {
      const bytes = await readIfPresent(path, 4096)
      if (bytes === 'absent') return 'unknown'
      const record = parseState(path, bytes)
      if (typeof record !== 'object' || record === null || !('salt' in record)) {
        throw new EnvironmentError('STATE-DAMAGED', `${path} is not a record of a refused PIN`)
      }
      if (record.serial !== serial) return 'unknown'
      if (!isPrintOf({ salt: String(record.salt), hash: String(record.hash) }, pin)) return 'unknown'
      return record.as === 'sent' ? 'sent' : 'refused'
    },
    remember: (serial, { salt, hash }, as) =>
      writeWhole(path, encodeCanonical({ v: 1, serial, as, salt, hash })),
    forget: () => rm(path, { force: true }),
  }
}

function hash(pin: Uint8Array, salt: Uint8Array): Uint8Array {
  return scryptSync(pin, salt, 32, { N: 1 << 15, r: 8, p: 1, maxmem: 64 << 20 })
}
