import { describe, expect, test } from 'vitest'
import {
  type Kek,
  type KekVersion,
  mayGo,
  nextStep,
  rotate,
  type Wish,
} from '../../../src/keys/rotation/steps.ts'

const kek = (version: number, state: string, origin = 'online', parent = 'root-1'): KekVersion => ({
  version,
  state,
  origin,
  kekId: 'kek',
  parent,
})
const one = [kek(1, 'enabled')]
const begun = [kek(2, 'enabled'), kek(1, 'decrypt-only')]
const besideCeremony = [kek(2, 'enabled'), kek(1, 'decrypt-only', 'ceremony')]
const moved = { under: 'root-2' }

describe('KEK-04 what a rotation does next follows from the rows alone', () => {
  test.each([
    { rows: 'no version', versions: [], below: 0, new: 'absent', goOn: 'absent', under: 'absent' },
    { rows: 'one version', versions: one, below: 0, new: 'make', goOn: 'done', under: 'make' },
    {
      rows: 'keys under the old version',
      versions: begun,
      below: 3,
      new: 'move',
      goOn: 'move',
      under: 'make',
    },
    {
      rows: 'nothing under the old version',
      versions: begun,
      below: 0,
      new: 'destroy',
      goOn: 'destroy',
      under: 'make',
    },
    {
      rows: 'keys under a ceremony’s old version',
      versions: besideCeremony,
      below: 3,
      new: 'move',
      goOn: 'move',
      under: 'make',
    },
    {
      rows: 'nothing under a ceremony’s old version',
      versions: besideCeremony,
      below: 0,
      new: 'make',
      goOn: 'done',
      under: 'make',
    },
    {
      rows: 'an old version that is destroyed',
      versions: [kek(2, 'enabled'), kek(1, 'destroyed')],
      below: 0,
      new: 'make',
      goOn: 'done',
      under: 'make',
    },
    {
      rows: 'an old version that is revoked',
      versions: [kek(2, 'enabled'), kek(1, 'revoked')],
      below: 0,
      new: 'make',
      goOn: 'done',
      under: 'make',
    },
  ])('$rows', ({ versions, below, new: asked, goOn, under }) => {
    const next = (wish: Wish) => nextStep({ versions, below }, wish)
    expect([next('new'), next('go-on'), next(moved)]).toEqual([asked, goOn, under])
  })

  test('a newest version under the wanted root is not made again', () => {
    const versions = [kek(2, 'enabled', 'online', 'root-2'), kek(1, 'decrypt-only')]
    expect([3, 0].map((below) => nextStep({ versions, below }, moved))).toEqual(['move', 'destroy'])
    expect(nextStep({ versions: versions.slice(0, 1), below: 0 }, moved)).toBe('done')
  })
})

/** Rows in memory, of one KEK and of seven keys under it. `crashAfter`: after so many changes the server stops; they are durable. */
function rowsInMemory() {
  let versions: KekVersion[] = one
  const keys = Array.from({ length: 7 }, () => 1)
  let crashesAfter = Number.POSITIVE_INFINITY
  const change = (work: () => void) => {
    work()
    if (--crashesAfter === 0) throw new Error('crash')
  }
  const under = (newest: number) => keys.filter((version) => version < newest)
  const its: Kek = {
    async advance(wish) {
      const standing = { versions, below: under(versions[0]!.version).length }
      const step = nextStep(standing, wish)
      const next = versions[0]!.version + 1
      if (step === 'make')
        change(() => {
          versions = [kek(next, 'enabled'), ...versions.map((row) => ({ ...row, state: 'decrypt-only' }))]
        })
      if (step === 'destroy')
        change(() => {
          versions = versions.map((row) => (mayGo(row) ? { ...row, state: 'destroyed' } : row))
        })
      return { step, standing }
    },
    async moveSome(newest, most) {
      const some = keys
        .flatMap((version, index) => (version < newest ? [index] : []))
        .slice(0, Math.min(2, most))
      for (const index of some)
        change(() => {
          keys[index] = newest
        })
      return some.length
    },
  }
  return {
    its,
    crashAfter(changes: number) {
      crashesAfter = changes
    },
    get now() {
      return {
        versions: versions.map(({ version, state }) => `${version} ${state}`),
        keys: [...new Set(keys)],
      }
    },
  }
}

const run = (left: number) => ({ budget: { left }, subject: { version: null as number | null } })
const through = { versions: ['2 enabled', '1 destroyed'], keys: [2] }

test('KEK-04 a rotation that was cut short after any change goes on, with no second new version', async () => {
  // Nine changes: a version is made, seven keys move, a version is destroyed.
  for (let changes = 1; changes <= 9; changes++) {
    const rows = rowsInMemory()
    rows.crashAfter(changes)
    await expect(rotate(rows.its, 'new', run(100))).rejects.toThrow('crash')
    if (changes < 9) {
      rows.crashAfter(Number.POSITIVE_INFINITY)
      expect(await rotate(rows.its, 'new', run(100))).toMatchObject({ version: 2, remaining: 0 })
    }
    expect(rows.now).toEqual(through)
  }
})

test('KEK-04 a call moves no more keys than it may, says how many remain, and the next one finishes', async () => {
  const { its } = rowsInMemory()
  const first = run(3)
  expect(await rotate(its, 'new', first)).toEqual({ version: 2, moved: 3, remaining: 4 })
  expect(first).toEqual({ budget: { left: 0 }, subject: { version: 2 } })
  expect(await rotate(its, 'go-on', run(100))).toEqual({ version: 2, moved: 4, remaining: 0 })
  expect(await rotate(its, 'go-on', run(100))).toEqual({ version: 2, moved: 0, remaining: 0 })
})

test('KEK-04 a move that finds nothing left uses up the budget, so that the call ends', async () => {
  const stuck: Kek = {
    advance: async (wish) => ({
      step: nextStep({ versions: begun, below: 1 }, wish),
      standing: { versions: begun, below: 1 },
    }),
    moveSome: async () => 0,
  }
  expect(await rotate(stuck, 'new', run(5))).toEqual({ version: 2, moved: 0, remaining: 1 })
})
