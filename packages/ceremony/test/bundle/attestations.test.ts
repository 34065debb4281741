import { concatBytes, equalBytes, utf8 } from '@lux/crypto'
import { describe, expect, it } from 'vitest'
import { type AttestationCheck, type CheckId, verifyBundle } from '../../src/exports/bundle.ts'
import { alteredAttestations } from '../support/altered-attestations.ts'
import {
  memoryReader,
  type SampleOptions,
  type SampleVendor,
  sampleBundle,
} from '../support/sample-bundle.ts'

/** A vendor whose chain is the key after a seal of its own: what X.509 says, the desktop's tests ask the real checker. */
const seal = utf8(`this vendor attests${' '.repeat(40)}`)
const vendor: SampleVendor = { root: seal, attest: (spki) => concatBytes(spki, seal) }
const attestation: AttestationCheck = ({ chain, root, spki }) =>
  equalBytes(chain, concatBytes(spki, root))
    ? { ok: true }
    : { ok: false, rule: 'ATTESTATION-KEY', detail: 'another key' }

async function failedFor(options: SampleOptions, reads = true): Promise<readonly CheckId[]> {
  const { bytes, policy } = await sampleBundle(options)
  const verdict = await verifyBundle(memoryReader(bytes), { policy, ...(reads ? { attestation } : {}) })
  expect(verdict.verdict).toBe(verdict.failed.length === 0 ? 'accepted' : 'refused')
  return verdict.failed
}

describe('a bundle in which somebody vouches for keys', () => {
  it('ATTESTATIONS accepts E2 by the companion and E3 by the vendor, in both domains', async () => {
    expect(await failedFor({ attested: vendor })).toEqual([])
    expect(await failedFor({ attested: vendor, domain: 'rehearsal' })).toEqual([])
    expect(await failedFor({ attested: { ...vendor, ceremony: 'vendor' } })).toEqual([])
  })

  it('ATTESTATION-CHAINS is refused where nobody reads certificates, and not asked where nothing is attested', async () => {
    expect(await failedFor({ attested: vendor }, false)).toEqual(['ATTESTATION-CHAINS'])
    expect(await failedFor({}, false)).toEqual([])
  })

  it.each(alteredAttestations)('%s refuses %s', async (check, _what, options) => {
    expect(await failedFor(options(vendor))).toContain(check)
  })
})
