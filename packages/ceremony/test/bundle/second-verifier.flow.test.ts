import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { verifyBundle } from '../../src/exports/bundle.ts'
import { tokenProfiles } from '../../src/exports/plan.ts'
import type { PolicyFile } from '../../src/exports/policy.ts'
import { soundCourses } from '../support/altered-course.ts'
import { elsewhere, newToken } from '../support/altered-places.ts'
import { withString } from '../support/altered-reference-string.ts'
import { alteredRenewals } from '../support/altered-renewals.ts'
import { soundReadings } from '../support/altered-run.ts'
import { joinedSeats } from '../support/altered-seats.ts'
import { soundTranscripts } from '../support/altered-transcript.ts'
import { softToken } from '../support/altered-trust.ts'
import { entropyOf } from '../support/people.ts'
import { memoryReader, type SampleBundle, sampleBundle } from '../support/sample-bundle.ts'
import { type Case, compare, verifier } from '../support/second-verifier.ts'

let sample: SampleBundle

beforeAll(async () => {
  sample = await sampleBundle({ fhe: true })
})

describe('the second verifier', () => {
  it('gives the same verdict and names the same checks for every kind of bundle that is right, and for wrong renewals', async () => {
    const cases: Case[] = []
    for (const domain of ['production', 'rehearsal'] as const)
      for (const life of [false, true]) cases.push(await sampleBundle({ domain, fhe: true, life }))
    cases.push(await sampleBundle({ domain: 'rehearsal', fhe: true, binary: true }))
    cases.push(await sampleBundle({ replica: true }), await sampleBundle(withString))
    for (const options of [
      newToken,
      elsewhere,
      joinedSeats,
      ...soundTranscripts,
      ...soundCourses,
      ...soundReadings(),
    ])
      cases.push(await sampleBundle(options))
    for (const domain of ['production', 'rehearsal'] as const)
      cases.push(await sampleBundle({ domain, fhe: true, life: true, renewed: true }))
    const batches = await sampleBundle({ fhe: true, life: true, alter: { epochs: { batches: true } } })
    expect((await verifyBundle(memoryReader(batches.bytes), { policy: batches.policy })).verdict).toBe(
      'accepted',
    )
    cases.push(batches)
    for (const [, , options] of alteredRenewals) cases.push(await sampleBundle(options))
    // Which profiles are programs is a list in each.
    for (const profile of tokenProfiles) cases.push(await sampleBundle(softToken(profile)))
    cases.push({ bytes: sample.bytes, policy: null })
    const { bytes } = await sampleBundle({ domain: 'rehearsal' })
    cases.push({ bytes, policy: sample.policy })
    await compare(cases)
  }, 240_000)

  it('gives the same verdict and names the same checks for every flipped, cut or lengthened bundle', async () => {
    const entropy = entropyOf('corpus')
    const places = new DataView(entropy.bytes(4 * 150).buffer)
    const cases: Case[] = [
      { bytes: sample.bytes.slice(0, -1), policy: null },
      { bytes: new Uint8Array([...sample.bytes, 0]), policy: null },
      { bytes: new Uint8Array(), policy: null },
    ]
    const flip = (at: number, policy: PolicyFile | null) => {
      const bytes = sample.bytes.slice()
      bytes[at]! ^= 1 << (at % 8)
      cases.push({ bytes, policy })
    }
    for (let i = 0; i < 100; i++)
      flip(places.getUint32(4 * i) % sample.bytes.length, i % 2 ? sample.policy : null)
    // Manifest and transcript come first and say the most.
    for (let i = 100; i < 150; i++) flip(places.getUint32(4 * i) % 58_000, sample.policy)
    await compare(cases)
  }, 240_000)

  it('has the exit codes of custody verify', () => {
    const history = fileURLToPath(new URL('../../history/0.1.0/', import.meta.url))
    const run = (...words: string[]) =>
      spawnSync('python3', ['-B', join(verifier, 'verify.py'), ...words], { encoding: 'utf8' })
    const bundle = join(history, 'bundle.zip')
    const accepted = run(bundle, '--policy', join(history, 'policy.json'))
    expect([accepted.status, accepted.stdout]).toEqual([0, expect.stringMatching(/\naccepted\n$/)])
    // Whoever has no other program than this one reads here all that a verdict rests on.
    for (const line of [
      /^policy {2}[0-9a-f]{64}\n {2}(\S+ ){7}\S+\n/m,
      /^digest {2}[0-9a-f]{64}\n {2}(\S+ ){7}\S+\n/m,
      /^run {5}production, begun 20\S+, \d+ entries, ceremony [0-9a-f]{32}$/m,
      /^signed {2}Ada \(officer\): the policy, the plan, the opening, .*the bundle$/m,
      /^signed {2}Wim \(witness\): checkpoint at \d+/m,
      /^key {5}ceremony \(ceremony\): E\d, CKA_ID [0-9a-f]{32}, token \S+$/m,
      /^key {5}org \(organisation\): AES-256, E\d, CKA_ID [0-9a-f]{32}, token \S+, wrapped under root$/m,
      /^not proved: That the room was as the witnesses say\.$/m,
      /^not known: Whether this policy is the right one\./m,
    ])
      expect(accepted.stdout).toMatch(line)
    const { signed } = JSON.parse(run(bundle, '--policy', join(history, 'policy.json'), '--json').stdout)
    expect(signed.map(({ name }: { name: string }) => name)).toContain('Xenia')
    const unknown = run(bundle)
    expect([unknown.status, unknown.stdout]).toEqual([
      1,
      expect.stringMatching(/\nconsistent, signers unknown: POLICY-MISSING/),
    ])
    // Nobody is named as a signer where no policy says who the signers are.
    expect(unknown.stdout).not.toMatch(/^signed/m)
    expect(run().status).toBe(2)
    expect(run(join(history, 'absent.zip')).status).toBe(2)
    expect(run(history).status).toBe(2)
  })
})
