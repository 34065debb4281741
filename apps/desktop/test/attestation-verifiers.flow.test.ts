import { spawnSync } from 'node:child_process'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { toBase64, toHex } from '@lux/crypto'
import { confirmAsStandIn, makeStandInVendor, rootCertificate, verifyAttestation } from '@lux/hsm'
import { describe, expect, test, vi } from 'vitest'
import { alteredAttestations } from '../../../packages/ceremony/test/support/altered-attestations.ts'
import { sampleBundle } from '../../../packages/ceremony/test/support/sample-bundle.ts'
import type { SampleVendor } from '../../../packages/ceremony/test/support/sample-options.ts'
import { type Case, compare, verifier } from '../../../packages/ceremony/test/support/second-verifier.ts'

vi.setConfig({ testTimeout: 600_000 })

const subject = 'Vendor'
const created = '2025-06-01T00:00:00.000Z'

/** Chains to Luna's documented profile under a root of our own; one file for one key, as a vendor's tool gives it. */
function vendorOf(from: string, of = makeStandInVendor(subject, from)): SampleVendor {
  const made = new Map<string, Uint8Array>()
  return {
    root: of.root,
    attest(spki) {
      const name = toHex(spki)
      // The sample asks for the chain of another key by a key that is none.
      const known = /^0+$/.test(name) ? strangerSpki : spki
      const chain = made.get(name) ?? confirmAsStandIn(of, { subject, spki: known, created: from })
      made.set(name, chain)
      return chain
    },
  }
}

const strangerSpki = new Uint8Array(
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'der' }),
)
const vendor = vendorOf(created)

async function caseOf(options: Parameters<typeof sampleBundle>[0]): Promise<Case> {
  const { bytes, policy } = await sampleBundle(options)
  return { bytes, policy }
}

describe('two verifiers of attested keys', () => {
  test('agree on what is accepted, on every altered bundle, and on certificates that had expired or are not yet valid', async () => {
    const cases: Case[] = [
      await caseOf({ attested: vendor }),
      await caseOf({ attested: vendor, domain: 'rehearsal' }),
      await caseOf({ attested: { ...vendor, ceremony: 'vendor' } }),
      await caseOf({ attested: vendorOf('2010-06-01T00:00:00.000Z') }),
      await caseOf({ attested: vendorOf('2026-06-01T00:00:00.000Z') }),
    ]
    for (const [, , options] of alteredAttestations) cases.push(await caseOf(options(vendor)))
    const verdicts = await compare(cases, verifyAttestation)
    expect(verdicts.slice(0, 3).map(({ verdict }) => verdict)).toEqual(Array(3).fill('accepted'))
    for (const { failed } of verdicts.slice(3, 5)) expect(failed).toEqual(['ATTESTATION-CHAINS'])
    for (const [index, [check]] of alteredAttestations.entries())
      expect(verdicts[index + 5]?.failed).toContain(check)
  })

  test('agree on Yubico’s published chain and on chains with any byte flipped or cut', () => {
    const vectors = join(import.meta.dirname, '../../../packages/hsm/vectors/attestation')
    const published = new Uint8Array(readFileSync(join(vectors, 'yubihsm-chain.pem')))
    const yubico = rootCertificate(new Uint8Array(readFileSync(join(vectors, 'yubihsm-root.pem'))))!
    const leaf = new X509Certificate(published).publicKey.export({ type: 'spki', format: 'der' })
    const serial = '20783176'
    const spki = strangerSpki
    const luna = { format: 'luna' as const, root: vendor.root, spki, serial, time: created }
    const yubihsm = {
      format: 'yubihsm' as const,
      root: yubico,
      spki: new Uint8Array(leaf),
      serial,
      time: created,
    }
    const confirmation = vendor.attest(spki)
    const claims = [
      { ...luna, chain: confirmation },
      { ...yubihsm, chain: published },
      { ...yubihsm, chain: published, serial: '1' },
      { ...luna, chain: published },
      { ...yubihsm, chain: confirmation },
      ...flipped(confirmation, 41).map((chain) => ({ ...luna, chain })),
      ...flipped(published, 211).map((chain) => ({ ...yubihsm, chain })),
      { ...luna, chain: confirmation.slice(0, -1) },
      { ...luna, chain: confirmation, root: yubico },
      { ...luna, chain: confirmation, time: '2010-01-01T00:00:00.000Z' },
    ]
    const first = claims.map((claim) => verifyAttestation(claim).ok)
    expect(first.slice(0, 5)).toEqual([true, true, false, false, false])
    expect(second(claims)).toEqual(first)
  })
})

/** The bytes with one bit of every n-th byte changed, one at a time. */
function flipped(bytes: Uint8Array, step: number): Uint8Array[] {
  const places = Array.from({ length: Math.ceil(bytes.length / step) }, (_, i) => i * step)
  return places.map((at) => {
    const changed = bytes.slice()
    changed[at] = (changed[at] ?? 0) ^ 1
    return changed
  })
}

const driver = `
import base64, json, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import verify
verdicts = []
for one in json.load(sys.stdin):
    chain, root, spki = (base64.b64decode(one[name]) for name in ('chain', 'root', 'spki'))
    try:
        verify.verify_attestation(one['format'], chain, root, spki, one['serial'], one['time'])
        verdicts.append(True)
    except verify.Refused:
        verdicts.append(False)
print(json.dumps(verdicts))
`

function second(claims: readonly Parameters<typeof verifyAttestation>[0][]): boolean[] {
  const input = claims.map((one) => ({
    ...one,
    chain: toBase64(one.chain),
    root: toBase64(one.root),
    spki: toBase64(one.spki),
  }))
  const run = spawnSync('python3', ['-c', driver, verifier], {
    input: JSON.stringify(input),
    encoding: 'utf8',
  })
  expect(run.stderr).toBe('')
  return JSON.parse(run.stdout) as boolean[]
}
