import { describe, expect, it } from 'vitest'
import { predicateTypes, statementCodec, statementType } from '../../src/bundle/statement.ts'
import type { Predicate } from '../../src/exports/bundle.ts'
import type { Plan } from '../../src/exports/plan.ts'
import { makePerson } from '../support/people.ts'
import { type SampleOptions, sampleBundle } from '../support/sample-bundle.ts'
import { sampleTime } from '../support/sample-options.ts'
import { compare } from '../support/second-verifier.ts'

const earlier = { bundle: '5a'.repeat(32), id: 'root', version: 1 }
const digest = '6b'.repeat(32)
const version2: SampleOptions = { version: 2 }
const planned = (change: (plan: Plan) => unknown): SampleOptions => ({
  ...version2,
  alter: {
    plan: (plan) => {
      change(plan)
      return plan
    },
  },
})
const predicate = (change: (before: Predicate) => Partial<Predicate>): SampleOptions => ({
  ...version2,
  alter: { predicate: (before) => ({ ...before, ...change(before) }) },
})
const dora = makePerson('officer', 'Dora', 'production').card

/** Why a bundle of version 2 is refused, by what is wrong with it. */
const wrong: [string, string, SampleOptions][] = [
  ['PLAN-CONTENT', 'a plan of version 1', planned((plan) => (plan.v = 1))],
  [
    'PLAN-CONTENT',
    'a transcript of version 1',
    { ...version2, alter: { header: (before) => ({ ...before, v: 1 }) } },
  ],
  ['PLAN-CONTENT', 'a predicate of version 1', predicate(() => ({ v: 1 }))],
  [
    'PLAN-CONTENT',
    'a plan of version 2 in a run of version 1',
    { ...planned((plan) => (plan.v = 2)), version: 1 },
  ],
  ['PLAN-CONTENT', 'a revocation', planned((plan) => (plan.revokes = [earlier]))],
  ['PLAN-CONTENT', 'a next policy', planned((plan) => (plan.nextPolicy = digest))],
  [
    'PLAN-CONTENT',
    'a backup',
    planned((plan) => (plan.keys[0]!.backup = { t: 2, n: 2, custodians: ['Gita', 'Hugo'] })),
  ],
  ['PLAN-CONTENT', 'a spare token', planned((plan) => (plan.keys[0]!.spares = ['spare']))],
  ['PLAN-CONTENT', 'a key in the place of another', planned((plan) => (plan.keys[0]!.replaces = earlier))],
  [
    'PLAN-CONTENT',
    'a server without a transport key',
    planned((plan) => delete plan.destinations[0]!.transport),
  ],
  ['PLAN-CONTENT', 'a revocation that no plan names', predicate(() => ({ revokes: [earlier] }))],
  [
    'PLAN-CONTENT',
    'a second audience',
    predicate(() => ({ alsoFor: [{ audience: digest, sequence: '1', previous: null, supersedes: [] }] })),
  ],
  [
    'PLAN-CONTENT',
    'a link that no plan names',
    predicate(({ wrapTree: [root, ...more] }) => ({ wrapTree: [{ ...root!, replaces: earlier }, ...more] })),
  ],
  [
    'PLAN-CONTENT',
    'another version of a key than the plan says',
    predicate(({ wrapTree: [root, ...more] }) => ({ wrapTree: [{ ...root!, version: 2 }, ...more] })),
  ],
  [
    'POLICY-QUORUM',
    'a first policy that follows another',
    {
      ...version2,
      alter: {
        policy: (before) => ({
          ...before,
          v: 2,
          changes: [{ role: 'officer', name: 'Dora', card: digest, change: 'removed', reason: '' }],
        }),
      },
    },
  ],
  ['BLOB-REFERENCES', 'a next policy that is not there', predicate(() => ({ nextPolicy: digest }))],
]
/** And what is in order. */
const sound: [string, SampleOptions][] = [
  ['a bundle of version 2', version2],
  ['of a rehearsal', { ...version2, domain: 'rehearsal' }],
  ['with a threshold key and its life', { ...version2, fhe: true, life: true, renewed: true }],
  ['with a replica', { ...version2, replica: true }],
  [
    'under a policy of version 2',
    {
      ...version2,
      alter: {
        policy: (before) => ({
          ...before,
          v: 2,
          phone: { origin: 'https://phone.acme.example', releaseKey: dora.keys },
          hardware: [{ maker: 'Example', model: 'HSM 3000' }],
        }),
      },
    },
  ],
  [
    'of version 1 under a policy of version 2',
    { alter: { policy: (before) => ({ ...before, v: 2, hardware: [{ maker: 'Example', model: 'HSM' }] }) } },
  ],
  [
    'with a note',
    {
      ...version2,
      alter: {
        entries: (before) => [
          ...before,
          {
            seq: String(before.length),
            time: sampleTime(29),
            stepId: 'seal',
            kind: 'note.made',
            salt: '5a'.repeat(16),
            fact: { by: 'Wim', text: 'The door stood open for a minute.' },
          },
        ],
      },
    },
  ],
]

describe('bundles of version 2', () => {
  it('get the same verdict from both verifiers, the right ones and the wrong ones', async () => {
    const cases = []
    for (const [, options] of sound) cases.push(await sampleBundle(options))
    for (const [, , options] of wrong) cases.push(await sampleBundle(options))
    const verdicts = await compare(cases)
    expect(
      verdicts.slice(0, sound.length).map(({ verdict, failed }) => `${verdict} ${failed.join()}`),
    ).toEqual(sound.map(() => 'accepted '))
    for (const [at, [check, what]] of wrong.entries())
      expect(verdicts[sound.length + at]?.failed, what).toContain(check)
  }, 240_000)

  it('MANIFEST a predicate of one version under the type of the other is refused', async () => {
    const { predicate: made } = await sampleBundle(version2)
    const subject = [{ name: 'transcript.jsonl', digest: { sha256: digest }, annotations: { size: '1' } }]
    const statement = (v: 1 | 2, type: 1 | 2) =>
      statementCodec.check({
        _type: statementType,
        subject,
        predicateType: predicateTypes[type],
        predicate: { ...made, v },
      }).ok
    expect([statement(1, 1), statement(2, 2), statement(1, 2), statement(2, 1)]).toEqual([
      true,
      true,
      false,
      false,
    ])
  })
})
