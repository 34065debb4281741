import { sha256Hex, utf8 } from '@lux/crypto'
import { describe, expect, it } from 'vitest'
import { type Command, decide, initialState, owed, readEntry, replay, view } from '../src/index.ts'
import { FakeCore } from './engine/fake-core.ts'
import { planOf } from './engine/plans.ts'
import { sign, someone, someServer } from './engine/seats.ts'

const production = planOf('first-run', 'production')

function fresh(): FakeCore {
  return new FakeCore(production.plan, production.hash, 'production')
}

function at(step: string): FakeCore {
  const run = fresh()
  run.runTo(step)
  return run
}

/** The rule by which a command is refused, or what it led to. */
function rule(run: FakeCore, command: Command): string {
  const decision = decide(run.state, command)
  return decision.ok ? decision.events.map(({ kind }) => kind).join() : decision.rule
}

function runToNeeds(run: FakeCore, what: string): FakeCore {
  for (;;) {
    const { needs } = view(run.state)
    if (owed(run.state) === null && needs !== null && 'what' in needs && needs.what === what) return run
    if (owed(run.state) === null && needs?.kind === what) return run
    if (!run.step()) throw new Error(`${what} is never needed`)
  }
}

const proceed = (step: string, by = 'Operator', input = {}): Command => ({ type: 'proceed', step, by, input })

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

  it('RUN-02 refuses two officers with one key', () => {
    const { plan, hash } = planOf('first-run', 'rehearsal')
    const run = new FakeCore(plan, hash, 'rehearsal')
    const start = run.startCommand()
    const cards = [...start.cards]
    cards[4] = { ...(cards[3] as object), name: 'Officer Two' }
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

  it('RUN-04 refuses a policy that asks for more people than are seated, or for no officer', () => {
    const run = fresh()
    for (const terms of [
      { officers: 4, witnesses: 2 },
      { officers: 0, witnesses: 2 },
      { officers: 2, witnesses: 3 },
      { officers: 1.5, witnesses: 0 },
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

describe('a step', () => {
  it('RUN-06 refuses everything before the start and after the end', () => {
    const run = fresh()
    expect(rule(run, proceed('roll-call', 'Administrator'))).toBe('RUN-06')
    run.runToEnd()
    for (const command of [
      proceed('close'),
      { type: 'abort', by: 'Operator', reason: 'late' },
      { type: 'resume', by: 'Operator' },
    ] as Command[])
      expect(rule(run, command)).toBe('RUN-06')
  })

  it('RUN-06 refuses to proceed while paused or while an exception is open', () => {
    const run = at('clock-check')
    run.must({ type: 'pause', by: 'Operator', cause: 'person', reason: 'lunch' })
    expect(rule(run, proceed('clock-check', 'Witness One', { 'wall-clock': '2026-01-31T09:00Z' }))).toBe(
      'RUN-06',
    )
    run.must({ type: 'resume', by: 'Operator' })
    run.must({
      type: 'deviate',
      by: 'Witness One',
      step: 'clock-check',
      expected: 'a clock',
      happened: 'it stopped',
    })
    expect(view(run.state).state).toBe('Exception')
    expect(rule(run, proceed('clock-check', 'Witness One', { 'wall-clock': '2026-01-31T09:00Z' }))).toBe(
      'RUN-06',
    )
  })

  it('STEP-01 refuses any step but the current one', () => {
    const run = at('measure-machine')
    expect(rule(run, proceed('roll-call', 'Administrator'))).toBe('STEP-01')
    expect(rule(run, proceed('log-in'))).toBe('STEP-01')
  })

  it('STEP-02 refuses a person without the role that acts', () => {
    expect(rule(at('initialise-token'), proceed('initialise-token', 'Operator'))).toBe('STEP-02')
    expect(rule(at('roll-call'), proceed('roll-call', 'Nobody'))).toBe('STEP-02')
  })

  it('STEP-03 refuses to proceed twice, and where signatures are awaited', () => {
    const run = at('generate-root')
    run.step()
    expect(rule(run, proceed('generate-root'))).toBe('STEP-03')
    expect(rule(runToNeeds(fresh(), 'opening'), proceed('open-run', 'Administrator'))).toBe('STEP-03')
  })

  it('STEP-04 refuses missing, unknown and malformed values', () => {
    const run = at('clock-check')
    const by = 'Witness One'
    expect(rule(run, proceed('clock-check', by))).toBe('STEP-04')
    expect(rule(run, proceed('clock-check', by, { 'wall-clock': 'noon' }))).toBe('STEP-04')
    expect(rule(run, proceed('clock-check', by, { 'wall-clock': '2026-01-31T09:00Z', pin: '1234' }))).toBe(
      'STEP-04',
    )
    expect(rule(run, proceed('clock-check', by, { 'wall-clock': '2026-01-31T09:00Z' }))).toBe(
      'step.confirmed',
    )
  })

  it('COMMAND-01 refuses a text that could not be read back', () => {
    const run = at('clock-check')
    for (const reason of ['a\u0000b', 'x'.repeat(2001), '\ud800'])
      expect(rule(run, { type: 'pause', by: 'Operator', cause: 'person', reason })).toBe('COMMAND-01')
  })
})

describe('an effect', () => {
  it('EFFECT-01 refuses an outcome of another effect, step or attempt, and one without its intent', () => {
    const run = at('generate-root')
    run.step()
    const outcome = {
      type: 'outcome',
      step: 'generate-root',
      attempt: 1,
      effect: 'generate-root',
      result: {},
    } as const
    expect(owed(run.state)?.intent).toBe('needed')
    expect(rule(run, outcome)).toBe('EFFECT-01')
    run.step()
    expect(rule(run, { ...outcome, attempt: 2 })).toBe('EFFECT-01')
    expect(rule(run, { ...outcome, step: 'log-in' })).toBe('EFFECT-01')
    expect(rule(run, { ...outcome, effect: 'inventory' })).toBe('EFFECT-01')
  })

  it('EFFECT-02 refuses a result that lacks or adds a field, and records nothing', () => {
    const run = fresh()
    const effect = run.runToEffect('log-in')
    const command = { type: 'outcome', step: 'log-in', attempt: effect.attempt, effect: 'log-in' } as const
    expect(rule(run, { ...command, result: {} })).toBe('EFFECT-02')
    expect(rule(run, { ...command, result: { serial: 'feedbeef', pinState: 'ok', pin: '1234' } })).toBe(
      'EFFECT-02',
    )
  })

  it('EFFECT-03 refuses an intent that is not due or has no fresh bytes', () => {
    const run = at('generate-root')
    const intend = {
      type: 'intend',
      step: 'generate-root',
      attempt: 1,
      nonce: 'ab'.repeat(16),
      rootId: 'cd'.repeat(16),
    } as const
    expect(rule(run, intend)).toBe('EFFECT-03')
    run.step()
    expect(rule(run, { ...intend, nonce: 'ab' })).toBe('EFFECT-03')
    expect(rule(run, { ...intend, rootId: '' })).toBe('EFFECT-03')
    expect(rule(run, { ...intend, attempt: 2 })).toBe('EFFECT-03')
    run.must(intend)
    expect(rule(run, intend)).toBe('EFFECT-03')
  })

  it('EFFECT-04 refuses a finding for an attempt whose outcome is not unknown', () => {
    const run = fresh()
    run.runToEffect('generate-root')
    const finding = { found: 'absent', detail: 'nothing' } as const
    const reconcile = { type: 'reconcile', step: 'generate-root', attempt: 1, finding } as const
    expect(rule(run, reconcile)).toBe('EFFECT-04')
    run.restart()
    expect(rule(run, reconcile)).toBe('EFFECT-04')
    while (owed(run.state)?.kind !== 'reconcile') run.step()
    expect(rule(run, { ...reconcile, attempt: 2 })).toBe('EFFECT-04')
    expect(rule(run, reconcile)).toBe('step.reconciled')
  })

  it('names its object by ceremony, step, attempt and nonce', () => {
    const run = fresh()
    const effect = run.runToEffect('generate-root')
    const lp = (bytes: Uint8Array) => [0, 0, 0, bytes.length, ...bytes]
    const intent = run.disk.entries.at(-1)!.fact as { nonce: string; ckaId: string }
    const hex = (text: string) => [...Buffer.from(text, 'hex')]
    const id = Uint8Array.from(hex('00112233445566778899aabbccddeeff'))
    const bytes = Uint8Array.from([
      ...lp(id),
      ...lp(utf8('generate-root')),
      ...lp(utf8('1')),
      ...hex(intent.nonce),
    ])
    expect(intent.ckaId).toBe(sha256Hex(bytes).slice(0, 32))
    expect('ckaId' in effect && effect.ckaId).toBe(intent.ckaId)
  })

  it('that fails opens an exception, and a retry is a new attempt with a new object', () => {
    const run = fresh()
    const first = run.runToEffect('generate-key')
    run.must({
      type: 'outcome',
      step: first.step,
      attempt: 1,
      effect: 'generate-key',
      failure: { code: 'HSM-DEVICE', detail: 'CKR_DEVICE_ERROR' },
    })
    expect(view(run.state).needs).toEqual({ kind: 'exception', id: 1, choices: ['retry', 'abort'] })
    expect(owed(run.state)).toBeNull()
    run.must({ type: 'decide-exception', by: 'Officer One', decision: 'retry', reason: 'cable' })
    const second = run.runToEffect('generate-key')
    expect(second.attempt).toBe(2)
    expect('discard' in second && second.discard).toEqual(['ckaId' in first && first.ckaId])
    expect('ckaId' in second && second.ckaId).not.toBe('ckaId' in first && first.ckaId)
    run.runToEnd()
    expect(view(run.state).state).toBe('Closed')
  })

  it('with a refused PIN is tried again only after a person has decided and proceeded', () => {
    const run = fresh()
    const effect = run.runToEffect('log-in')
    run.must({
      type: 'outcome',
      step: 'log-in',
      attempt: 1,
      effect: 'log-in',
      failure: { code: 'HSM-PIN-INCORRECT', detail: 'refused' },
    })
    run.must({ type: 'decide-exception', by: 'Officer One', decision: 'retry', reason: 'mistyped' })
    expect(owed(run.state)).toBeNull()
    expect(view(run.state).needs).toMatchObject({ kind: 'pin', pins: effect.pins })
  })

  const spoilers: [string, string, (result: Record<string, unknown>) => void][] = [
    ['initialise-token', 'another label', (result) => (result.label = 'other')],
    ['log-in', 'another token', (result) => (result.serial = 'other')],
    ['probe-token', 'an attack that went through', (result) => (result.passed = false)],
    ['make-ceremony-key', 'an extractable key', (result) => set(result, 'EXTRACTABLE', true)],
    ['generate-root', 'DECRYPT true', (result) => set(result, 'DECRYPT', true)],
    ['generate-root', 'an attribute that cannot be read', (result) => set(result, 'WRAP', undefined)],
    [
      'generate-root',
      'a blob for a stranger',
      (result) => ((result.blobs as { serial: string }[])[0]!.serial = 'other'),
    ],
    [
      'generate-root',
      'a trusted key of a stranger',
      (result) => (result.trusted as string[]).push('ab'.repeat(32)),
    ],
    [
      'generate-root',
      'a planted CKA_ID',
      (result) => ((result.evidence as { ckaId: string }).ckaId = 'ee'.repeat(16)),
    ],
    ['generate-key', 'LOCAL false', (result) => set(result, 'LOCAL', false)],
    [
      'fhe-deal',
      'two equal shares',
      (result) =>
        ((result.shares as unknown[])[1] = {
          ...(result.shares as object[])[1],
          shareDigest: (result.shares as { shareDigest: string }[])[0]!.shareDigest,
        }),
    ],
    ['fhe-deal', 'a share too few', (result) => (result.shares as unknown[]).pop()],
    ['sign-bundle', 'another bundle', (result) => (result.digest = 'ab'.repeat(32))],
    ['write-medium', 'a medium that reads back differently', (result) => (result.readBack = 'ab'.repeat(32))],
    ['destroy-ceremony-key', 'a key that is still there', (result) => (result.absent = false)],
  ]

  function set(result: Record<string, unknown>, name: string, value: unknown): void {
    const attributes = (result.evidence as { attributes: Record<string, unknown> }).attributes
    if (value === undefined) delete attributes[name]
    else attributes[name] = value
  }

  it.each(spoilers)('of kind %s is not taken as done with %s, and can be retried', (kind, _what, change) => {
    const run = fresh()
    const effect = run.runToEffect(kind as never)
    run.spoil = (_effect, result) => {
      run.spoil = () => null
      const copy = structuredClone(result) as Record<string, unknown>
      change(copy)
      return { result: copy as never }
    }
    run.perform(effect)
    expect(view(run.state).state).toBe('Exception')
    expect(view(run.state).exceptions[0]).toMatchObject({ about: 'mismatch', step: effect.step })
    run.runToEnd()
    expect(view(run.state).state).toBe('Closed')
    expect(run.disk.token.map(({ label }) => label)).toEqual(['root-kek'])
  })

  it('of the closing inventory finds an object that no plan names', () => {
    const run = at('seal')
    run.disk.token.push({ ckaId: 'ee'.repeat(16), class: 'secret-key', label: 'planted' })
    run.perform(run.runToEffect('inventory'))
    expect(view(run.state).exceptions[0]?.happened).toContain('planted')
    expect(view(run.state).needs).toMatchObject({ choices: ['retry', 'abort'] })
  })
})

describe('an exception', () => {
  it('EXCEPTION-01 refuses a decision when none is due', () => {
    expect(
      rule(at('log-in'), { type: 'decide-exception', by: 'Officer One', decision: 'retry', reason: '' }),
    ).toBe('EXCEPTION-01')
  })

  it('EXCEPTION-02 refuses to go on without a key that could not be made', () => {
    const run = fresh()
    const { step, attempt } = run.runToEffect('generate-root')
    run.must({
      type: 'outcome',
      step,
      attempt,
      effect: 'generate-root',
      failure: { code: 'HSM-DEVICE', detail: '' },
    })
    expect(rule(run, { type: 'decide-exception', by: 'Officer One', decision: 'continue', reason: '' })).toBe(
      'EXCEPTION-02',
    )
  })

  it('RUN-10 refuses a decision by a witness', () => {
    const run = at('log-in')
    run.must({
      type: 'deviate',
      by: 'Witness One',
      step: 'log-in',
      expected: 'silence',
      happened: 'a phone rang',
    })
    expect(rule(run, { type: 'decide-exception', by: 'Witness One', decision: 'continue', reason: '' })).toBe(
      'RUN-10',
    )
    expect(rule(run, { type: 'decide-exception', by: 'Officer One', decision: 'continue', reason: '' })).toBe(
      'exception.decided',
    )
  })

  it('that is closed after the opening is covered by a checkpoint at once', () => {
    const run = at('generate-root')
    run.must({
      type: 'deviate',
      by: 'Witness One',
      step: 'generate-root',
      expected: 'silence',
      happened: 'a phone rang',
    })
    run.must({ type: 'decide-exception', by: 'Officer One', decision: 'continue', reason: 'phone taken out' })
    expect(owed(run.state)).toMatchObject({
      kind: 'make-checkpoint',
      reason: 'exception',
      size: run.state.size,
    })
  })

  it('lets a measurement be left out, with a reason in the record', () => {
    const run = fresh()
    run.perform(run.runToEffect('measure-machine') && owed(run.state)!)
    const other = fresh()
    const { step, attempt } = other.runToEffect('measure-machine')
    other.must({
      type: 'outcome',
      step,
      attempt,
      effect: 'measure-machine',
      failure: { code: 'TPM', detail: 'none' },
    })
    other.must({ type: 'decide-exception', by: 'Officer One', decision: 'continue', reason: 'no TPM here' })
    expect(view(other.state).current).toBe('initialise-token')
  })

  it('is opened when what a crash left is ambiguous, and a person decides', () => {
    const run = fresh()
    const { step, attempt } = run.runToEffect('generate-root')
    run.restart()
    while (owed(run.state)?.kind !== 'reconcile') run.step()
    run.must({
      type: 'reconcile',
      step,
      attempt,
      finding: { found: 'ambiguous', detail: 'two objects carry the id' },
    })
    expect(view(run.state).exceptions[0]).toMatchObject({ about: 'ambiguous', choices: ['retry', 'abort'] })
    run.runToEnd()
    expect(view(run.state).state).toBe('Closed')
  })

  it('is opened when a crash left an object that is not as planned', () => {
    const run = fresh()
    const effect = run.runToEffect('generate-root')
    const made = run.execute(effect) as { evidence: { attributes: Record<string, boolean> } }
    run.restart()
    while (owed(run.state)?.kind !== 'reconcile') run.step()
    const result = structuredClone(made)
    result.evidence.attributes.ALWAYS_SENSITIVE = false
    run.must({
      type: 'reconcile',
      step: effect.step,
      attempt: effect.attempt,
      finding: { found: 'adopted', result },
    })
    expect(view(run.state).exceptions[0]?.happened).toContain('ALWAYS_SENSITIVE')
    expect(run.state.keys).toEqual([])
  })
})

describe('pause, resume, abort', () => {
  it('RUN-07 refuses to pause or abort within the root’s window', () => {
    const run = fresh()
    run.runToEffect('generate-root')
    expect(rule(run, { type: 'pause', by: 'Operator', cause: 'person', reason: '' })).toBe('RUN-07')
    expect(rule(run, { type: 'abort', by: 'Operator', reason: '' })).toBe('RUN-07')
    expect(view(run.state)).toMatchObject({ pausable: false, abortable: false })
  })

  it('RUN-08 refuses to resume what is not paused, or whose last checkpoint is not made', () => {
    const run = at('generate-root')
    expect(rule(run, { type: 'resume', by: 'Operator' })).toBe('RUN-08')
    run.must({ type: 'pause', by: 'Operator', cause: 'person', reason: 'lunch' })
    expect(owed(run.state)).toMatchObject({ kind: 'make-checkpoint', reason: 'pause' })
    expect(rule(run, { type: 'resume', by: 'Operator' })).toBe('RUN-08')
    run.step()
    expect(owed(run.state)).toBeNull()
    expect(rule(run, { type: 'resume', by: 'Operator' })).toBe('run.resumed')
  })

  it('RUN-09 refuses to abort after the export', () => {
    expect(rule(at('receipt'), { type: 'abort', by: 'Operator', reason: 'too late' })).toBe('RUN-09')
    expect(rule(at('export'), { type: 'abort', by: 'Operator', reason: 'in time' })).toBe('run.aborted')
  })

  it('RUN-10 refuses a holder who wants to pause, resume or abort', () => {
    const run = at('generate-root')
    for (const type of ['resume', 'abort'] as const)
      expect(rule(run, { type, by: 'Holder One', reason: '' })).toBe('RUN-10')
    expect(rule(run, { type: 'pause', by: 'Holder One', cause: 'person', reason: '' })).toBe('RUN-10')
  })

  it('asks for the PIN again after a restart before anything else runs', () => {
    const run = at('read-back-root')
    run.step()
    run.restart()
    expect(view(run.state).needs).toMatchObject({
      kind: 'pin',
      again: true,
      pins: [{ token: 'ceremony', serial: 'feedbeef', user: 'user' }],
    })
    expect(owed(run.state)).toMatchObject({ kind: 'log-in', again: true, intent: 'none' })
  })

  it('is over once aborted', () => {
    const run = at('generate-root')
    run.must({ type: 'abort', by: 'Officer One', reason: 'fire alarm' })
    expect(view(run.state)).toMatchObject({ state: 'Aborted', needs: null, current: null })
    expect(owed(run.state)).toBeNull()
  })
})

describe('a submitted signature', () => {
  const submit = (
    run: FakeCore,
    what: 'opening' | 'bundle' | 'checkpoint',
    role: string,
    name: string,
    payload = run.signedBytes(what),
    context: string = what,
  ): Command => ({
    type: 'submit',
    what,
    payload,
    signature: sign(someone(role, name, 'production').identity, context, 'production', payload),
  })

  it('SUBMIT-01 refuses what nothing waits for', () => {
    const run = at('generate-root')
    expect(rule(run, submit(run, 'opening', 'officer', 'Officer Three'))).toBe('SUBMIT-01')
    expect(rule(run, submit(run, 'bundle', 'officer', 'Officer One'))).toBe('SUBMIT-01')
    expect(rule(at('log-in'), submit(run, 'checkpoint', 'witness', 'Witness One'))).toBe('SUBMIT-01')
    run.runToEffect('make-checkpoint')
    expect(rule(run, submit(run, 'checkpoint', 'witness', 'Witness One'))).toBe('SUBMIT-01')
  })

  it.each(['opening', 'bundle', 'checkpoint'] as const)('SUBMIT-02 to SUBMIT-05 guard the %s', (what) => {
    const run = runToNeeds(fresh(), what)
    const [role, name, other] =
      what === 'checkpoint' ? ['witness', 'Witness One', 'officer'] : ['officer', 'Officer One', 'witness']
    const outsider = other === 'officer' ? 'Officer One' : 'Witness One'
    expect(rule(run, submit(run, what, role, name, utf8('something else')))).toBe('SUBMIT-02')
    expect(rule(run, submit(run, what, other, outsider))).toBe('SUBMIT-03')
    expect(rule(run, submit(run, what, role, name, run.signedBytes(what), 'plan-approval'))).toBe('SUBMIT-04')
    run.must(submit(run, what, role, name))
    expect(rule(run, submit(run, what, role, name))).toBe('SUBMIT-05')
  })

  it('SUBMIT-02 refuses an opening of another run', () => {
    const run = runToNeeds(fresh(), 'opening')
    expect(rule(run, submit(run, 'opening', 'officer', 'Officer One', utf8('other')))).toBe('SUBMIT-02')
  })

  it('SUBMIT-03 refuses an opening signed by a holder', () => {
    const run = runToNeeds(fresh(), 'opening')
    expect(rule(run, submit(run, 'opening', 'holder', 'Holder One'))).toBe('SUBMIT-03')
  })

  it('SUBMIT-04 refuses a signature for a rehearsal', () => {
    const run = runToNeeds(fresh(), 'opening')
    const payload = run.signedBytes('opening')
    const signature = sign(
      someone('officer', 'Officer One', 'production').identity,
      'opening',
      'rehearsal',
      payload,
    )
    expect(rule(run, { type: 'submit', what: 'opening', payload, signature })).toBe('SUBMIT-04')
  })

  it('SUBMIT-05 refuses to count one officer twice, and goes on only with k of them', () => {
    const run = runToNeeds(fresh(), 'opening')
    run.must(submit(run, 'opening', 'officer', 'Officer One'))
    expect(view(run.state).needs).toMatchObject({
      kind: 'signatures',
      present: ['Officer One'],
      missing: ['Officer Two', 'Officer Three'],
      stillNeeded: 1,
    })
    expect(rule(run, submit(run, 'opening', 'officer', 'Officer One'))).toBe('SUBMIT-05')
    run.must(submit(run, 'opening', 'officer', 'Officer Three'))
    expect(owed(run.state)).toMatchObject({ kind: 'make-checkpoint', reason: 'opening' })
  })

  const acknowledge = (run: FakeCore, name: string, change: object = {}): Command => {
    const payload = utf8(
      JSON.stringify({ ...JSON.parse(new TextDecoder().decode(run.acknowledgement(name))), ...change }),
    )
    return {
      type: 'submit',
      what: 'acknowledgement',
      payload,
      signature: sign(
        someone('holder', name, 'production').identity,
        'acknowledgement',
        'production',
        payload,
      ),
    }
  }

  it('SUBMIT-06 refuses an acknowledgement that is no such document', () => {
    const run = at('acknowledge-shares')
    expect(rule(run, acknowledge(run, 'Holder One', { zeal: 1 }))).toBe('SUBMIT-06')
    expect(rule(run, { ...acknowledge(run, 'Holder One'), payload: utf8('{"v": 1}') } as Command)).toBe(
      'SUBMIT-06',
    )
  })

  it('ACKNOWLEDGE-01 refuses a proof of another share, envelope, epoch, key, run or domain', () => {
    const run = at('acknowledge-shares')
    const other = 'ab'.repeat(32)
    for (const change of [
      { shareDigest: other },
      { envelopeDigest: other },
      { epochId: other },
      { keyId: other },
      { holder: 2 },
      { ceremonyId: 'ab'.repeat(16) },
      { domain: 'rehearsal' },
    ])
      expect(rule(run, acknowledge(run, 'Holder One', change))).toBe('ACKNOWLEDGE-01')
  })

  it('takes a holder once, never for another, and goes on when all n have proved', () => {
    const run = at('acknowledge-shares')
    const forged = acknowledge(run, 'Holder Two') as Command & { type: 'submit' }
    const mine = acknowledge(run, 'Holder One') as Command & { type: 'submit' }
    expect(rule(run, { ...forged, signature: mine.signature })).toBe('SUBMIT-04')
    run.must(mine)
    expect(rule(run, mine)).toBe('SUBMIT-05')
    expect(rule(run, acknowledge(run, 'Holder One', { name: 'Mallory' }))).toBe('SUBMIT-03')
    run.must(acknowledge(run, 'Holder Three'))
    expect(view(run.state).needs).toEqual({
      kind: 'acknowledgements',
      present: ['Holder One', 'Holder Three'],
      missing: ['Holder Two'],
    })
    run.must(forged)
    expect(view(run.state).current).toBe('seal')
  })

  const receipt = (run: FakeCore, change: Record<string, never> | object = {}): Command => {
    const payload = run.receipt(change as never)
    return {
      type: 'submit',
      what: 'receipt',
      payload,
      signature: sign(someServer('production').receipt, 'receipt', 'production', payload),
    }
  }

  it('RECEIPT-01 refuses a receipt of another bundle, run or domain', () => {
    const run = at('receipt')
    for (const change of [
      { bundleDigest: 'ab'.repeat(32) },
      { ceremonyId: 'ab'.repeat(16) },
      { domain: 'rehearsal' },
    ])
      expect(rule(run, receipt(run, change))).toBe('RECEIPT-01')
    expect(rule(run, receipt(run, { audience: 'ab'.repeat(32) }))).toBe('SUBMIT-03')
  })

  it('RECEIPT-02 refuses a receipt that does not prove the root or keeps the transport key', () => {
    const run = at('receipt')
    const [root] = JSON.parse(new TextDecoder().decode(run.receipt())).roots
    for (const change of [
      { possession: 'ab'.repeat(32) },
      { transportKeyDestroyed: false },
      { rootId: 'ab'.repeat(16) },
      { serial: 'other' },
      { mechanism: 'other' },
      { node: 'node-2' },
    ])
      expect(rule(run, receipt(run, { roots: [{ ...root, ...change }] }))).toBe('RECEIPT-02')
    expect(rule(run, receipt(run, { roots: [] }))).toBe('RECEIPT-02')
    expect(rule(run, receipt(run))).toBe('run.receipted')
  })
})

describe('a history', () => {
  const run = fresh()
  run.runToEnd()
  const { entries } = run.disk

  it('replays to the live state', () => {
    const loaded = replay(run.header, run.plan, entries)
    expect(loaded.ok && loaded.state).toEqual(run.state)
  })

  it('holds no secret, and a state is plain JSON', () => {
    expect(JSON.parse(JSON.stringify(run.state))).toEqual(run.state)
    expect(JSON.parse(JSON.stringify(view(run.state)))).toEqual(view(run.state))
    expect(JSON.stringify(entries)).not.toMatch(/"pin"/i)
  })

  it('HISTORY-01 refuses an unknown kind, and a fact or result of another shape', () => {
    const read = (change: object) => {
      const result = readEntry({ ...entries[3]!, ...change })
      return result.ok ? 'taken' : result.rule
    }
    expect(read({})).toBe('taken')
    expect(read({ kind: 'step.skipped' })).toBe('HISTORY-01')
    expect(read({ kind: 'toString' })).toBe('HISTORY-01')
    expect(read({ fact: { ...(entries[3]!.fact as object), more: 1 } })).toBe('HISTORY-01')
    expect(read({ fact: null })).toBe('HISTORY-01')
    const performed = entries.find(({ kind }) => kind === 'step.performed')!
    expect(readEntry({ ...performed, fact: { ...(performed.fact as object), result: {} } }).ok).toBe(false)
  })

  it('HISTORY-02 refuses an entry that is missing, twice, or before the start', () => {
    const load = (list: typeof entries) => {
      const loaded = replay(run.header, run.plan, list)
      return loaded.ok ? 'loaded' : loaded.rule
    }
    expect(load([...entries.slice(0, 5), ...entries.slice(6)])).toBe('HISTORY-02')
    expect(load([...entries.slice(0, 5), ...entries.slice(4)])).toBe('HISTORY-02')
    expect(load([{ ...entries[1]!, seq: '0' }])).toBe('HISTORY-02')
    expect(load([entries[0]!, { ...entries[0]!, seq: '1' }])).toBe('HISTORY-02')
  })

  it('has nothing before its first entry', () => {
    expect(view(initialState(run.header, run.plan))).toMatchObject({
      state: 'Created',
      needs: { kind: 'start' },
      current: null,
    })
  })
})
