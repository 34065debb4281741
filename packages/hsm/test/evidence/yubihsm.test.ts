import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { verifyYubiHsmAttestation } from '../../src/index.ts'
import {
  bits,
  caConstraints,
  der,
  type Extension,
  ecPair,
  integer,
  keyUsage,
  makeCertificate,
  octets,
  pem,
  spkiOf,
} from './certificate-maker.ts'

const vector = (name: string) => readFileSync(new URL(`../../vectors/attestation/${name}`, import.meta.url))
const time = new Date('2026-06-01T00:00:00Z')

describe('a real YubiHSM 2’s attestation', () => {
  const chain = vector('yubihsm-chain.pem')
  const roots = [vector('yubihsm-root.pem')]
  const spki = new X509Certificate(chain).publicKey.export({ type: 'spki', format: 'der' })

  it('is accepted under Yubico’s root, and says what the device said', () => {
    expect(verifyYubiHsmAttestation({ chain, roots, spki, serial: '20783176', time })).toEqual({
      ok: true,
      claims: {
        firmware: '2.2.0',
        serial: '20783176',
        origin: 'generated',
        domains: [3, 4],
        capabilities: '0000000400000660',
        exportable: false,
        objectId: 0x24,
        label: 'Swish Sign RSA4096',
      },
      root: '094a3ac493c2bdcd65a54bdf40190f52bb03f7156397a3fc69d8aa9a392fb724',
    })
  })

  it('is refused for another key, another device, another root and outside its life', () => {
    const rule = (change: Partial<Parameters<typeof verifyYubiHsmAttestation>[0]>) => {
      const result = verifyYubiHsmAttestation({ chain, roots, spki, time, ...change })
      return result.ok ? 'accepted' : result.rule
    }
    expect(rule({ spki: spkiOf(ecPair()) })).toBe('ATTESTATION-KEY')
    expect(rule({ serial: '20783177' })).toBe('ATTESTATION-DEVICE')
    expect(rule({ roots: [vector('luna-ecc-root.pem')] })).toBe('ATTESTATION-ROOT')
    expect(rule({ roots: [] })).toBe('ATTESTATION-ROOT')
    expect(rule({ time: new Date('2016-01-01T00:00:00Z') })).toBe('ATTESTATION-TIME')
    expect(rule({ time: new Date('no date') })).toBe('ATTESTATION-TIME')
    const [leaf = '', device = '', sub = ''] = chain.toString().split(/(?=-----BEGIN)/)
    expect(rule({ chain: Buffer.from(leaf + sub) })).toBe('ATTESTATION-CHAIN')
    expect(rule({ chain: Buffer.from(leaf + device) })).toBe('ATTESTATION-ROOT')
    expect(rule({ roots: [...roots, Buffer.from(device)] }), 'a root in the middle').toBe('ATTESTATION-CHAIN')
    expect(rule({ chain: Buffer.from(device + sub) })).toMatch(/^ATTESTATION-(FORMAT|PROFILE)$/)
    expect(rule({ chain: roots[0]! })).toMatch(/^ATTESTATION-/)
    expect(rule({ chain: Buffer.from('not a certificate') })).toBe('ATTESTATION-FORMAT')
  })

  it('one changed bit in any certificate is refused', () => {
    const certificates = chain
      .toString()
      .split(/(?=-----BEGIN)/)
      .map((text) => Buffer.from(text.replace(/-----[^-]+-----/g, ''), 'base64'))
    const spots = certificates.flatMap((one, i) =>
      one.map((_, at) => at).length ? [[i, one.length] as const] : [],
    )
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: spots.length - 1 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.integer({ min: 0, max: 7 }),
        (which, where, bit) => {
          const at = Math.floor((spots[which]?.[1] ?? 1) * where)
          const changed = certificates.map((one, i) =>
            i === which ? Buffer.from(one).map((byte, j) => (j === at ? byte ^ (1 << bit) : byte)) : one,
          )
          expect(verifyYubiHsmAttestation({ chain: pem(...changed), roots, spki, time }).ok).toBe(false)
        },
      ),
      { numRuns: 150 },
    )
  })
})

describe('chains made to Yubico’s documented profile', () => {
  const arc = '1.3.6.1.4.1.41482.4.'
  const serial = 31650425
  const claims = (change: Partial<Record<number, Uint8Array | null>> = {}): Extension[] =>
    Object.entries({
      1: octets(Buffer.from([2, 4, 1])),
      2: integer(serial),
      3: bits(1),
      4: bits(0, 1),
      5: bits(0, 0, 0, 0, 0, 0, 1, 0),
      6: integer(3),
      9: der(0x0c, Buffer.from('companion')),
      ...change,
    }).flatMap(([number, value]) => (value === null ? [] : [{ oid: `${arc}${number}`, value: value! }]))

  const root = makeCertificate({
    subject: 'Root',
    pair: ecPair(),
    extensions: [caConstraints(2), keyUsage(6)],
  })
  const sub = makeCertificate({
    subject: 'Sub',
    pair: ecPair(),
    issuer: root,
    extensions: [caConstraints(1), keyUsage(6)],
  })
  const deviceExtensions = [{ oid: `${arc}2`, value: integer(serial) }, caConstraints(0)]
  const device = makeCertificate({
    subject: 'Device',
    pair: ecPair(),
    issuer: sub,
    extensions: deviceExtensions,
  })
  const pair = ecPair()
  const verdict = (
    extensions: readonly Extension[],
    options: { issuer?: typeof device; chain?: Buffer[]; notAfter?: string; hash?: 'sha1' } = {},
  ) => {
    const { issuer = device, chain = [device.der, sub.der] } = options
    const leaf = makeCertificate({ subject: 'Leaf', pair, issuer, extensions, ...options })
    const result = verifyYubiHsmAttestation({
      chain: pem(leaf.der, ...chain),
      roots: [root.der],
      spki: spkiOf(pair),
      time,
    })
    return result.ok ? result.claims.label : result.rule
  }

  it('a key made in the device that cannot leave it is accepted', () => {
    expect(verdict(claims())).toBe('companion')
  })

  it.each([
    ['imported', { 3: bits(2) }, 'ATTESTATION-ORIGIN'],
    ['imported under wrap', { 3: bits(16) }, 'ATTESTATION-ORIGIN'],
    ['generated and imported at once', { 3: bits(3) }, 'ATTESTATION-ORIGIN'],
    ['exportable under wrap', { 5: bits(0, 0, 0, 0, 0, 1, 0, 0) }, 'ATTESTATION-EXPORTABLE'],
    ['of another device', { 2: integer(1234) }, 'ATTESTATION-DEVICE'],
    ['without capabilities', { 5: null }, 'ATTESTATION-FORMAT'],
    ['without an origin', { 3: null }, 'ATTESTATION-FORMAT'],
    ['with a short mask', { 5: bits(0, 0) }, 'ATTESTATION-FORMAT'],
    ['with an origin as text', { 3: der(0x0c, Buffer.from('generated')) }, 'ATTESTATION-FORMAT'],
    ['with bits left over', { 3: der(0x03, Buffer.from([3, 8])) }, 'ATTESTATION-FORMAT'],
    [
      'with bytes after the serial',
      { 2: Buffer.concat([integer(serial), integer(1)]) },
      'ATTESTATION-FORMAT',
    ],
    ['with a padded serial', { 2: der(0x02, Buffer.from([0, 1, 2, 3, 4])) }, 'ATTESTATION-FORMAT'],
    ['with a negative serial', { 2: der(0x02, Buffer.from([0xff])) }, 'ATTESTATION-FORMAT'],
    ['with a label of 41 bytes', { 9: der(0x0c, Buffer.alloc(41, 97)) }, 'ATTESTATION-FORMAT'],
  ] as const)('a key %s is refused', (_, change, rule) => {
    expect(verdict(claims(change))).toBe(rule)
  })

  it('an extension twice is refused', () => {
    expect(verdict([...claims(), { oid: `${arc}3`, value: bits(1) }])).toMatch(/^ATTESTATION-(FORMAT|CHAIN)$/)
  })

  it('a leaf under an issuer that may not issue, SHA-1 and an expired leaf are refused', () => {
    const plain = makeCertificate({
      subject: 'Device',
      pair: device.pair,
      issuer: sub,
      extensions: [deviceExtensions[0]!],
    })
    expect(verdict(claims(), { chain: [plain.der, sub.der] })).toBe('ATTESTATION-CHAIN')
    const short = makeCertificate({
      subject: 'Sub',
      pair: sub.pair,
      issuer: root,
      extensions: [caConstraints(0)],
    })
    expect(verdict(claims(), { chain: [device.der, short.der] })).toBe('ATTESTATION-CHAIN')
    expect(verdict(claims(), { hash: 'sha1' })).toBe('ATTESTATION-ALGORITHM')
    expect(verdict(claims(), { notAfter: '20250101000000Z' })).toBe('ATTESTATION-TIME')
  })

  it('nine certificates, and one of 20 KB, are not read', () => {
    const many = Array.from({ length: 8 }, () => sub.der)
    expect(verdict(claims(), { chain: many })).toBe('ATTESTATION-FORMAT')
    expect(verdict([...claims(), { oid: '1.2.3', value: Buffer.alloc(20_000) }])).toBe('ATTESTATION-FORMAT')
  })
})
