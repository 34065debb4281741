import { sha256Hex, utf8 } from '@lux/crypto'
import { describe, expect, it } from 'vitest'
import { owed, view } from '../../src/exports/engine.ts'
import { type PlannedFhe, rehearsalLabel } from '../../src/exports/plan.ts'
import type { Results } from '../../src/model/effects.ts'
import { verifyResult } from '../../src/steps/run.ts'
import { resultOf } from './fake-results.ts'
import { at, fresh, rule } from './runs.ts'

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
    run.decide('retry', 'cable')
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
    run.decide('retry', 'mistyped')
    expect(owed(run.state)).toBeNull()
    expect(view(run.state).needs).toMatchObject({ kind: 'pin', pins: effect.pins })
  })

  const spoilers: [string, string, (result: Record<string, unknown>) => void][] = [
    ['initialise-token', 'another label', (result) => (result.label = 'other')],
    [
      'initialise-token',
      'a security officer who marks no key as trusted',
      (result) => (result.marksTrusted = false),
    ],
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
    ['generate-root', 'no UNWRAP_TEMPLATE', (result) => set(result, 'UNWRAP_TEMPLATE', '')],
    ['generate-root', 'no ALLOWED_MECHANISMS', (result) => set(result, 'ALLOWED_MECHANISMS', '')],
    [
      'generate-root',
      'two mechanisms',
      (result) => set(result, 'ALLOWED_MECHANISMS', 'CKM_AES_CBC,CKM_AES_KEY_WRAP_PAD'),
    ],
    ['read-back', 'no UNWRAP_TEMPLATE', (result) => set(result, 'UNWRAP_TEMPLATE', '')],
    ['read-back', 'no ALLOWED_MECHANISMS', (result) => set(result, 'ALLOWED_MECHANISMS', undefined)],
    ['generate-key', 'a key that can decrypt', (result) => set(result, 'DECRYPT', true)],
    ['generate-key', 'a key that can be changed', (result) => set(result, 'MODIFIABLE', undefined)],
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
    [
      'fhe-deal',
      'a reference string that nobody planned',
      (result) => (result.crs = { sha256: 'ab'.repeat(32), size: 1 }),
    ],
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

  it('a rehearsal’s token bears its own label or, as earlier builds made it, that of the plan; production’s bears that of the plan alone', () => {
    const run = fresh()
    const effect = run.runToEffect('initialise-token')
    if (effect.kind !== 'initialise-token') throw new Error(`${effect.kind} instead`)
    const planned = run.state.plan.tokens.find(({ role }) => role === effect.token)?.label ?? ''
    const taken = (domain: 'production' | 'rehearsal', asked: string, label: string) => {
      const result = { ...(resultOf(run, effect) as Results['initialise-token']), label }
      const of = { ...effect, label: asked }
      return verifyResult({ ...run.state, domain }, of, { effect: 'initialise-token', result }) === null
    }
    const marked = rehearsalLabel(planned)
    expect([taken('rehearsal', marked, marked), taken('rehearsal', marked, planned)]).toEqual([true, true])
    expect([taken('rehearsal', marked, 'other'), taken('production', planned, marked)]).toEqual([
      false,
      false,
    ])
  })

  it('of kind fhe-deal is not taken as done without the reference string of the plan', () => {
    const run = fresh()
    const effect = run.runToEffect('fhe-deal')
    if (effect.kind !== 'fhe-deal') throw new Error(`${effect.kind} instead`)
    const fhe: PlannedFhe = { ...effect.fhe, inputs: 'proven', proofBits: 64 }
    const { crs, ...without } = resultOf(run, { ...effect, fhe }) as Results['fhe-deal']
    const differs = (result: Results['fhe-deal']) =>
      verifyResult(run.state, { ...effect, fhe }, { effect: 'fhe-deal', result })
    expect(differs({ ...without, crs: crs! })).toBeNull()
    expect(differs(without)).toEqual({ expected: 'a reference string', happened: 'none' })
  })

  it('that reads back a root made under weaker rules says what is left to do', () => {
    const run = at('read-back-root')
    run.spoil = (_effect, result) => {
      const copy = structuredClone(result) as Record<string, unknown>
      set(copy, 'UNWRAP_TEMPLATE', '')
      return { result: copy as never }
    }
    run.perform(run.runToEffect('read-back'))
    expect(view(run.state).exceptions[0]?.happened).toMatch(/UNWRAP_TEMPLATE reads nothing.*plan a new root/)
  })

  it.each([
    ['a second key', 'secret'],
    ['a certificate', 'certificate'],
    ['half of a pair', 'private'],
  ])('of the closing inventory finds %s under the identifier of the root', (_what, kind) => {
    const run = at('seal')
    const root = run.disk.token.find(({ class: found }) => found === 'secret')!
    run.disk.token.push({ ...root, class: kind })
    run.perform(run.runToEffect('inventory'))
    expect(view(run.state).exceptions[0]?.happened).toContain(root.ckaId)
    expect(view(run.state).needs).toMatchObject({ choices: ['retry', 'abort'] })
  })

  it('of the closing inventory finds a second object like one that was there before', () => {
    const before = { ckaId: 'dd'.repeat(16), class: 'secret', label: 'of before' }
    const run = at('opening-inventory')
    run.disk.token.push(before)
    run.perform(run.runToEffect('inventory'))
    run.disk.token.push(before)
    run.perform(run.runToEffect('generate-root'))
    run.perform(run.runToEffect('inventory'))
    expect(view(run.state).exceptions[0]?.happened).toBe(`secret of before ${before.ckaId}`)
  })

  it('of the closing inventory finds an object that no plan names', () => {
    const run = at('seal')
    run.disk.token.push({ ckaId: 'ee'.repeat(16), class: 'secret', label: 'planted' })
    run.perform(run.runToEffect('inventory'))
    expect(view(run.state).exceptions[0]?.happened).toContain('planted')
    expect(view(run.state).needs).toMatchObject({ choices: ['retry', 'abort'] })
  })
})
