import type { EpochTerms, OpeningCertificate } from '@lux/ceremony/wire'
import { expect, test } from 'vitest'
import { planOf } from '../../../ceremony/test/engine/plans.ts'
import { makePerson } from '../../../ceremony/test/support/people.ts'
import { answerAct, epochAct, epochActs, heartbeatAct, told } from '../../src/index.ts'

const { plan, hash } = planOf('resharing', 'production')
const old = plan.fhe?.holders ?? []
const next = [...old.slice(1), 'Kim']
const run = {
  plan: { ...plan, reshare: { ...plan.reshare!, holders: next, t: 2, n: next.length } },
  terms: { planHash: hash, keyId: 'ab'.repeat(32), epoch: 3, t: 2, n: next.length } as EpochTerms,
  opening: {
    node0: '0a'.repeat(32),
    ...{ domain: 'production', ceremonyId: 'cd'.repeat(16), planHash: hash, policyDigest: 'ef'.repeat(32) },
    ...{ tokenSerials: ['7700AB12'], ceremonyKeys: makePerson('officer', 'Key', 'production').card.keys },
  } as OpeningCertificate,
}
const names = (act: ReturnType<typeof answerAct>) => act.changes.map(({ told: { name } }) => name)

test('ACT-ANSWER a holder reads what an answer gives, what it costs, and that it is for good', () => {
  const act = answerAct({ t: 3, n: 5, spends: 96, left: 904 })
  expect(act.changes.map(({ about, told: { name, values } }) => [about, name, values])).toEqual([
    ['share', 'act-answer', { t: 3, n: 5 }],
    ['rule', 'act-spends', { spends: 96, left: 904 }],
    ['lost', 'act-final', {}],
  ])
})

test.each(epochActs.filter((act) => act !== 'heartbeat'))(
  'ACT-EPOCH a holder who is asked to %s reads who holds the key then, with who comes and who goes marked, and what this device does',
  (kind) => {
    const act = epochAct(run, kind)
    expect(act.people.filter(({ mark }) => mark !== undefined)).toEqual([
      { name: 'Kim', roles: ['holder'], mark: 'new' },
      { name: old[0], roles: ['holder'], mark: 'gone' },
    ])
    expect(act.keys).toMatchObject({
      places: [{ kind: 'people', count: next.length }],
      rows: [{ at: ['share'] }],
    })
    expect(names(act)).toContain('epoch-next')
    expect(names(act).at(-1)).toBe(`act-epoch-${kind}`)
    // Digests are for machines, and no sentence of the world.
    expect(act.prints.map(({ told: one }) => one?.name)).toEqual([
      'epoch-key',
      'epoch-ceremony-production',
      'epoch-opening',
    ])
    expect(names(act)).not.toContain('epoch-opening')
  },
)

test('ACT-EPOCH a share that is wiped, and what is left of a budget, are said', () => {
  expect(epochAct(run, 'live', { wipes: true }).changes.at(-1)).toMatchObject({
    about: 'lost',
    told: { name: 'act-epoch-wipes' },
  })
  expect(names(epochAct(run, 'approve', { left: { at64: 1, at128: 2 } }))).toContain('budget')
})

test('ACT-HEARTBEAT what is stated is a sentence, and the challenge is for machines', () => {
  const act = heartbeatAct([
    told('heartbeat', 'held', { ceremony: 'c', holder: 1, epoch: 0 }),
    told('challenge', 'challenge ab', { challenge: 'ab' }),
  ])
  expect(names(act)).toEqual(['heartbeat', 'act-epoch-heartbeat'])
  expect(act.prints.map(({ told: one }) => one?.name)).toEqual(['challenge'])
})
