import type { Json } from '@lux/crypto'
import { describe, expect, it } from 'vitest'
import { predicateTypes, statementCodec, statementType } from '../../src/bundle/statement.ts'
import type { Predicate } from '../../src/exports/bundle.ts'
import type { Plan } from '../../src/exports/plan.ts'
import { makePerson } from '../support/people.ts'
import { type SampleOptions, sampleBundle } from '../support/sample-bundle.ts'
import { firstOfLine, replacing, revoked, severalServers } from '../support/sample-kinds.ts'
import { initialised, measured, shownBy } from '../support/sample-measured.ts'
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
const spared: SampleOptions = { ...version2, replica: 'spare' }
const replica = (change: (before: Replica) => Partial<Replica>): SampleOptions => ({
  ...spared,
  alter: {
    predicate: (before) => ({
      ...before,
      replicas: before.replicas!.map((one) => ({ ...one, ...change(one) })),
    }),
  },
})
type Replica = NonNullable<Predicate['replicas']>[number]

/** What the transcript says of the window. */
const window = (change: (result: { spares: Json[] }) => Record<string, Json>): SampleOptions => ({
  ...spared,
  alter: {
    entries: (before) =>
      before.map((entry) => {
        const fact = entry.fact as { effect?: string; result?: { spares: Json[] } }
        if (fact.effect !== 'generate-root' || fact.result === undefined) return entry
        return { ...entry, fact: { ...fact, result: { ...fact.result, ...change(fact.result) } } }
      }),
  },
})

/** A note in the place of what the officers confirmed. */
function unconfirmed(): SampleOptions {
  const { alter, ...rest } = revoked()
  return {
    ...rest,
    alter: {
      ...alter,
      entries: (before) =>
        (alter?.entries?.(before) ?? before).map((entry) =>
          entry.stepId === 'revoke' ? { ...entry, kind: 'note.made' } : entry,
        ),
    },
  }
}

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
    'BACKUPS',
    'a backup that is not there',
    planned((plan) => (plan.keys[0]!.backup = { t: 2, n: 2, custodians: ['Gita', 'Hugo'] })),
  ],
  [
    'TRANSCRIPT-CONTENT',
    'a spare that nothing was wrapped to',
    planned((plan) => (plan.keys[0]!.spares = ['spare'])),
  ],
  ['REPLICAS', 'a spare whose root came otherwise', replica(() => ({ way: 'vendor-clone' }))],
  ['REPLICAS', 'a spare with another key', replica(() => ({ digest }))],
  [
    'REPLICAS',
    'a spare that is left out',
    { ...spared, alter: { predicate: ({ replicas: _, ...rest }) => rest } },
  ],
  ['TRANSCRIPT-CONTENT', 'another key trusted in the window', window(() => ({ trusted: [digest] }))],
  [
    'TRANSCRIPT-CONTENT',
    'a spare in another token',
    window(({ spares: [one] }) => ({ spares: [{ ...(one as object), serial: 'c3d4e5f6' }] })),
  ],
  [
    'TRANSCRIPT-CONTENT',
    'a measured token that lacks a need',
    measured({ measured: ['kwp', 'unwrap-template', 'gcm'] }),
  ],
  [
    'TRANSCRIPT-CONTENT',
    'a measured token behind another library',
    measured({ token: { ...shownBy, library: digest } }),
  ],
  [
    'TRANSCRIPT-CONTENT',
    'a measured token that needs a trusted window and marks no key as trusted',
    initialised({ marksTrusted: false }, true),
  ],
  [
    'TRANSCRIPT-CONTENT',
    'a measured token that needs a trusted window and does not say whether it marks a key',
    initialised({}, true),
  ],
  [
    'TRANSCRIPT-CONTENT',
    'a trusted window in a token that marks no key as trusted',
    initialised({ marksTrusted: false }),
  ],
  [
    'TOKEN-SOFT',
    'a measured token that the policy does not list',
    measured({}, { soft: false, listed: false }),
  ],
  [
    'TOKEN-SOFT',
    'a measured token of another model',
    measured({ token: { ...shownBy, model: 'HSM 4000' } }, { soft: false }),
  ],
  ['TRANSCRIPT-CONTENT', 'a second spare', window(({ spares: [one] }) => ({ spares: [one!, one!] }))],
  ['PLAN-CONTENT', 'a key in the place of another', planned((plan) => (plan.keys[0]!.replaces = earlier))],
  [
    'PLAN-CONTENT',
    'a server without a transport key',
    planned((plan) => delete plan.destinations[0]!.transport),
  ],
  ['PLAN-CONTENT', 'a revocation that no plan names', predicate(() => ({ revokes: [earlier] }))],
  [
    'PLAN-CONTENT',
    'a second audience that no plan names',
    predicate(() => ({ alsoFor: [{ ...firstOfLine, audience: digest }] })),
  ],
  [
    'AUDIENCE',
    'a second audience that is the first',
    predicate(({ audience }) => ({ alsoFor: [{ ...firstOfLine, audience: audience! }] })),
  ],
  [
    'AUDIENCE',
    'a second audience and no first',
    predicate(() => ({ audience: null, sequence: '0', alsoFor: [{ ...firstOfLine, audience: digest }] })),
  ],
  ['AUDIENCE', 'a second server that is not in the policy', severalServers({ listed: false })],
  ['SEQUENCE', 'a second server whose number is not its first', severalServers({ line: { sequence: '2' } })],
  [
    'PREVIOUS',
    'a second server whose bundles are superseded twice',
    severalServers({ line: { sequence: '3', supersedes: [digest, digest] } }),
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
  [
    'TRANSCRIPT-CONTENT',
    'a revocation without its step',
    {
      ...version2,
      alter: {
        plan: (plan) => ({ ...plan, revokes: [earlier] }),
        predicate: (before) => ({ ...before, revokes: [earlier] }),
      },
    },
  ],
  ['TRANSCRIPT-CONTENT', 'a revocation that nobody confirmed', unconfirmed()],
  [
    'PLAN-CONTENT',
    'another key revoked than planned',
    {
      ...version2,
      alter: {
        plan: (plan) => ({ ...plan, revokes: [earlier] }),
        predicate: (before) => ({ ...before, revokes: [{ ...earlier, version: 2 }] }),
      },
    },
  ],
  ['PLAN-CONTENT', 'another key replaced than planned', replacing(earlier, { ...earlier, id: 'other' })],
  ['BLOB-REFERENCES', 'a next policy that is not there', predicate(() => ({ nextPolicy: digest }))],
]
/** And what is in order. */
const sound: [string, SampleOptions][] = [
  ['a bundle of version 2', version2],
  ['with a root in the place of an earlier one', replacing(earlier)],
  ['with a revocation', revoked()],
  ['of a rehearsal', { ...version2, domain: 'rehearsal' }],
  ['with a threshold key and its life', { ...version2, fhe: true, life: true, renewed: true }],
  ['with a replica', { ...version2, replica: true }],
  ['with a spare', spared],
  ['with a measured token', measured()],
  ['with a measured token that the policy lists as hardware', measured({}, { soft: false })],
  ['with a token that the run initialised', initialised({ marksTrusted: true }, true)],
  ['with a token of a listed kind, initialised', initialised({})],
  ['for two servers', severalServers({})],
  [
    'for two servers, the second later in its line',
    severalServers({ line: { sequence: '7', previous: digest } }),
  ],
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
