import { serverCardCodec } from '@lux/ceremony/wire'
import { confirmAsStandIn, makeStandInVendor } from '@lux/hsm'
import { expect, test } from 'vitest'
import {
  memoryReader,
  type SampleOptions,
  type SampleVendor,
  sampleBundle,
} from '../../../../packages/ceremony/test/support/sample-bundle.ts'
import { judgeBundle } from '../../src/imports/check-bundle.ts'

const created = '2025-06-01T00:00:00.000Z'

/** One chain to Luna's documented profile, for whichever key is asked first. */
function vendorOf(): SampleVendor {
  const vendor = makeStandInVendor('Vendor', created)
  let chain: Uint8Array | null = null
  return {
    root: vendor.root,
    attest(spki) {
      chain ??= confirmAsStandIn(vendor, { subject: 'Vendor', spki, created })
      return chain
    },
  }
}

async function judged(options: SampleOptions): Promise<string> {
  const { bytes, policy, server } = await sampleBundle(options)
  const situation = {
    domain: 'production' as const,
    audience: serverCardCodec.digest(server.card),
    policies: [policy],
    lastReceipt: null,
  }
  const outcome = await judgeBundle(memoryReader(bytes), situation)
  return outcome.ok ? 'accepted' : `${outcome.rule}: ${outcome.detail}`
}

test('ATTESTATION-CHAINS the server takes keys that a pinned vendor vouches for, and refuses another root, key or statement by name', async () => {
  const vendor = vendorOf()
  expect(await judged({ attested: vendor })).toBe('accepted')
  const unpinned: SampleOptions['alter'] = {
    policy: ({ attestationRoots: _none, ...policy }) => policy,
  }
  expect(await judged({ attested: vendor, alter: unpinned })).toMatch(
    /^ATTESTATION-CHAINS: .*ATTESTATION-ROOT/,
  )
  // The ceremony key is attested by a chain that was made for the companion.
  expect(await judged({ attested: { ...vendor, ceremony: 'vendor' } })).toMatch(
    /^ATTESTATION-CHAINS: .*ATTESTATION-KEY/,
  )
  const moved: SampleOptions['alter'] = { statement: (of) => ({ ...of, serial: 'b2c3d4e5' }) }
  expect(await judged({ attested: vendor, alter: moved })).toMatch(/^ATTESTATIONS: .*another token/)
}, 120_000)
