import { deterministicEntropy, hkdfSha256, utf8 } from '@lux/crypto'
import { expect, test } from 'vitest'
import { openRecord, sealRecord } from '../../src/storage/sealed-record.ts'
import { createVault, type DeriveKey, leastCost, openVault } from '../../src/storage/vault.ts'

/** The worker's Argon2id is tried in the browser; which key it gives plays no part here. */
const derive: DeriveKey = async (passphrase, salt, { memory, passes }) =>
  hkdfSha256(utf8(passphrase), salt, utf8(`${memory} ${passes}`), 32)
const entropy = deterministicEntropy(new Uint8Array(32))
const random = (length: number): Uint8Array => entropy.bytes(length)
const key = new Uint8Array(32).fill(7)
const nonce = new Uint8Array(24).fill(1)
const name = { store: 'share', id: 'a', revision: 1 }

test('VAULT a passphrase opens the vault that it made, and no other passphrase does', async () => {
  const vault = await createVault('correct horse', leastCost, derive, random)
  expect((await openVault(vault.header, 'correct horse', derive))?.key).toEqual(vault.key)
  expect(await openVault(vault.header, 'correct horsf', derive)).toBeNull()
})

test('VAULT a cost below the least is raised to it', async () => {
  const { header } = await createVault('p', { memory: 8, passes: 1 }, derive, random)
  expect(header.passphrase).toMatchObject(leastCost)
})

test.each([
  ['less memory', { memory: 1024 }],
  ['fewer passes', { passes: 1 }],
  ['memory beyond any phone', { memory: 1 << 24 }],
  ['another salt', { salt: new Uint8Array(16) }],
])('VAULT a header with %s opens nothing', async (_, changed) => {
  const { header } = await createVault('p', leastCost, derive, random)
  const other = { ...header, passphrase: { ...header.passphrase, ...changed } }
  expect(await openVault(other, 'p', derive)).toBeNull()
})

test('RECORD a record opens under its key, in its place, at its revision, and nowhere else', () => {
  const record = sealRecord(key, name, utf8('secret'), nonce)
  expect(openRecord(key, record)).toEqual(utf8('secret'))
  expect(openRecord(new Uint8Array(32), record)).toBeNull()
  for (const moved of [{ store: 'log' }, { id: 'b' }, { revision: 2 }])
    expect(openRecord(key, { ...record, ...moved })).toBeNull()
})

test('RECORD every byte of a sealed record counts', () => {
  const record = sealRecord(key, name, utf8('s'), nonce)
  for (let at = 0; at < record.sealed.length; at++) {
    const sealed = Uint8Array.from(record.sealed)
    sealed[at] = (sealed[at] ?? 0) ^ 1
    expect(openRecord(key, { ...record, sealed })).toBeNull()
  }
})

test('RECORD a key or nonce of another length is misuse', () => {
  expect(() => sealRecord(key.slice(1), name, utf8('s'), nonce)).toThrow(RangeError)
  expect(() => sealRecord(key, name, utf8('s'), nonce.slice(1))).toThrow(RangeError)
})
