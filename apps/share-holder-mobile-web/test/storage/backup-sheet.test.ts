import { deterministicEntropy, hkdfSha256, utf8 } from '@lux/crypto'
import { expect, test } from 'vitest'
import { openSheet, sealSheet, sheetWords } from '../../src/storage/backup-sheet.ts'
import type { DeriveKey } from '../../src/storage/vault.ts'

/** The worker's Argon2id is tried in the browser; which key it gives plays no part here. */
const derive: DeriveKey = async (passphrase, salt, { memory, passes }) =>
  hkdfSha256(utf8(passphrase), salt, utf8(`${memory} ${passes}`), 32)
const entropy = deterministicEntropy(new Uint8Array(32))
const random = (length: number): Uint8Array => entropy.bytes(length)
const secret = utf8('a person’s key')
const words = sheetWords(random)
const sheet = await sealSheet(secret, words.join(' '), derive, random)

test('SHEET twelve words of 96 bits open a sheet, however a person types them', async () => {
  expect(words).toHaveLength(12)
  for (const typed of [
    words.join(' '),
    ` ${words.join('\n').toUpperCase()} `,
    words.map((word, at) => `${at + 1}. ${word}`).join(', '),
  ])
    expect(await openSheet(sheet, typed, derive)).toEqual(secret)
})

test('SHEET other words, fewer words and another order open nothing', async () => {
  const [first = '', ...rest] = words
  for (const typed of [[...rest, first], rest, [...words, first], []])
    expect(await openSheet(sheet, typed.join(' '), derive)).toBeNull()
})

test('SHEET every byte of it counts, and nothing is cut off or added', async () => {
  for (let at = 0; at < sheet.length; at++) {
    const changed = Uint8Array.from(sheet)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(await openSheet(changed, words.join(' '), derive), `byte ${at}`).toBeNull()
  }
  for (const other of [
    sheet.slice(0, -1),
    Uint8Array.from([...sheet, 0]),
    new Uint8Array(),
    sheet.slice(0, 40),
  ])
    expect(await openSheet(other, words.join(' '), derive)).toBeNull()
})

test('SHEET a sheet that asks for a phone’s whole memory, or for too little, is not tried', async () => {
  let asked = 0
  const counted: DeriveKey = (...given) => {
    asked++
    return derive(...given)
  }
  for (const memory of [1024, 1 << 24]) {
    const dear = Uint8Array.from(sheet)
    new DataView(dear.buffer).setUint32(7, memory)
    expect(await openSheet(dear, words.join(' '), counted)).toBeNull()
  }
  expect(asked).toBe(0)
})
