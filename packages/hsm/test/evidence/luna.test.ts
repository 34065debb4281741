import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { verifyLunaAttestation } from '../../src/index.ts'
import {
  caConstraints,
  ecPair,
  extendedUsage,
  keyUsage,
  type Made,
  makeCertificate,
  pkcs7,
  rsaPair,
  sequence,
  spkiOf,
} from './certificate-maker.ts'

const time = new Date('2026-06-01T00:00:00Z')
const luna = '1.3.6.1.4.1.12383.1.'

/** A chain to Thales' profile: root first in `usages`, the confirmation last. */
function makeChain(usages: readonly number[], pairs: () => ReturnType<typeof ecPair>) {
  const certificates: Made[] = []
  for (const [i, number] of usages.entries()) {
    const issuer = certificates.at(-1)
    const last = i === usages.length - 1
    certificates.push(
      makeCertificate({
        subject: `Luna ${number} ${i}`,
        pair: pairs(),
        ...(issuer ? { issuer } : {}),
        extensions: [
          extendedUsage(`${luna}${number}`),
          ...(last ? [keyUsage(0x80)] : [caConstraints(), keyUsage(6)]),
        ],
      }),
    )
  }
  return certificates
}

const verdict = (certificates: readonly Made[], root: Made, spki: Uint8Array) => {
  const confirmation = pkcs7(...certificates.map(({ der }) => der))
  const result = verifyLunaAttestation({ confirmation, roots: [root.der], spki, time })
  return result.ok ? `${result.kind}: ${result.subject}` : result.rule
}

describe('Luna public key confirmations, made to the documented profile', () => {
  const ec = makeChain([14, 15, 13], ecPair)
  const rsa = makeChain([1, 7, 8, 12, 13], () => rsaPair())
  const parts = (chain: readonly Made[]) => ({ root: chain[0]!, leaf: chain.at(-1)! })

  it('the short chain of an elliptic curve and the long one of RSA are accepted, in any order', () => {
    for (const [chain, said] of [
      [ec, 'ec: CN=Luna 13 2'],
      [rsa, 'rsa: CN=Luna 13 4'],
    ] as const) {
      const { root, leaf } = parts(chain)
      expect(verdict(chain, root, spkiOf(leaf.pair))).toBe(said)
      expect(verdict([...chain].reverse(), root, spkiOf(leaf.pair))).toBe(said)
      expect(verdict(chain.slice(1), root, spkiOf(leaf.pair))).toBe(said)
    }
  })

  it('another key, another root, a missing link and a certificate too many are refused', () => {
    const { root, leaf } = parts(ec)
    const spki = spkiOf(leaf.pair)
    expect(verdict(ec, root, spkiOf(ecPair()))).toBe('ATTESTATION-KEY')
    const other = makeChain([14], ecPair)[0]!
    expect(verdict(ec, other, spki)).toMatch(/^ATTESTATION-(ROOT|CHAIN)$/)
    expect(verdict([root, leaf], root, spki)).toMatch(/^ATTESTATION-(FORMAT|CHAIN)$/)
    expect(verdict([...ec, other], root, spki)).toBe('ATTESTATION-FORMAT')
  })

  it('a chain with other key usages is no confirmation', () => {
    for (const usages of [
      [14, 15, 12],
      [14, 13, 13],
      [1, 15, 13],
      [14, 15, 15, 13],
    ]) {
      const chain = makeChain(usages, ecPair)
      const { root, leaf } = parts(chain)
      expect(verdict(chain, root, spkiOf(leaf.pair))).toBe('ATTESTATION-PROFILE')
    }
  })

  it('what is no PKCS #7 is refused, however it is cut', () => {
    const whole = pkcs7(...ec.map(({ der }) => der))
    const { root, leaf } = parts(ec)
    for (let length = 0; length < whole.length; length += 37) {
      const confirmation = whole.subarray(0, length)
      const result = verifyLunaAttestation({ confirmation, roots: [root.der], spki: spkiOf(leaf.pair), time })
      expect(result).toMatchObject({ ok: false, rule: 'ATTESTATION-FORMAT' })
    }
    const many = pkcs7(...Array.from({ length: 12 }, () => root.der))
    for (const confirmation of [sequence(), many, Buffer.alloc(200_000, 0x30)])
      expect(
        verifyLunaAttestation({ confirmation, roots: [root.der], spki: spkiOf(leaf.pair), time }),
      ).toMatchObject({ ok: false, rule: 'ATTESTATION-FORMAT' })
  })

  it('SafeNet’s real root is read, has the root’s key usage, and makes no other chain acceptable', () => {
    const real = readFileSync(new URL('../../vectors/attestation/luna-ecc-root.pem', import.meta.url))
    const { leaf } = parts(ec)
    const confirmation = pkcs7(...ec.map(({ der }) => der))
    const result = verifyLunaAttestation({ confirmation, roots: [real], spki: spkiOf(leaf.pair), time })
    expect(result).toMatchObject({ ok: false, rule: 'ATTESTATION-ROOT' })
  })
})
