import { describe, expect, it } from 'vitest'
import { Verification } from '../../src/bundle/verification.ts'
import {
  encodeTranscript,
  type FullEntry,
  type Header,
  verifyTranscript,
} from '../../src/exports/transcript.ts'
import { courseFault } from '../../src/verify/transcript-course.ts'
import { FakeCore } from '../engine/fake-core.ts'
import type { Disk } from '../engine/fake-disk.ts'
import { planOf, type ScriptName, scriptNames } from '../engine/plans.ts'
import { fresh, production } from '../engine/runs.ts'
import { memoryReader } from '../support/sample-bundle.ts'

const digest = '5e'.repeat(32)

/** What a verifier would say of the transcript that the engine seals, beside a bundle that is right in everything else. */
function faultOf({ disk, plan, header, state }: FakeCore): string | null {
  const sealing = disk.entries.findIndex(({ fact }) => (fact as { reason?: string }).reason === 'sealing')
  const entries = disk.entries
    .slice(0, sealing)
    .map((one) => ({ ...one, salt: '00'.repeat(16) }) as FullEntry)
  const full: Header = {
    v: 1,
    ...header,
    created: '2026-01-31T09:00:00.000Z',
    planPolicy: header.policyDigest,
    tool: { version: '0.1.0', build: digest },
    machine: { measurement: digest, kernel: 'Linux 6.1', tpmQuote: 'none' },
    tokens: plan.tokens.map(({ role, profile, library, serial }) => ({ role, profile, library, serial })),
    roster: [],
    standIns: [],
  }
  const verifier = verifyTranscript(new Set())
  const pushed = verifier.push(encodeTranscript(full, entries))
  const ended = verifier.end()
  if (!pushed.ok || !ended.ok) throw new Error('the transcript is malformed')
  const v = new Verification(memoryReader(new Uint8Array()), {})
  v.transcript = ended.value
  v.plan = plan
  // Of the rest a course has only these.
  v.statement = { predicate: { domain: header.domain } } as NonNullable<typeof v.statement>
  v.opening = { payload: { tokenSerials: state.tokens.map(({ serial }) => serial) } } as NonNullable<
    typeof v.opening
  >
  for (const { kind, fact } of disk.entries)
    if (kind === 'exception.proposed') v.exceptions.push({ ...(fact as object), signatures: [] } as never)
  return courseFault(v)
}

describe('both verifiers’ rules of how a run goes take the course of', () => {
  it.each(scriptNames)('a run of %s', (name: ScriptName) => {
    const { plan, hash } = planOf(name, 'production')
    const run = new FakeCore(plan, hash, 'production')
    run.runToEnd()
    expect(faultOf(run)).toBeNull()
  })

  it('a run that crashed, at any tenth edge', () => {
    const run = fresh()
    const disks: Disk[] = []
    run.onEdge = () => disks.push(structuredClone(run.disk))
    run.runToEnd()
    for (const disk of disks.filter((_, at) => at % 10 === 5)) {
      const again = new FakeCore(production.plan, production.hash, 'production', true, disk)
      again.restart()
      again.runToEnd()
      expect(faultOf(again)).toBeNull()
    }
  })

  it.each(['probe-token', 'make-ceremony-key', 'generate-root', 'generate-key', 'fhe-deal'])(
    'a run whose %s came out wrong, was decided on and done again',
    (kind) => {
      const run = fresh()
      let wrong = true
      run.spoil = (effect, result) => {
        if (!wrong || effect.kind !== kind) return null
        wrong = false
        const { evidence, ...rest } = result as { evidence?: object }
        if (kind === 'probe-token') return { result: { ...rest, passed: false } }
        if (kind === 'fhe-deal') return { result: { ...rest, shares: [] } }
        return { result: { ...rest, evidence: { ...evidence, attributes: {} } } }
      }
      while (run.state.exceptions.length === 0) run.step()
      run.decide('retry')
      run.runToEnd()
      expect(run.state.base).toBe('Closed')
      expect(faultOf(run)).toBeNull()
    },
  )
})
