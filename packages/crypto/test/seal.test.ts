import { beforeAll, describe, expect, test } from 'vitest'
import {
  generateSealIdentity,
  isSealRecipient,
  openWith,
  openWithPassphrase,
  type SealIdentity,
  sealRecipient,
  sealTo,
  sealWithPassphrase,
  utf8,
} from '../src/index.ts'

const plaintext = utf8('share 2 of 5')
const quick = { workFactor: 4 }
let anna: SealIdentity
let ben: SealIdentity
let sealed: Uint8Array

beforeAll(async () => {
  anna = await generateSealIdentity()
  ben = await generateSealIdentity()
  sealed = await sealTo([anna.recipient], plaintext)
})

function patch(bytes: Uint8Array, from: string, to: string): Uint8Array {
  return new Uint8Array(Buffer.from(Buffer.from(bytes).toString('latin1').replace(from, to), 'latin1'))
}

describe('sealing to a recipient', () => {
  test('each named recipient opens a sealed file, and nobody else does', async () => {
    const both = await sealTo([anna.recipient, ben.recipient], plaintext)
    expect(await openWith(anna.identity, both)).toEqual(plaintext)
    expect(await openWith(ben.identity, both)).toEqual(plaintext)
    await expect(openWith(ben.identity, sealed)).rejects.toThrow('SEAL-OTHER-RECIPIENT')
  })

  test('a flipped byte anywhere, a cut and an extra byte are refused', async () => {
    for (let at = 0; at < sealed.length; at += 13) {
      const changed = sealed.slice()
      changed[at]! ^= 1
      await expect(openWith(anna.identity, changed)).rejects.toThrow(/^SEAL-/)
    }
    await expect(openWith(anna.identity, sealed.subarray(0, -1))).rejects.toThrow('SEAL-INTEGRITY')
    await expect(openWith(anna.identity, Uint8Array.of(...sealed, 0))).rejects.toThrow('SEAL-INTEGRITY')
  })

  test('a header without end or with a foreign kind of recipient is refused before any arithmetic', async () => {
    const endless = new Uint8Array(70_000).fill(0x41)
    endless.set(utf8('age-encryption.org/v1\n'))
    await expect(openWith(anna.identity, endless)).rejects.toThrow('SEAL-HEADER')
    await expect(openWith(anna.identity, new Uint8Array(0))).rejects.toThrow('SEAL-HEADER')
    await expect(openWith(anna.identity, patch(sealed, '-> mlkem768x25519', '-> X25519'))).rejects.toThrow(
      'SEAL-HEADER',
    )
    await expect(openWith(anna.identity, await sealWithPassphrase('p', plaintext, quick))).rejects.toThrow(
      'SEAL-HEADER',
    )
  })

  test('the recipient of an identity is found again, and malformed ones are refused', async () => {
    expect(await sealRecipient(anna.identity)).toBe(anna.recipient)
    expect(await isSealRecipient(anna.recipient)).toBe(true)
    const classic = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'
    for (const bad of ['', classic, anna.recipient.toUpperCase(), `${anna.recipient.slice(0, -1)}b1`]) {
      expect(await isSealRecipient(bad)).toBe(false)
      await expect(sealTo([bad], plaintext)).rejects.toThrow('SEAL-RECIPIENT')
    }
    await expect(openWith(anna.identity.toLowerCase(), sealed)).rejects.toThrow('SEAL-IDENTITY')
    await expect(
      sealRecipient(`${anna.identity.slice(0, -1)}${anna.identity.endsWith('Q') ? 'P' : 'Q'}`),
    ).rejects.toThrow('SEAL-IDENTITY')
    await expect(sealTo([], plaintext)).rejects.toThrow(RangeError)
    await expect(sealTo([anna.recipient, anna.recipient], plaintext)).rejects.toThrow(RangeError)
  })
})

describe('sealing under a passphrase', () => {
  test('the passphrase opens it in either Unicode form, another does not', async () => {
    const file = await sealWithPassphrase('pässword', plaintext, quick)
    expect(await openWithPassphrase('pa\u0308ssword', file)).toEqual(plaintext)
    await expect(openWithPassphrase('password', file)).rejects.toThrow('SEAL-PASSPHRASE')
  })

  test('a passphrase costs 2^18 of scrypt by default', async () => {
    const [, stanza] = Buffer.from(await sealWithPassphrase('p', plaintext))
      .toString('latin1')
      .split('\n')
    expect(stanza).toMatch(/^-> scrypt \S+ 18$/)
  })

  test('a work factor above 20 is refused before any memory is spent', async () => {
    const file = await sealWithPassphrase('p', plaintext, { workFactor: 10 })
    for (const costly of ['21', '64', '200', '010', '1e1']) {
      const changed = new Uint8Array(
        Buffer.from(
          Buffer.from(file)
            .toString('latin1')
            .replace(/(-> scrypt \S+) 10\n/, `$1 ${costly}\n`),
          'latin1',
        ),
      )
      await expect(openWithPassphrase('p', changed)).rejects.toThrow('SEAL-HEADER')
    }
    await expect(openWithPassphrase('p', sealed)).rejects.toThrow('SEAL-HEADER')
    await expect(sealWithPassphrase('p', plaintext, { workFactor: 21 })).rejects.toThrow(RangeError)
    await expect(sealWithPassphrase('', plaintext, quick)).rejects.toThrow(RangeError)
  })

  test('a flipped byte is refused', async () => {
    const file = await sealWithPassphrase('p', plaintext, quick)
    for (let at = 0; at < file.length; at += 5) {
      const changed = file.slice()
      changed[at]! ^= 1
      await expect(openWithPassphrase('p', changed)).rejects.toThrow(/^SEAL-/)
    }
  })
})
