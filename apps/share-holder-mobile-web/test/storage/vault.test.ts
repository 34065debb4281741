import { deterministicEntropy, hkdfSha256, utf8 } from '@lux/crypto'
import { expect, test } from 'vitest'
import { openRecord, sealRecord } from '../../src/storage/sealed-record.ts'
import {
  createVault,
  type DeriveKey,
  leastCost,
  openVault,
  openWithPasskey,
  type VaultHeader,
  withoutPasskey,
  withPasskey,
} from '../../src/storage/vault.ts'

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

const passkey = { credential: new Uint8Array([1, 2, 3]), salt: new Uint8Array(32).fill(4), secret: key }

async function withBoth(): Promise<{ header: VaultHeader; key: Uint8Array }> {
  const vault = await createVault('correct horse', leastCost, derive, random)
  const header = withPasskey(vault, passkey, random)
  if (header === null) throw new Error('it was not added')
  return { header, key: vault.key }
}

test('PASSKEY either slot opens the vault, and once the passkey is removed only the passphrase does', async () => {
  const { header, key: kept } = await withBoth()
  expect(openWithPasskey(header, key)?.key).toEqual(kept)
  expect((await openVault(header, 'correct horse', derive))?.key).toEqual(kept)
  const alone = withoutPasskey(header)
  expect(openWithPasskey(alone, key)).toBeNull()
  expect((await openVault(alone, 'correct horse', derive))?.key).toEqual(kept)
})

test.each<[string, (header: VaultHeader) => VaultHeader]>([
  ['of another vault', (header) => ({ ...header, id: new Uint8Array(16) })],
  ['for another passkey', (header) => changed(header, { credential: new Uint8Array([9]) })],
  ['over another salt', (header) => changed(header, { salt: new Uint8Array(32) })],
  ['with another nonce', (header) => changed(header, { nonce: new Uint8Array(24) })],
  ['that is cut short', (header) => changed(header, { sealed: new Uint8Array(47) })],
])('PASSKEY a slot %s opens nothing', async (_, change) => {
  const { header } = await withBoth()
  expect(openWithPasskey(change(header), key)).toBeNull()
})

test('PASSKEY what another passkey gives opens nothing, and no slot is made of what is no PRF', async () => {
  const { header } = await withBoth()
  expect(openWithPasskey(header, new Uint8Array(32))).toBeNull()
  expect(openWithPasskey(header, key.slice(1))).toBeNull()
  const vault = await createVault('p', leastCost, derive, random)
  for (const wrong of [{ secret: key.slice(1) }, { salt: key.slice(1) }, { credential: new Uint8Array() }])
    expect(withPasskey(vault, { ...passkey, ...wrong }, random)).toBeNull()
})

function changed(header: VaultHeader, slot: Partial<NonNullable<VaultHeader['passkey']>>): VaultHeader {
  if (header.passkey === undefined) throw new Error('there is no slot')
  return { ...header, passkey: { ...header.passkey, ...slot } }
}
