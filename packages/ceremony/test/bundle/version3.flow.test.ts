import type { Json } from '@lux/crypto'
import { describe, expect, it } from 'vitest'
import { type Note, noteIds, verifyBundle } from '../../src/exports/bundle.ts'
import { type Hearing, hearingCodec } from '../../src/exports/documents.ts'
import type { Plan, PlannedToken } from '../../src/exports/plan.ts'
import { type FullEntry, redact } from '../../src/exports/transcript.ts'
import { withEntry, withStep } from '../support/altered-recorded.ts'
import { makePerson } from '../support/people.ts'
import { memoryReader, type SampleOptions, sampleBundle } from '../support/sample-bundle.ts'
import { measured } from '../support/sample-measured.ts'
import { sampleCeremonyId, sampleTime } from '../support/sample-options.ts'
import { compare } from '../support/second-verifier.ts'

const digest = '6b'.repeat(32)
const device = { maker: 'Example', model: 'HSM 3000' }
type Alter = NonNullable<SampleOptions['alter']>
type Members = Record<string, Json>

const of3 = (alter: Alter = {}, more: SampleOptions = {}): SampleOptions => ({ ...more, version: 3, alter })

const policy = (change: object): SampleOptions => of3({ policy: (before) => ({ ...before, ...change }) })

/** The medium and what stands in front of the token and behind its name, in plan and header. */
function placed(plan: Members, header: Members, token: Partial<PlannedToken>, shown: Members): SampleOptions {
  return of3({
    plan: (before) => ({
      ...before,
      ...plan,
      tokens: before.tokens.map((one) => ({ ...one, ...token })),
    }),
    header: (before) => ({
      ...before,
      machine: { ...before.machine, ...header },
      tokens: before.tokens.map(({ shim: _shim, ...one }) => ({ ...one, ...shown })),
    }),
  })
}

/** What the transcript says of a step's effect, with more in its result. */
const told = (effect: string, more: Members): SampleOptions =>
  of3({
    entries: (all) =>
      all.map((entry) => {
        const fact = entry.fact as { effect?: string; result?: Members }
        if (fact.effect !== effect) return entry
        return { ...entry, fact: { ...fact, result: { ...fact.result, ...more } } as FullEntry['fact'] }
      }),
  })

/** A step that measures the machine, and what it says. */
const machine = (said: Json, more: Alter = {}): SampleOptions =>
  of3({
    ...more,
    plan: (before) =>
      withStep({ id: 'measure', do: 'measure-machine' })(more.plan?.(before) ?? before) as Plan,
    entries: (all) =>
      withEntry(all, entryOf('measure', 'step.performed', performed('measure-machine', said))),
  })

const performed = (effect: string, said: Json): FullEntry['fact'] => ({
  attempt: 1,
  effect,
  again: false,
  result: { tool: 'x', kernel: 'x', library: digest, tpmQuote: 'none', files: digest, machine: said },
})

const entryOf = (stepId: string, kind: string, fact: FullEntry['fact']): FullEntry => ({
  seq: '0',
  time: sampleTime(0),
  stepId,
  kind,
  salt: '5a'.repeat(16),
  fact,
})

/** A step that asks people something, of which the transcript says that this was done in it, under a policy that asks for a medium. */
const elsewhere = (effect: 'measure-machine' | 'probe-token'): SampleOptions => {
  const { alter } = machine({ level: 'M2', image: digest })
  return of3({
    policy: (before) => ({ ...before, machine: { least: 'M2', images: [digest] } }),
    plan: (before) => withStep({ id: 'measure', do: 'confirm' })(before) as Plan,
    entries: (all) =>
      (alter?.entries?.(all) ?? all).map((one) =>
        one.stepId === 'measure' ? { ...one, fact: { ...(one.fact as Members), effect } } : one,
      ) as FullEntry[],
  })
}

/** An entry of the step that seals, before it. */
const entry = (kind: string, fact: FullEntry['fact']): SampleOptions =>
  of3({ entries: (all) => withEntry(all, entryOf('seal', kind, fact)) })

const wim = makePerson('witness', 'Wim', 'production')
function hearing(change: Partial<Hearing> = {}, by = wim): SampleOptions {
  const payload: Hearing = {
    v: 1,
    kind: 'hearing',
    domain: 'production',
    ceremonyId: sampleCeremonyId,
    stepId: 'seal',
    what: 'plan',
    digest,
    name: 'Wim',
    ...change,
  }
  const signature = hearingCodec.sign(by.identity, payload, 'production')
  return entry('reading.signed', { payload, signature } as unknown as FullEntry['fact'])
}

const note = (fact: FullEntry['fact']): SampleOptions => entry('note.made', fact)

/** Two measurings under a policy that asks for a medium: the first shows it, and the second is redacted. */
function measuredTwice(): SampleOptions {
  const { alter } = machine(
    { level: 'M2', image: digest },
    { policy: (before) => ({ ...before, machine: { least: 'M2', images: [digest] } }) },
  )
  const again = entryOf('again', 'step.performed', performed('measure-machine', { level: 'M0' }))
  return of3({
    ...alter,
    plan: (before) =>
      withStep({ id: 'again', do: 'measure-machine' })(alter?.plan?.(before) ?? before) as Plan,
    entries: (all) =>
      withEntry(alter?.entries?.(all) ?? all, again).map(
        // A sample's entries are typed as whole ones.
        (one) => (one.stepId === 'again' ? (redact(one) as unknown as FullEntry) : one),
      ),
  })
}

const quote = { attest: 'AA==', signature: 'AA==', key: 'AA==', log: 'AA==' }
const able = (role: string, lacks: string[] = [], can = true) => ({ role, able: can, lacks })
const capable = (...all: Json[]): SampleOptions => told('probe-token', { capabilities: all })

/** A wrapped key of which two attributes were not read, in a token that lacks them, or says nothing of it. */
function lacking(lacks: string[]): SampleOptions {
  const without = (attributes: Json): Json => {
    const { COPYABLE: _copyable, WRAP_WITH_TRUSTED: _trusted, ...rest } = attributes as Members
    return rest
  }
  const { alter = {} } = capable(able('data', lacks))
  return of3({
    entries: (all) =>
      (alter.entries?.(all) ?? all).map((one) => {
        const fact = one.fact as { effect?: string; result?: { evidence: Members } }
        if (fact.effect !== 'generate-key' || fact.result === undefined) return one
        const { evidence } = fact.result
        const read = { ...evidence, attributes: without(evidence.attributes ?? null) }
        return { ...one, fact: { ...fact, result: { ...fact.result, evidence: read } } as FullEntry['fact'] }
      }),
    predicate: (before) => ({
      ...before,
      keyEvidence: before.keyEvidence.map((one) =>
        one.level === 'root' || one.level === 'ceremony'
          ? one
          : { ...one, attributes: without(one.attributes) as typeof one.attributes },
      ),
    }),
  })
}

const { alter: asMeasured = {} } = measured()
const probed = of3({
  ...asMeasured,
  policy: (before) => ({ ...before, hardware: [device], softTokens: false }),
})

const sound: [string, SampleOptions, Partial<Record<Note['id'], string>>][] = [
  ['a bundle of version 3', of3(), { text: 'checked', heard: 'none', machine: 'none', device: 'none' }],
  ['of a rehearsal', of3({}, { domain: 'rehearsal' }), {}],
  ['with a threshold key and its life', of3({}, { fhe: true, life: true, renewed: true }), {}],
  ['with a spare', of3({}, { replica: 'spare' }), {}],
  ['a bundle of version 2', { version: 2 }, { text: 'not-recorded', heard: 'not-recorded' }],
  ['a bundle of version 1', {}, { machine: 'not-recorded', shim: 'not-recorded' }],
  [
    'of version 2 under a policy that takes it',
    { ...policy({ oldest: { card: 1, run: 2 } }), version: 3 },
    {},
  ],
  [
    'with shim, device and image as planned',
    placed(
      { image: digest },
      { image: digest },
      { shim: digest, device },
      { shim: digest, device: { ...device, firmware: '7' } },
    ),
    {
      shim: 'claimed ceremony',
      device: 'claimed ceremony: Example HSM 3000 7',
      machine: `claimed ${digest}`,
    },
  ],
  [
    'of a rehearsal on another device than planned',
    {
      ...placed({}, {}, { device }, { device: { maker: 'Soft', model: 'Token', firmware: '2' } }),
      domain: 'rehearsal',
    },
    { device: 'claimed ceremony: Soft Token 2, ceremony: planned Example HSM 3000' },
  ],
  [
    'with a machine that shows itself',
    machine({ level: 'M2', image: digest }),
    { machine: `claimed M2, ${digest}` },
  ],
  [
    'with a quote that nobody checks',
    machine({ level: 'M3', image: digest, quote }),
    { machine: `claimed M3, ${digest}` },
  ],
  [
    'under a policy that asks for a medium',
    machine(
      { level: 'M2', image: digest },
      {
        policy: (before) => ({ ...before, machine: { least: 'M2', images: [digest] } }),
      },
    ),
    {},
  ],
  [
    'with what the workstation says of who heard',
    entry('reading.heard', { what: 'plan', digest, by: ['Wim', 'Ada'] }),
    { heard: 'claimed claimed Wim: plan, claimed Ada: plan' },
  ],
  ['with what a witness signed', hearing(), { heard: 'signed signed Wim: plan' }],
  [
    'with what a witness signed of something else, and the workstation says of another',
    of3({
      entries: (all) =>
        withEntry(
          hearing({ what: 'lunch' }).alter?.entries?.(all) ?? all,
          entryOf('seal', 'reading.heard', { what: 'plan', digest, by: ['Ada'] }),
        ),
    }),
    { heard: 'claimed signed Wim: lunch, claimed Ada: plan' },
  ],
  [
    'with a redacted reading',
    of3({
      entries: (all) =>
        withEntry(all, entryOf('seal', 'reading.heard', { what: 'plan', digest, by: ['Ada'] })).map(
          // A sample's entries are typed as whole ones.
          (one) => (one.kind === 'reading.heard' ? (redact(one) as unknown as FullEntry) : one),
        ),
    }),
    { heard: 'claimed redacted' },
  ],
  ['with capabilities', capable(able('root'), able('data')), { capabilities: 'claimed ceremony' }],
  ['with keys that show nothing of what their token lacks', lacking(['COPYABLE', 'WRAP_WITH_TRUSTED']), {}],
  ['with a measured token', probed, {}],
  [
    'with why a program paused, which nobody typed',
    of3({
      entries: (all) =>
        withEntry(
          withEntry(
            all,
            entryOf('seal', 'run.paused', { by: 'machine', cause: 'restart', reason: 'a\u200bb' }),
          ),
          entryOf('seal', 'run.resumed', { by: 'machine' }),
        ),
    }),
    {},
  ],
  [
    'of version 2 with a note that hides something',
    { version: 2, alter: note({ by: 'Wim', text: 'a\u200bb' }).alter ?? {} },
    {},
  ],
]

const wrong: [string, string, SampleOptions][] = [
  ...(
    [
      [{ by: 'Wim', text: 'a\u200bb' }, 'a note that hides something'],
      [{ by: 'W\u0456m', text: 'a' }, 'a name of two scripts'],
      [{ by: ['Wim', 'Ada '], text: 'a' }, 'a name that ends in a space'],
      [{ name: 'u\u0308', text: 'a' }, 'a name that is not composed'],
      [{ by: 'Wim', reason: 'a\u202eb' }, 'a reason that turns around'],
      [{ input: { clock: 'a\u200bb' } }, 'a value that hides something'],
      [{ seats: [{ name: 'W\u200bim' }] }, 'a seat that hides something'],
    ] as [FullEntry['fact'], string][]
  ).map(([fact, what]): [string, string, SampleOptions] => ['TRANSCRIPT-CONTENT', what, note(fact)]),
  ['MACHINE', 'a last measuring that is redacted', measuredTwice()],
  [
    'POLICY-OLDEST',
    'a run of version 1',
    { alter: { policy: (before) => ({ ...before, v: 3, oldest: { card: 1, run: 2 } }) } },
  ],
  ['POLICY-OLDEST', 'a card of version 1', policy({ oldest: { card: 2, run: 3 } })],
  ['PLAN-CONTENT', 'another shim than planned', placed({}, {}, { shim: digest }, { shim: '7c'.repeat(32) })],
  ['PLAN-CONTENT', 'a shim that no plan names', placed({}, {}, {}, { shim: digest })],
  ['PLAN-CONTENT', 'no device where one was planned', placed({}, {}, { device }, {})],
  [
    'PLAN-CONTENT',
    'another device than planned',
    placed({}, {}, { device }, { device: { ...device, model: 'HSM 2', firmware: '7' } }),
  ],
  ['MACHINE', 'another image than planned', placed({ image: digest }, { image: '7c'.repeat(32) }, {}, {})],
  ['MACHINE', 'an image that no plan names', placed({}, { image: digest }, {}, {})],
  ['MACHINE', 'no evidence where the policy asks for some', policy({ machine: { least: 'M1' } })],
  [
    'MACHINE',
    'a quote, which nobody can check',
    machine(
      { level: 'M3', image: digest, quote },
      { policy: (before) => ({ ...before, machine: { least: 'M3' } }) },
    ),
  ],
  [
    'MACHINE',
    'an image that the policy does not list',
    machine(
      { level: 'M2', image: digest },
      { policy: (before) => ({ ...before, machine: { least: 'M1', images: ['7c'.repeat(32)] } }) },
    ),
  ],
  ...(
    [
      [{ level: 'M4' }, 'an unknown level'],
      [{ level: 'M1', image: digest }, 'an image of a machine that read none'],
      [{ level: 'M3', image: digest }, 'a quote that is not there'],
      [{ level: 'M2', image: digest, quote }, 'a quote below its level'],
      [{ level: 'M3', image: digest, quote: { ...quote, log: '' } }, 'an empty log'],
      [{ level: 'M0', more: 1 }, 'a member more'],
      [null, 'nothing'],
    ] as [Json, string][]
  ).map(([said, what]): [string, string, SampleOptions] => ['TRANSCRIPT-CONTENT', what, machine(said)]),
  ...(
    [
      [[], 'no role'],
      [[able('root'), able('root')], 'a role twice'],
      [[able('data'), able('root')], 'roles in another order'],
      [[able('king')], 'an unknown role'],
      [[able('root', ['B', 'A'])], 'attributes in another order'],
      [[{ role: 'root', able: 'yes', lacks: [] }], 'a word for a truth'],
    ] as [Json[], string][]
  ).map(([all, what]): [string, string, SampleOptions] => ['TRANSCRIPT-CONTENT', what, capable(...all)]),
  ['TRANSCRIPT-CONTENT', 'a measured machine in a step of another kind', elsewhere('measure-machine')],
  ['TRANSCRIPT-CONTENT', 'a probe in a step of another kind', elsewhere('probe-token')],
  ['TRANSCRIPT-CONTENT', 'a root in a token that can hold none', capable(able('root', [], false))],
  ['EVIDENCE', 'keys that show less, in a token that lacks nothing', lacking([])],
  ['EVIDENCE', 'keys that show less than their token', lacking(['COPYABLE'])],
  [
    'TRANSCRIPT-CONTENT',
    'somebody heard who sits nowhere',
    entry('reading.heard', { what: 'plan', digest, by: ['Eve'] }),
  ],
  [
    'TRANSCRIPT-CONTENT',
    'a name that hides something',
    entry('reading.heard', { what: 'pl\u200ban', digest, by: ['Wim'] }),
  ],
  ['TRANSCRIPT-CONTENT', 'nobody heard', entry('reading.heard', { what: 'plan', digest, by: [] })],
  [
    'TRANSCRIPT-CONTENT',
    'somebody who heard twice',
    entry('reading.heard', { what: 'plan', digest, by: ['Ada', 'Ada'] }),
  ],
  ['TRANSCRIPT-CONTENT', 'a hearing of another step', hearing({ stepId: 'open-run' })],
  ['TRANSCRIPT-CONTENT', 'a hearing of another run', hearing({ ceremonyId: '0d'.repeat(16) })],
  ['TRANSCRIPT-CONTENT', 'a hearing of a stranger', hearing({ name: 'Eve' })],
  [
    'TRANSCRIPT-CONTENT',
    'a hearing that another signed',
    hearing({}, makePerson('witness', 'Xenia', 'production')),
  ],
]

const saidOf = ({ state, values }: Note) => [state, values.join(', ')].filter((one) => one !== '').join(' ')

describe('bundles of version 3', () => {
  it('POLICY-OLDEST MACHINE get the same verdict and notes from both verifiers, the right ones and the wrong ones', async () => {
    const cases = []
    for (const [, options] of sound) cases.push(await sampleBundle(options))
    for (const [, , options] of wrong) cases.push(await sampleBundle(options))
    const verdicts = await compare(cases, undefined, 'told')
    expect(
      verdicts
        .slice(0, sound.length)
        .map(({ verdict, failed }, at) => `${sound[at]?.[0]} ${verdict} ${failed.join()}`),
    ).toEqual(sound.map(([what]) => `${what} accepted `))
    for (const [at, [check, what]] of wrong.entries())
      expect(verdicts[sound.length + at]?.failed, what).toContain(check)
    for (const [at, [what, , notes]] of sound.entries()) {
      const { bytes, policy: policyFile } = cases[at] ?? cases[0]!
      const found = (await verifyBundle(memoryReader(bytes), { policy: policyFile })).notes
      expect(
        found.map(({ id }) => id),
        what,
      ).toEqual([...noteIds])
      expect(Object.fromEntries(found.map((note) => [note.id, saidOf(note)])), what).toMatchObject(notes)
    }
  }, 240_000)
})
