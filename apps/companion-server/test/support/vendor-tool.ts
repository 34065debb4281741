import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A SoftHSM token as its files: the folder of its store, its serial, and the user PIN that opens its master key. */
type SoftToken = { readonly tokens: string; readonly serial: string; readonly pin: string }

/**
 * What a vendor's own tool does between two HSMs of one maker, for SoftHSM, which has none: the key goes from one token to the
 * other with every attribute, through neither library. The master keys differ, so each sealed value is opened and sealed anew.
 */
export function carryKey(from: SoftToken, to: SoftToken, ckaId: string): void {
  const home = folderOf(from)
  const opened = masterKey(home, from.pin)
  const file = objectsOf(home)
    .map((name) => readFileSync(join(home, name)))
    .find((bytes) => {
      const id = attributesOf(bytes).find(({ type }) => type === ckaIdType)
      return id !== undefined && unseal(opened, id.value)?.toString('hex') === ckaId
    })
  if (file === undefined) throw new Error(`the token ${from.serial} has no key ${ckaId}`)
  const there = masterKey(folderOf(to), to.pin)
  const carried = Buffer.from(file)
  for (const { value, at } of attributesOf(file)) {
    const plain = unseal(opened, value)
    if (plain !== null) seal(there, plain).copy(carried, at)
  }
  const name = '5eed0000-0000-4000-8000-000000000000'
  writeFileSync(join(folderOf(to), `${name}.object`), carried, { mode: 0o600 })
  writeFileSync(join(folderOf(to), `${name}.lock`), '', { mode: 0o600 })
}

const ckaIdType = 0x102n
const userPinType = 0x8000_0000n + 0x5348n + 5n

function folderOf({ tokens, serial }: SoftToken): string {
  const name = readdirSync(tokens).find((one) => one.replaceAll('-', '').endsWith(serial))
  if (name === undefined) throw new Error(`no soft token ${serial}`)
  return join(tokens, name)
}

const objectsOf = (folder: string) =>
  readdirSync(folder).filter((name) => name.endsWith('.object') && name !== 'token.object')

/** The byte strings of SoftHSM's object file, and where they lie: a generation number, then (type, kind, value), 64-bit big-endian. */
function attributesOf(file: Buffer): { type: bigint; value: Buffer; at: number }[] {
  const found: { type: bigint; value: Buffer; at: number }[] = []
  const number = (at: number) => Number(file.readBigUInt64BE(at))
  let at = 8
  while (at < file.length) {
    const type = file.readBigUInt64BE(at)
    const kind = number(at + 8)
    at += 16
    if (kind === 1) at += 1
    else if (kind === 2) at += 8
    else if (kind === 5) at += 8 + 8 * number(at)
    else if (kind === 3 || kind === 4) {
      const length = number(at)
      if (kind === 3) found.push({ type, value: file.subarray(at + 8, at + 8 + length), at: at + 8 })
      at += 8 + length
    } else throw new Error(`an attribute of kind ${kind}`)
  }
  return found
}

/** The master key behind the user PIN: salt, IV, and AES-CBC of a mark of three bytes and the key. */
function masterKey(folder: string, pin: string): Buffer {
  const held = attributesOf(readFileSync(join(folder, 'token.object'))).find(
    ({ type }) => type === userPinType,
  )
  if (held === undefined) throw new Error('the token has no user PIN')
  const salt = held.value.subarray(0, 8)
  let key = createHash('sha256').update(salt).update(pin).digest()
  for (let left = 1500 + (salt[7] ?? 0) - 1; left > 0; left--) key = createHash('sha256').update(key).digest()
  const plain = unseal(key, held.value.subarray(8))
  if (plain?.subarray(0, 3).toString() !== 'RJR') throw new Error('the PIN does not open the token')
  return plain.subarray(3)
}

/** Null for what is not sealed under the key. */
function unseal(key: Buffer, value: Buffer): Buffer | null {
  if (value.length < 32 || value.length % 16 !== 0) return null
  const decipher = createDecipheriv('aes-256-cbc', key, value.subarray(0, 16))
  try {
    return Buffer.concat([decipher.update(value.subarray(16)), decipher.final()])
  } catch {
    return null
  }
}

function seal(key: Buffer, plain: Buffer): Buffer {
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-256-cbc', key, iv)
  return Buffer.concat([iv, cipher.update(plain), cipher.final()])
}
