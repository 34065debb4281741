import { describe, expect, it } from 'vitest'
import { FakeCore } from '../../../../packages/ceremony/test/engine/fake-core.ts'
import { copyOf } from '../../../../packages/ceremony/test/engine/plans.ts'
import { production } from '../../../../packages/ceremony/test/engine/runs.ts'
import type { CurrentStep, Field } from '../../src/contract/index.ts'
import { type StepInHand, stepInHand, unsigned, whyNot } from '../../src/renderer/runner/step/step-in-hand.ts'
import { FakeRun } from '../support/fake-run.ts'

const room = { heard: {}, heardBy: {}, here: [] }
const core = new FakeCore({ ...copyOf(production.plan), v: 2 }, production.hash, 'production')
core.must(core.startCommand())
const view = new FakeRun(core).view()
const first = view.current
if (first === null) throw new Error('the run has no step in hand')
const { says: _, ...silent } = first
const free: CurrentStep = { ...silent, do: 'confirm', byHand: true, blocked: null, needs: [] }
const field: Field = { name: 'bag', type: 'text', label: 'Bag' }

const plain: StepInHand = { ...stepInHand(view, free, room), peers: ['Ada'], fields: [] }
const entered = { by: 'Ada', confirmed: {}, values: {}, here: ['Ada'] }

describe('why a step cannot go on yet', () => {
  it('is nothing where all is there', () => {
    expect(whyNot(free, plain, entered)).toBe(null)
  })

  it('is what blocks it, before anything that people enter; a PIN is typed on the step itself', () => {
    expect(whyNot({ ...free, blocked: 'file-missing' }, plain, { ...entered, by: '' })).toEqual({
      why: 'blocked',
      reason: 'file-missing',
    })
    expect(whyNot({ ...free, blocked: 'pin-missing' }, plain, entered)).toBe(null)
  })

  it('is the roll, until those whom the steps and the quorums need are here, or officers signed to go on', () => {
    const roll: CurrentStep = { ...free, do: 'roll-call', says: 'who is here' }
    const at = (here: readonly string[], remarks = view.remarks) =>
      whyNot(roll, stepInHand({ ...view, remarks }, roll, { ...room, here }), {
        ...entered,
        by: view.people[0]?.name ?? '',
        here,
      })
    const all = view.people.map(({ name }) => name)
    const officers = view.inRoom.find(({ role }) => role === 'officer')
    if (officers === undefined) throw new Error('nobody signs')
    expect(officers.atLeast).toBeGreaterThan(1)
    const one = all.filter((name) => !officers.names.slice(1).includes(name))
    expect(at(all)).toBe(null)
    expect(at(one)).toEqual({ why: 'roll', names: officers.names.slice(1) })
    expect(at(all.filter((name) => !officers.names.slice(officers.atLeast).includes(name)))).toBe(null)
    const signed = { kind: 'deviation', step: roll.id, at: '', by: '', text: '', compared: null } as const
    expect(at(one, [{ ...signed, decided: 'continue' }])).toBe(null)
    expect(at(one, [{ ...signed, decided: null }])).not.toBe(null)
  })

  it('is who acts, where the roll was called without them: they tick that they have come', () => {
    const acting = view.people.filter(({ role }) => role === free.actor.role).map(({ name }) => name)
    const others = view.people.map(({ name }) => name).filter((name) => !acting.includes(name))
    const at = (here: string[]) =>
      whyNot(free, stepInHand({ ...view, here }, free, room), { ...entered, by: acting[0] ?? '' })
    expect(at(others)).toEqual({ why: 'away', names: acting })
    expect(at([...others, ...acting])).toBe(null)
  })

  it('is the roll, where nobody ticked a name and nobody plays everybody', () => {
    const roll: CurrentStep = { ...free, do: 'roll-call', says: 'who is here' }
    const nobody = { ...entered, here: [] }
    expect(whyNot(roll, plain, nobody)).toEqual({ why: 'roll', names: [] })
    expect(whyNot(roll, { ...plain, alone: true }, nobody)).toBe(null)
    expect(whyNot(free, plain, nobody)).toBe(null)
  })

  it('is a confirmation, then a value, then who acts', () => {
    const asked = { ...plain, confirms: ['The door is shut.'], fields: [field], peers: ['Ada', 'Bo'] }
    const none = { ...entered, by: '' }
    expect(whyNot(free, asked, none)).toEqual({ why: 'confirm' })
    const confirmed = { ...none, confirmed: { 'The door is shut.': true } }
    expect(whyNot(free, asked, confirmed)).toEqual({ why: 'value', field })
    expect(whyNot(free, { ...asked, clock: field }, confirmed)).toEqual({ why: 'clock' })
    const typed = { ...confirmed, values: { bag: '17' } }
    expect(whyNot(free, asked, typed)).toEqual({ why: 'who' })
    expect(whyNot(free, asked, { ...typed, by: 'Bo' })).toBe(null)
  })

  it('is that nobody says so, where the last card of words was read', () => {
    const reading = {
      compared: { digest: 'ab', what: 'plan' as const, words: [] },
      card: 8,
      left: 1,
      endsHere: true,
    }
    const heardBy = (names: string[] | null) => ({ ...plain, reading: { ...reading, heardBy: names } })
    expect(whyNot(free, heardBy([]), entered)).toEqual({ why: 'heard' })
    expect(whyNot(free, heardBy(['Ada']), entered)).toEqual({ why: 'heard' })
    expect(whyNot(free, heardBy(['Ada', 'Mei']), entered)).toBe(null)
    expect(whyNot(free, heardBy(null), entered)).toBe(null)
  })

  it('is whose signatures are missing, by name', () => {
    const signer = (name: string, signed: boolean) => ({ name, role: 'officer', signed, standIn: false })
    const sign: NonNullable<StepInHand['sign']> = {
      need: 'sign',
      what: 'opening',
      file: 'out/1-opening.json',
      digest: 'ab',
      words: [],
      required: 2,
      signers: [signer('Ada', true), signer('Bo', false), signer('Cy', false)],
      ownDevices: [],
    }
    expect(unsigned(sign)).toEqual(['Bo', 'Cy'])
    expect(whyNot({ ...free, blocked: 'signatures-missing' }, { ...plain, sign }, entered)).toEqual({
      why: 'waits-for',
      names: ['Bo', 'Cy'],
    })
  })
})
