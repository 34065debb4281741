import { utf8 } from '@lux/crypto'
import { describe, expect, it } from 'vitest'
import { type CheckId, type VerifyOptions, verifyBundle } from '../../src/exports/bundle.ts'
import { altered } from '../support/altered.ts'
import { soundCourses } from '../support/altered-course.ts'
import { other } from '../support/altered-parts.ts'
import { elsewhere, newToken } from '../support/altered-places.ts'
import { withString } from '../support/altered-reference-string.ts'
import { soundReadings } from '../support/altered-run.ts'
import { joinedSeats } from '../support/altered-seats.ts'
import { soundTranscripts } from '../support/altered-transcript.ts'
import { softToken } from '../support/altered-trust.ts'
import {
  memoryReader,
  type SampleBundle,
  type SampleOptions,
  sampleBundle,
} from '../support/sample-bundle.ts'
import { type Case, secondVerdicts } from '../support/second-verifier.ts'

/** Checks that fail for a bundle that was signed as it is, under its own policy. */
async function failedFor(
  options: SampleOptions,
  verifier: Partial<VerifyOptions> = {},
): Promise<readonly CheckId[]> {
  return failedOf(await sampleBundle(options), verifier)
}

async function failedOf(
  { bytes, policy }: Pick<SampleBundle, 'bytes' | 'policy'>,
  verifier: Partial<VerifyOptions> = {},
): Promise<readonly CheckId[]> {
  const verdict = await verifyBundle(memoryReader(bytes), { policy, ...verifier })
  expect(verdict.verdict).toBe(verdict.failed.length === 0 ? 'accepted' : 'refused')
  return verdict.failed
}

describe('a bundle signed as it is', () => {
  const refused: { bundle: Case; failed: readonly CheckId[] }[] = []

  it.each(altered)('%s refuses %s', async (check, _what, options) => {
    const bundle = await sampleBundle(options)
    const failed = await failedOf(bundle)
    expect(failed).toContain(check)
    refused.push({ bundle, failed })
  })

  it('is refused by the second verifier for the same checks', () => {
    expect(refused.length).toBeGreaterThan(70)
    const bundles = refused.map(({ bundle }) => bundle)
    expect(secondVerdicts(bundles, 'told')).toEqual(
      refused.map(({ failed }) => ({ verdict: 'refused', failed })),
    )
  }, 240_000)

  it('EVIDENCE accepts keys that read as they must', async () => {
    for (const options of soundReadings()) expect(await failedFor(options)).toEqual([])
  })

  it('accepts a token that is new, and a rehearsal with other tokens and servers', async () => {
    for (const options of [newToken, elsewhere]) expect(await failedFor(options)).toEqual([])
  })

  it('accepts a witness who records and an officer who holds a share', async () => {
    expect(await failedFor(joinedSeats)).toEqual([])
  })

  it('TOKEN-SOFT accepts a hardware token where programs are forbidden', async () => {
    for (const profile of ['luna', 'tpm2'] as const) expect(await failedFor(softToken(profile))).toEqual([])
  })

  it('FHE-COMMITMENTS accepts the public file of a TFHE_BINARY key, which has no compact public key', async () => {
    expect(await failedFor({ domain: 'rehearsal', fhe: true, binary: true })).toEqual([])
  })

  it('accepts a transcript that is redacted, a key that was adopted, and a root that came through a window', async () => {
    for (const options of soundTranscripts) expect(await failedFor(options)).toEqual([])
  })

  it('accepts a root that was made again as officers decided, keys that were only read, and a run that was paused', async () => {
    for (const options of soundCourses) expect(await failedFor(options)).toEqual([])
  })

  it('accepts the reference string that was made with the key', async () => {
    expect(await failedFor(withString)).toEqual([])
  })

  it('AUDIENCE, SEQUENCE and PREVIOUS say so where nothing was given to compare with', async () => {
    const { bytes, policy, predicate } = await sampleBundle()
    expect(predicate.audience).not.toBeNull()
    const detailsOf = async (options: VerifyOptions) => {
      const { checks } = await verifyBundle(memoryReader(bytes), options)
      const said = ['AUDIENCE', 'SEQUENCE', 'PREVIOUS'].map(
        (id) => checks.find((one) => one.id === id)?.detail,
      )
      return said.map((detail) => /; no (.*) was given/.exec(detail ?? '')?.[1] ?? null)
    }
    expect(await detailsOf({})).toEqual(['policy', 'last receipt', 'last receipt'])
    expect(await detailsOf({ policy })).toEqual([null, 'last receipt', 'last receipt'])
    expect(await detailsOf({ policy, lastReceipt: null })).toEqual([null, null, null])
  })

  it('POLICY-DIGEST refuses another policy than the one of the run', async () => {
    const { policy } = await sampleBundle({
      alter: { policy: (p) => ({ ...p, expiry: '2028-01-01T00:00:00.000Z' }) },
    })
    expect(await failedFor({}, { policy })).toEqual(['POLICY-DIGEST'])
  })

  it('POLICY-QUORUM refuses a policy that its own officers did not sign', async () => {
    const { policy } = await sampleBundle()
    expect(await failedFor({}, { policy: { ...policy, signatures: policy.signatures.slice(1) } })).toEqual([
      'POLICY-QUORUM',
    ])
  })

  it.each([
    [
      'a client key as tfhe writes it',
      utf8(`${'\0'.repeat(40)}high_level_api::ClientKey${'\0'.repeat(5000)}`),
    ],
    ['a bare share', utf8('lux-shr1 and then the seeds')],
    [
      'a Boolean client key',
      new Uint8Array(new Uint32Array([586, 0, ...Array.from({ length: 586 }, (_, i) => i & 1)]).buffer),
    ],
  ])('FHE-WHOLE-KEY refuses %s', async (_what, secret) => {
    const options: SampleOptions = {
      wrapped: { organisation: secret, project: utf8('p'), data: utf8('d'), mechanism: 'KWP-RFC5649' },
    }
    expect(await failedFor(options)).toEqual(['FHE-WHOLE-KEY'])
  })
})

describe('a rehearsal bundle', () => {
  it('is accepted with a decryption and a next epoch', async () => {
    expect(await failedFor({ domain: 'rehearsal', fhe: true, life: true })).toEqual([])
    expect(await failedFor({ fhe: true, life: true })).toEqual([])
  })

  it('is accepted under its own policy', async () => {
    expect(await failedFor({ domain: 'rehearsal', fhe: true })).toEqual([])
  })

  it('DOMAIN is refused by a production verifier, even under its own policy', async () => {
    expect(await failedFor({ domain: 'rehearsal' }, { domain: 'production' })).toEqual(['DOMAIN'])
    const { policy } = await sampleBundle()
    expect(await failedFor({ domain: 'rehearsal' }, { policy })).toContain('DOMAIN')
  })
})

describe('the audience', () => {
  const last = { bundleDigest: 'aa'.repeat(32), sequence: '4' }
  const next = { sequence: '5', previous: last.bundleDigest }

  it('takes the next bundle, and one that names what it supersedes', async () => {
    expect(await failedFor(next, { lastReceipt: last })).toEqual([])
    expect(await failedFor({ ...next, sequence: '6', supersedes: [other] }, { lastReceipt: last })).toEqual(
      [],
    )
    expect(await failedFor({}, { lastReceipt: null })).toEqual([])
  })

  it('AUDIENCE refuses a bundle for another server', async () => {
    expect(await failedFor({}, { audience: other })).toEqual(['AUDIENCE'])
  })

  it('SEQUENCE refuses a rollback and a gap', async () => {
    expect(await failedFor({ ...next, sequence: '4' }, { lastReceipt: last })).toEqual(['SEQUENCE'])
    expect(await failedFor({ ...next, sequence: '7' }, { lastReceipt: last })).toEqual(['SEQUENCE'])
    expect(await failedFor({}, { lastReceipt: last })).toEqual(['SEQUENCE', 'PREVIOUS'])
  })

  it('PREVIOUS refuses a fork', async () => {
    expect(await failedFor({ ...next, previous: other }, { lastReceipt: last })).toEqual(['PREVIOUS'])
    expect(await failedFor(next, { lastReceipt: null })).toContain('PREVIOUS')
  })
})
