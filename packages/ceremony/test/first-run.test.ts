import { describe, expect, it } from 'vitest'
import { owed, view } from '../src/exports/engine.ts'
import { FakeCore } from './engine/fake-core.ts'
import { planOf, type ScriptName } from './engine/plans.ts'

function core(name: ScriptName, domain: 'production' | 'rehearsal', withServer = true): FakeCore {
  const { plan, hash } = planOf(name, domain, withServer)
  return new FakeCore(plan, hash, domain, withServer)
}

describe('the first run', () => {
  it('is driven from the start to Closed, with every step done and the ceremony key gone', () => {
    const run = core('first-run', 'production')
    run.runToEnd()
    const shown = view(run.state)
    expect(shown).toMatchObject({
      state: 'Closed',
      needs: null,
      current: null,
      pausable: false,
      abortable: false,
    })
    expect(shown.progress).toEqual({ done: run.state.steps.length, total: run.state.steps.length })
    expect(run.state.keys.map(({ id }) => id)).toEqual([
      'root-kek',
      'organisation-kek',
      'project-kek',
      'data-key',
    ])
    expect(run.disk.token.map(({ label }) => label)).toEqual(['root-kek'])
  })

  it('goes through its states in the order of the design', () => {
    const run = core('first-run', 'production')
    const seen: string[] = []
    run.onEdge = () => {
      const { state } = view(run.state)
      if (seen.at(-1) !== state) seen.push(state)
    }
    run.runToEnd()
    expect(seen).toEqual([
      'Created',
      'Opened',
      'Running',
      'Sealing',
      'Sealed',
      'Exported',
      'Receipted',
      'Closed',
    ])
  })

  it('ends in the order: inventory, checkpoint, cosignatures, bundle, aloud, signatures, file, medium, receipt, close', () => {
    const run = core('first-run', 'production')
    run.runTo('seal')
    const from = run.disk.entries.length
    run.runToEnd()
    const order = run.disk.entries.slice(from).map(({ kind, fact }) => {
      const { effect } = fact as { effect?: string }
      return effect === undefined ? kind : `${kind} ${effect}`
    })
    expect(order).toEqual([
      'step.confirmed',
      'step.performed inventory',
      'checkpoint.made',
      'checkpoint.cosigned',
      'checkpoint.cosigned',
      'step.performed build-bundle',
      'reading.heard',
      'step.confirmed',
      'step.performed sign-bundle',
      'signature.accepted',
      'signature.accepted',
      'step.performed write-bundle',
      'run.sealed',
      'step.confirmed',
      'step.performed write-medium',
      'run.exported',
      'run.receipted',
      'step.confirmed',
      'step.performed close-out',
      'step.intended destroy-ceremony-key',
      'step.performed destroy-ceremony-key',
      'run.closed',
    ])
  })

  it('makes a checkpoint after the opening and after each step that makes a key, over all entries before it', () => {
    const run = core('first-run', 'production')
    run.runToEnd()
    expect(run.state.checkpoints.map(({ reason }) => reason)).toEqual([
      'opening',
      'key',
      'key',
      'key',
      'key',
      'key',
      'sealing',
    ])
    const made = run.disk.entries.filter(({ kind }) => kind === 'checkpoint.made')
    for (const entry of made) expect(String((entry.fact as { size: number }).size)).toBe(entry.seq)
  })

  it('waits for live cosignatures where the plan says so, and nowhere else before sealing', () => {
    const run = core('first-run', 'production')
    run.runToEnd()
    const live = run.state.checkpoints.filter((checkpoint) => checkpoint.live)
    expect(live.map(({ reason }) => reason)).toEqual(['opening', 'key', 'key', 'sealing'])
    for (const checkpoint of live) expect(checkpoint.cosigned).toHaveLength(2)
  })

  it('logs an intent before every effect that must not happen twice, and none before a look', () => {
    const run = core('first-run', 'production')
    run.runToEnd()
    const intended = run.disk.entries
      .filter(({ kind }) => kind === 'step.intended')
      .map(({ fact }) => (fact as { effect: string }).effect)
    expect(intended).toEqual([
      'initialise-token',
      'log-in',
      'probe-token',
      'make-ceremony-key',
      'generate-root',
      'generate-key',
      'generate-key',
      'generate-key',
      'fhe-deal',
      'destroy-ceremony-key',
    ])
  })

  it('shows the bundle digest as words before the officers sign', () => {
    const run = core('first-run', 'production')
    for (;;) {
      const { needs } = view(run.state)
      if (owed(run.state) === null && needs?.kind === 'confirm' && needs.shows[0]?.label === 'bundle') {
        expect(needs.shows[0].words).toHaveLength(32)
        expect(needs.shows[0].hex).toBe(run.state.bundle?.digest)
        return
      }
      expect(run.step()).toBe(true)
    }
  })

  it('says at every moment exactly one of: an effect is owed, people are needed, it is over', () => {
    const run = core('first-run', 'production')
    run.onEdge = () => {
      const { needs, state } = view(run.state)
      const effect = owed(run.state)
      if (effect === null) expect(needs === null).toBe(state === 'Closed')
      else expect(['wait', 'pin']).toContain(needs?.kind)
    }
    run.runToEnd()
  })
})

describe('a rehearsal', () => {
  it('counts the steps of its plan, to the end: those that only production does are not taken off the total', () => {
    const run = core('first-run', 'rehearsal', false)
    const { total } = view(run.state).progress
    run.runToEnd()
    const { progress, parts } = view(run.state)
    const steps = parts.flatMap((part) => part.steps)
    expect(progress).toEqual({
      done: steps.findLastIndex(({ state }) => state === 'Done') + 1,
      total,
    })
    expect(progress.done).toBeLessThan(total)
  })

  it('without a destination ends at Sealed, and what would follow is skipped', () => {
    const run = core('first-run', 'rehearsal', false)
    run.runToEnd()
    expect(view(run.state)).toMatchObject({ state: 'Sealed', needs: null, current: null, over: true })
    expect(run.state.steps.slice(-3).map(({ state }) => state)).toEqual(['Skipped', 'Skipped', 'Skipped'])
  })

  it('of a production plan without its destinations makes a root that was never extractable', () => {
    const { plan, hash } = planOf('first-run', 'production')
    const run = new FakeCore(plan, hash, 'rehearsal', false)
    run.runToEnd()
    expect(view(run.state).state).toBe('Sealed')
    expect(run.state.keys[0]?.evidence?.attributes.NEVER_EXTRACTABLE).toBe(true)
    expect(run.state.keys[0]?.blobs).toEqual([])
  })

  it('with a destination goes on to Closed', () => {
    const run = core('first-run', 'rehearsal')
    run.runToEnd()
    expect(view(run.state).state).toBe('Closed')
  })
})

describe('every other script', () => {
  it.each(['token-initialisation', 'root-kek', 'key-hierarchy', 'replicate-root', 'threshold-fhe'] as const)(
    '%s runs to Closed',
    (name) => {
      const run = core(name, 'production')
      run.runToEnd()
      expect(view(run.state).state).toBe('Closed')
    },
  )

  it('without a destination skips the receipt', () => {
    const run = core('root-kek', 'production', false)
    run.runToEnd()
    expect(view(run.state).state).toBe('Closed')
    expect(run.state.steps.find(({ step }) => step.do === 'receipt')?.state).toBe('Skipped')
  })

  it('the hierarchy is not sealed over a token that lost its root', () => {
    const run = core('key-hierarchy', 'production')
    run.runTo('seal')
    run.disk.token = run.disk.token.filter(({ label }) => label !== 'root-kek')
    run.perform(run.runToEffect('inventory'))
    expect(view(run.state).exceptions[0]?.happened).toBe(`missing ${'11'.repeat(16)}`)
  })

  it('the hierarchy under an earlier root names that root in every chain', () => {
    const run = core('key-hierarchy', 'production')
    const effect = run.runToEffect('generate-key')
    expect(effect.kind === 'generate-key' && effect.chain).toEqual([
      { id: 'root-kek', level: 'root', ckaId: '11'.repeat(16), wrapped: null },
    ])
  })
})
