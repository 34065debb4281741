import type { Plan } from '@lux/ceremony/plan'
import type { DescribedAct } from '@lux/ceremony/wire'
import { expect, test } from 'vitest'
import { planOf, scriptNames } from '../../../ceremony/test/engine/plans.ts'
import { describePlan } from '../../src/index.ts'

const alone = { policy: null, before: null }
const named = (act: DescribedAct): string[] => act.changes.map(({ told }) => told.name)
const first = planOf('first-run', 'production').plan

test('ACT-PLAN every script says what it does in the world, who takes part, and whether anything is destroyed', () => {
  for (const name of scriptNames) {
    const { plan } = planOf(name, 'production')
    const act = describePlan(plan, alone)
    const lost = named(act).filter((one) => /-(erased|destroyed)$/.test(one))
    expect(named(act).includes('plan-destroys-nothing'), name).toBe(lost.length === 0)
    expect(new Set(act.people.map((one) => one.name)), name).toEqual(
      new Set(plan.people.map((one) => one.name)),
    )
    expect(
      act.devices.filter(({ kind }) => kind === 'token').map((one) => one.serial),
      name,
    ).toEqual(plan.tokens.map(({ serial }) => (serial === 'new' ? null : serial)))
    for (const key of plan.keys)
      expect(
        act.keys?.rows.map((one) => one.name),
        name,
      ).toContain(key.name)
    // Somebody who knows no hash reads something that this script alone says.
    expect(named(act).length, name).toBeGreaterThan(3)
  }
})

test('ACT-PLAN what is lost for good stands first: a root that is destroyed, by its token, and all that a token holds', () => {
  for (const name of ['decommission', 'restore-drill'] as const) {
    const [told] = describePlan(planOf(name, 'production').plan, alone).changes
    expect(told, name).toMatchObject({ about: 'lost', told: { name: 'plan-root-destroyed' } })
  }
  const erased = describePlan(planOf('token-initialisation', 'production').plan, alone).changes[0]
  expect(erased?.told.name).toBe('plan-token-erased')
})

test('ACT-PLAN keys stand against the places where each will live: a root in tokens and servers, the others only wrapped', () => {
  const { plan } = planOf('first-run', 'production', true)
  const { keys } = describePlan(plan, alone)
  expect(keys?.places.map(({ kind }) => kind)).toEqual(
    ['token', 'servers', 'bundle', 'people'].slice(0, keys?.places.length),
  )
  const [root, below] = keys?.rows ?? []
  expect(root).toMatchObject({ depth: 0, at: expect.arrayContaining(['lives']) })
  expect(below).toMatchObject({ depth: 1 })
  expect(below?.at).not.toContain('lives')
  expect(below?.at).toContain('wrapped')
})

test('ACT-PLAN a server is called by the name that the policy has for its card, and else by the card', () => {
  const { plan } = planOf('first-run', 'production', true)
  const card = plan.destinations[0]?.card ?? ''
  const audiences = [{ audience: card, name: 'main' }] as never
  const serverOf = (policy: object | null) =>
    describePlan(plan, { policy: policy as never, before: null }).devices.find(
      ({ kind }) => kind === 'server',
    )?.name
  expect(serverOf({ audiences })).toBe('main')
  expect(serverOf(null)).toBe(card.slice(0, 16))
})

test('ACT-PLAN against the plan before, a person, a token’s serial, a server and a quorum that changed are marked', () => {
  const before: Plan = { ...first, tokens: first.tokens.map((one) => ({ ...one, serial: 'ffff0000' })) }
  const [token] = before.tokens
  const next: Plan = {
    ...before,
    people: [...first.people.slice(1), { role: 'witness', name: 'Nora New', card: '0e'.repeat(32) }],
    tokens: [{ ...token!, serial: 'ffff0001' }],
    destinations: [...first.destinations, { card: '0d'.repeat(32), transport: '0c'.repeat(32) }],
    ...(first.fhe === undefined ? {} : { fhe: { ...first.fhe, t: first.fhe.t + 1 } }),
  }
  const { people, devices, changes, since } = describePlan(next, { policy: null, before })
  expect(since?.name).toBe('since-plan')
  expect(people.find(({ name }) => name === 'Nora New')?.mark).toBe('new')
  expect(people.find(({ name }) => name === first.people[0]?.name)?.mark).toMatch(/gone|changed/)
  expect(devices[0]).toMatchObject({ mark: 'changed', serial: 'ffff0001', was: token?.serial })
  expect(devices.find(({ name }) => name === '0d'.repeat(8))?.mark).toBe('new')
  if (first.fhe !== undefined)
    expect(changes.find(({ told }) => told.name === 'plan-dealt')?.mark).toBe('changed')
  const same = describePlan(first, { policy: null, before: first })
  expect([...same.people, ...same.devices, ...same.changes].every(({ mark }) => mark === undefined)).toBe(
    true,
  )
})

test('ACT-PLAN another card, library, transport or audience under the same name is said and marked', () => {
  const { plan } = planOf('first-run', 'production', true)
  const [server] = plan.destinations
  if (server === undefined) throw new Error('the plan has no server')
  const audience = (card: string) => ({ audience: card, name: 'main' })
  const policy = { audiences: [audience(server.card), audience('0a'.repeat(32))] } as never
  const name = plan.people[0]?.name
  const changed: readonly [string, Plan, (act: DescribedAct) => unknown][] = [
    [
      'plan-other-card',
      { ...plan, people: plan.people.map((one, at) => (at === 0 ? { ...one, card: '0e'.repeat(32) } : one)) },
      ({ people }) => people.find((one) => one.name === name)?.mark,
    ],
    [
      'plan-other-library',
      { ...plan, tokens: plan.tokens.map((one) => ({ ...one, library: '0f'.repeat(32) })) },
      ({ devices }) => devices[0]?.mark,
    ],
    [
      'plan-other-server',
      { ...plan, destinations: [{ ...server, transport: '0b'.repeat(32) }] },
      ({ devices }) => devices.find(({ kind }) => kind === 'server')?.mark,
    ],
    [
      'plan-other-server',
      { ...plan, destinations: [{ ...server, card: '0a'.repeat(32) }] },
      ({ devices }) => devices.find(({ kind }) => kind === 'server')?.mark,
    ],
  ]
  for (const [said, next, mark] of changed) {
    const act = describePlan(next, { policy, before: plan })
    expect([said, act.changes[0]?.told.name, act.changes[0]?.mark, mark(act)]).toEqual([
      ...[said, said, 'changed', 'changed'],
    ])
  }
})

test('ACT-PLAN the root is shown at as many servers as can be given it, and the keys below at all', () => {
  const { plan } = planOf('first-run', 'production', true)
  const bare = { ...plan, destinations: [...plan.destinations, { card: '0d'.repeat(32) }] } as Plan
  const { keys } = describePlan(bare, alone)
  const servers = keys?.places.flatMap(({ kind, count }, at) => (kind === 'servers' ? [{ count, at }] : []))
  expect(servers?.map(({ count }) => count)).toEqual([plan.destinations.length, 1])
  const [root, below] = keys?.rows ?? []
  expect(servers?.map(({ at }) => root?.at[at])).toEqual(['lives', null])
  expect(servers?.map(({ at }) => below?.at[at])).toEqual(['wrapped', 'wrapped'])
})

test('ACT-PLAN a root that comes out of its backup has a place: its token after a restore, none after a drill or a check', () => {
  const lives = (name: 'root-restore' | 'restore-drill' | 'share-check') => {
    const { plan } = planOf(name, 'production')
    const { keys } = describePlan(plan, alone)
    const row = keys?.rows.find((one) => one.name === plan.recovery?.backup.key)
    return row?.at.filter((one) => one !== null)
  }
  expect(lives('root-restore')).toEqual(['lives', 'share'])
  expect(lives('restore-drill')).toEqual(['share'])
  expect(lives('share-check')).toEqual(['share'])
})

test('ACT-PLAN that a device is genuine, and that a server’s card is its own, are claims', () => {
  const { plan } = planOf('first-run', 'production', true)
  const { claims } = describePlan(plan, alone)
  expect(claims.every(({ whose }) => whose === 'claimed')).toBe(true)
  expect(claims.map(({ told }) => told?.name)).toContain('claim-tokens')
})

test('ACT-PLAN a root is told in the token where its steps work, wherever the plan lists that token', () => {
  const { plan } = planOf('first-run', 'production')
  const [home] = plan.tokens
  if (home === undefined) throw new Error('the plan has no token')
  const other = { ...home, role: 'other', label: 'other one', serial: 'new' } as const
  const act = describePlan({ ...plan, tokens: [other, ...plan.tokens] }, alone)
  const made = act.changes.find(({ told }) => told.name === 'plan-root-made')
  expect(made?.told.values).toEqual(
    describePlan(plan, alone).changes.find(({ told }) => told.name === 'plan-root-made')?.told.values,
  )
  expect(act.keys?.places.map(({ name }) => name)).not.toContain('other one')
})

test('ACT-PLAN a value that only the words of a language show is marked where it changed', () => {
  const { plan } = planOf('first-run', 'production')
  const before = {
    ...plan,
    keys: plan.keys.map((key) => (key.level === 'root' ? { ...key, algorithm: 'aes-128' } : key)),
  } as unknown as Plan
  const made = describePlan(plan, { policy: null, before }).changes.find(
    ({ told }) => told.name === 'plan-root-made',
  )
  expect(made?.mark).toBe('changed')
})
