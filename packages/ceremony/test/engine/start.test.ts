import { describe, expect, it } from 'vitest'
import { decide } from '../../src/exports/engine.ts'
import { FakeCore } from './fake-core.ts'
import { planOf } from './plans.ts'
import { fresh, production, rule } from './runs.ts'
import { someone, someServer } from './seats.ts'

describe('start', () => {
  it('pins plan, policy, people, tokens and destinations in the first entry', () => {
    const run = fresh()
    run.must(run.startCommand())
    const fact = run.disk.entries[0]!.fact as Record<string, unknown>
    expect(run.disk.entries[0]!.kind).toBe('run.started')
    expect(fact.planHash).toBe(production.hash)
    expect(fact.seats).toHaveLength(production.plan.people.length)
    expect(fact.destinations).toHaveLength(1)
  })

  it('RUN-01 refuses a second start', () => {
    const run = fresh()
    run.must(run.startCommand())
    expect(rule(run, run.startCommand())).toBe('RUN-01')
  })

  it('RUN-02 refuses a card too few, of another person, of the other domain, or not in the plan', () => {
    const run = fresh()
    const start = run.startCommand()
    const cards = (change: (all: typeof start.cards) => void) => {
      const copy = [...start.cards]
      change(copy)
      return rule(run, { ...start, cards: copy })
    }
    expect(cards((all) => all.pop())).toBe('RUN-02')
    expect(cards((all) => (all[0] = someone('operator', 'Operator', 'production').card))).toBe('RUN-02')
    expect(cards((all) => (all[0] = someone('administrator', 'Administrator', 'rehearsal').card))).toBe(
      'RUN-02',
    )
    expect(cards((all) => (all[0] = { ...(all[0] as object), note: 'another card' }))).toBe('RUN-02')
    expect(cards((all) => (all[0] = { ...(all[0] as object), extra: 1 }))).toBe('RUN-02')
  })

  it('RUN-02 takes the second card of a holder who stays, and none that is not a renewal of the first', () => {
    const { plan, hash } = planOf('fhe-life', 'rehearsal')
    const run = new FakeCore(plan, hash, 'rehearsal')
    const start = run.startCommand()
    const at = plan.people.findLastIndex(({ name }) => name === 'Holder Two')
    const second = start.cards[at] as { renews: object }
    const { renews: _none, ...bare } = second
    for (const card of [
      bare,
      { ...second, recipient: `age1pq1${'z'.repeat(60)}` },
      { ...second, renews: { ...second.renews, card: 'a'.repeat(64) } },
    ]) {
      const cards = start.cards.with(at, card as never)
      expect(rule(run, { ...start, cards })).toBe('RUN-02')
    }
    run.must(start)
    const seats = run.state.seats.filter(({ name }) => name === 'Holder Two')
    expect(new Set(seats.map(({ signer }) => signer)).size).toBe(1)
    expect(new Set(seats.map(({ recipient }) => recipient)).size).toBe(2)
  })

  it('RUN-02 refuses two officers with one key', () => {
    const { plan, hash } = planOf('first-run', 'rehearsal')
    const run = new FakeCore(plan, hash, 'rehearsal')
    const start = run.startCommand()
    const cards = [...start.cards]
    cards[4] = { ...(cards[3] as object), name: 'Officer Two' }
    expect(rule(run, { ...start, cards })).toBe('RUN-02')
  })

  it('RUN-02 refuses the operator’s key under the security officer’s name, half of it too', () => {
    const { plan, hash } = planOf('first-run', 'rehearsal')
    const run = new FakeCore(plan, hash, 'rehearsal')
    const start = run.startCommand()
    const at = (role: string) => plan.people.findIndex((one) => one.role === role)
    const p256 = Buffer.alloc(65, 4).toString('base64')
    const operator = start.cards[at('operator')] as { keys: object }
    const so = start.cards[at('so')] as { keys: object }
    for (const [one, two] of [
      [operator.keys, operator.keys],
      [
        { ...operator.keys, p256 },
        { ...so.keys, p256 },
      ],
    ]) {
      const cards = start.cards
        .with(at('operator'), { ...operator, keys: one } as never)
        .with(at('so'), { ...so, keys: two } as never)
      expect(rule(run, { ...start, cards })).toBe('RUN-02')
    }
  })

  it('RUN-02 refuses two holders with one envelope key', () => {
    const { plan, hash } = planOf('first-run', 'rehearsal')
    const run = new FakeCore(plan, hash, 'rehearsal')
    const start = run.startCommand()
    const [one = 0, two = 0] = plan.people.flatMap(({ role }, at) => (role === 'holder' ? [at] : []))
    const { recipient } = start.cards[one] as { recipient: string }
    const cards = start.cards.with(two, { ...(start.cards[two] as object), recipient } as never)
    expect(rule(run, { ...start, cards })).toBe('RUN-02')
  })

  it('takes stand-in cards in a rehearsal of a production plan', () => {
    const run = new FakeCore(production.plan, production.hash, 'rehearsal')
    expect(rule(run, run.startCommand())).toBe('run.started')
  })

  it('RUN-03 refuses a destination that is missing, not signed by its server, or of the other domain', () => {
    const run = fresh()
    const start = run.startCommand()
    const [destination] = start.destinations
    const transport = destination!.transport as { payload: object; signatures: unknown[] }
    const other = someServer('rehearsal')
    expect(rule(run, { ...start, destinations: [] })).toBe('RUN-03')
    expect(rule(run, { ...start, destinations: [{ card: other.card, transport: other.transport }] })).toBe(
      'RUN-03',
    )
    const unsigned = { ...transport, signatures: [] } as never
    expect(rule(run, { ...start, destinations: [{ ...destination!, transport: unsigned }] })).toBe('RUN-03')
    const changed = { ...transport, payload: { ...transport.payload, serial: 'another token' } } as never
    expect(rule(run, { ...start, destinations: [{ ...destination!, transport: changed }] })).toBe('RUN-03')
    expect(rule(run, { ...start, destinations: [{ ...destination!, card: other.card }] })).toBe('RUN-03')
  })

  it.each(['production', 'rehearsal'] as const)(
    'RUN-03 refuses a second destination in a %s of version 1',
    (domain) => {
      const run = new FakeCore({ ...production.plan, v: 1 }, production.hash, domain)
      const start = run.startCommand()
      const other = someServer(domain)
      const second = { card: other.card, transport: other.transport }
      const refused = decide(run.state, { ...start, destinations: [second, second] })
      expect(refused).toMatchObject({ rule: 'RUN-03', detail: expect.stringContaining('one server') })
    },
  )

  it('RUN-03 refuses a server that is a destination twice in a run of version 2', () => {
    const several = planOf('root-several', 'production')
    const run = new FakeCore(several.plan, several.hash, 'rehearsal')
    const { card, transport } = someServer('rehearsal')
    const twice = {
      ...run.startCommand(),
      destinations: [
        { card, transport },
        { card, transport: null },
      ],
    }
    expect(decide(run.state, twice)).toMatchObject({
      rule: 'RUN-03',
      detail: expect.stringContaining('a destination twice'),
    })
  })

  it('RUN-03 refuses to leave out the transport key that the plan names, in production', () => {
    const several = planOf('root-several', 'production')
    const run = new FakeCore(several.plan, several.hash, 'production')
    const { card } = someServer('production')
    expect(rule(run, { ...run.startCommand(), destinations: [{ card, transport: null }] })).toBe('RUN-03')
  })

  it('RUN-04 refuses a policy that asks for more people than are seated, or for no officer', () => {
    const run = fresh()
    for (const terms of [
      { officers: 4, witnesses: 2, approvers: 0 },
      { officers: 0, witnesses: 2, approvers: 0 },
      { officers: 2, witnesses: 3, approvers: 0 },
      { officers: 1.5, witnesses: 0, approvers: 0 },
    ])
      expect(rule(run, { ...run.startCommand(), terms })).toBe('RUN-04')
  })

  it('RUN-05 refuses tokens that are not bound as planned', () => {
    const run = fresh()
    const start = run.startCommand()
    expect(rule(run, { ...start, tokens: [] })).toBe('RUN-05')
    expect(rule(run, { ...start, tokens: [{ role: 'ceremony', serial: 'a1b2' }] })).toBe('RUN-05')
    expect(rule(run, { ...start, tokens: [...start.tokens, { role: 'spare', serial: 'a1' }] })).toBe('RUN-05')
    expect(rule(run, { ...start, tokens: [...start.tokens, ...start.tokens] })).toBe('RUN-05')
    const known = planOf('root-kek', 'production')
    const other = new FakeCore(known.plan, known.hash, 'production')
    expect(rule(other, { ...other.startCommand(), tokens: [{ role: 'ceremony', serial: 'other' }] })).toBe(
      'RUN-05',
    )
  })

  it('RUN-10 refuses a start by somebody who may not lead', () => {
    const run = fresh()
    expect(rule(run, { ...run.startCommand(), by: 'Witness One' })).toBe('RUN-10')
  })
})
