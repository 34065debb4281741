import { type Json, sha256Hex, utf8 } from '@lux/crypto'
import { describe, expect, it } from 'vitest'
import { owed, replay, view } from '../../../src/exports/engine.ts'
import { type EvidenceTerms, lintPlan, type Plan, vouches } from '../../../src/exports/plan.ts'
import { FakeCore } from '../../engine/fake-core.ts'
import { copyOf, planOf, stepIn, without } from '../../engine/plans.ts'

const made = planOf('attested-root', 'production', false)
const root = sha256Hex(utf8('vendor root'))
const softhsm: EvidenceTerms = {
  least: { ceremony: 'E2', root: 'E2', organisation: 'E1', project: 'E1', data: 'E1' },
  roots: [{ certificate: root, format: 'luna' }],
  softTokens: true,
}
const linted = (plan: Plan, evidence?: EvidenceTerms): string[] =>
  lintPlan(plan, { officers: 1, witnesses: 2, ...(evidence ? { evidence } : {}) }).map(
    ({ rule, step }) => `${rule} ${step}`,
  )
const refusals = (change: (plan: Plan) => void, evidence?: EvidenceTerms): string[] => {
  const plan = copyOf(made.plan)
  change(plan)
  return linted(plan, evidence)
}

describe('a plan in which somebody vouches for keys', () => {
  it('PLAN-36 lints as shipped under a policy that asks for E2 of ceremony key and root', () => {
    expect(refusals(() => {}, softhsm)).toEqual([])
  })

  it('PLAN-35 is refused where the token names no attestation, no companion, or is new', () => {
    expect(refusals(({ tokens }) => delete tokens[0]!.attestation)).toEqual([
      'PLAN-35 attest-ceremony-key',
      'PLAN-35 attest-root',
    ])
    expect(refusals(({ tokens }) => delete tokens[0]!.attestation!.companion)).toEqual([
      'PLAN-35 attest-ceremony-key',
      'PLAN-35 attest-root',
    ])
    expect(refusals((plan) => Object.assign(plan.tokens[0]!, { serial: 'new', label: 'root' }))).toContain(
      'PLAN-35 attest-root',
    )
  })

  it('PLAN-35 is refused before the key is made or proved, a second time, and by a vendor for a root', () => {
    expect(linted(without(made.plan, 'prove-root'))).toEqual(['PLAN-35 attest-root'])
    expect(
      refusals((plan) => {
        const part = plan.parts.find(({ kind }) => kind === 'root-kek')!
        part.steps.push({ ...stepIn(plan, 'attest-root'), id: 'again' })
      }),
    ).toEqual(['PLAN-35 again'])
    expect(
      refusals((plan) => {
        stepIn(plan, 'attest-root').by = 'vendor'
      }),
    ).toEqual(['PLAN-35 attest-root'])
  })

  it('PLAN-55 is refused before the opening, and PLAN-60 a voucher that is none', () => {
    expect(
      refusals((plan) => {
        const [first] = plan.parts
        const at = first!.steps.findIndex(({ id }) => id === 'attest-ceremony-key')
        first!.steps.splice(at - 1, 0, ...first!.steps.splice(at, 1))
      }),
    ).toEqual(['PLAN-55 attest-ceremony-key'])
    expect(
      refusals((plan) => {
        stepIn(plan, 'attest-root').by = 'pin-pad'
      }),
    ).toEqual(['PLAN-60 attest-root'])
    expect(
      refusals((plan) => {
        stepIn(plan, 'log-in').by = 'companion'
      }),
    ).toEqual(['PLAN-60 log-in'])
  })

  it('PLAN-36 is refused where a step is missing, the root is not pinned, or it is for another kind of token', () => {
    expect(linted(without(made.plan, 'attest-root'), softhsm)).toEqual(['PLAN-36 '])
    expect(linted(made.plan, { ...softhsm, roots: [] })).toEqual([
      'PLAN-36 attest-ceremony-key',
      'PLAN-36 attest-root',
    ])
    expect(linted(made.plan, { ...softhsm, softTokens: false })).toEqual([
      'PLAN-36 attest-ceremony-key',
      'PLAN-36 attest-root',
    ])
    expect(linted(made.plan, { ...softhsm, least: { ...softhsm.least, root: 'E3' } })).toEqual(['PLAN-36 '])
  })

  it('TOKEN-SOFT a program stands in for hardware in a rehearsal, and where the policy allows programs, and nowhere else', () => {
    expect(vouches('luna', 'luna', { soft: false, domain: 'production' })).toBe(true)
    expect(vouches('luna', 'yubihsm', { soft: true, domain: 'production' })).toBe(false)
    expect(vouches('luna', 'softhsm', { soft: true, domain: 'production' })).toBe(true)
    expect(vouches('luna', 'softhsm', { soft: false, domain: 'production' })).toBe(false)
    expect(vouches('luna', 'yubihsm', { soft: true, domain: 'rehearsal' })).toBe(true)
    expect(vouches('luna', 'yubihsm', { soft: false, domain: 'rehearsal' })).toBe(false)
  })
})

describe('a run in which the companion vouches for keys', () => {
  const fresh = () => new FakeCore(made.plan, made.hash, 'production', false)
  /** Stands where the root is to be vouched for, with the effect owed. */
  const atRoot = (): FakeCore => {
    const run = fresh()
    run.runTo('attest-root')
    run.step()
    return run
  }

  it('asks for a statement over the transcript as it stands, of the key as it is known', () => {
    const run = atRoot()
    expect(owed(run.state)).toMatchObject({
      kind: 'attest',
      id: 'root-kek',
      level: 'root',
      by: 'companion',
      intent: 'none',
      size: run.state.size,
      identity: run.state.proofs[0]?.digest,
      ckaId: run.state.keys[0]?.ckaId,
      attestation: { root, companion: { ckaId: '0c0d' } },
    })
    expect(view(run.state).evidence).toEqual([
      { id: 'ceremony', level: 'ceremony', evidence: 'E2' },
      { id: 'root-kek', level: 'root', evidence: 'E1' },
    ])
  })

  it('vouches for a key that left its token wrapped by what was read when it was made, and by its blob', () => {
    const { plan, hash } = planOf('key-hierarchy', 'production', false)
    const attested = copyOf(plan)
    attested.tokens[0]!.attestation = made.plan.tokens[0]!.attestation!
    const key = attested.keys.find(({ level }) => level === 'organisation')!.id
    for (const { steps } of attested.parts) {
      const at = steps.findIndex((step) => step.do === 'generate-key' && step.key === key)
      if (at >= 0) steps.splice(at + 1, 0, { ...stepIn(made.plan, 'attest-root'), id: 'attest-key', key })
    }
    expect(linted(attested)).toEqual([])
    const run = new FakeCore(attested, hash, 'production', false)
    run.runTo('attest-key')
    run.step()
    const organisation = run.state.keys.find(({ id }) => id === key)
    expect(organisation?.evidence).not.toBeNull()
    expect(owed(run.state)).toMatchObject({
      kind: 'attest',
      level: 'organisation',
      identity: organisation?.wrapped,
      recorded: organisation?.evidence,
    })
    run.runToEnd()
    expect(view(run.state).evidence.find(({ id }) => id === key)?.evidence).toBe('E2')
  })

  it('takes it, shows E2, ends closed, and is the same after a replay of its log', () => {
    const run = fresh()
    run.runToEnd()
    expect(view(run.state).state).toBe('Closed')
    expect(view(run.state).evidence.map(({ evidence }) => evidence)).toEqual(['E2', 'E2'])
    const again = replay(run.header, run.plan, run.disk.entries)
    expect(again.ok && again.state).toEqual(run.state)
  })

  it.each<[string, object]>([
    ['a level that the voucher does not give', { evidence: { level: 'E3' } }],
    ['a statement over other entries', { statement: { document: root, size: 1 } }],
    ['no statement', { statement: null }],
    ['another root certificate than the plan’s', { root: sha256Hex(utf8('another')) }],
    ['another chain than the plan’s', { chain: sha256Hex(utf8('another')) }],
    ['another key', { evidence: { ckaId: '00'.repeat(16) } }],
    ['a key that may leave', { evidence: { attributes: { EXTRACTABLE: true } } }],
  ])('opens an exception that only a retry closes, for %s', (_what, change) => {
    const run = atRoot()
    run.spoil = ({ kind }, result) => {
      if (kind !== 'attest') return null
      const { evidence, ...rest } = result as { evidence: object }
      const spoilt = 'evidence' in change ? { ...evidence, ...(change.evidence as object) } : evidence
      return { result: { ...rest, ...change, evidence: spoilt } as Json }
    }
    run.step()
    expect(run.state.exceptions[0]).toMatchObject({ about: 'mismatch', choices: ['retry', 'abort'] })
    expect(run.state.attestations).toHaveLength(1)
    run.spoil = () => null
  })
})
