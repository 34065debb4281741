import {
  canaryNoiseLines,
  describePlan,
  noiseLines,
  policyAct,
  policyLines,
  type Told,
  toldNames,
} from '@lux/people'
import { beforeAll, expect, test } from 'vitest'
import { planOf, scriptNames } from '../../../packages/ceremony/test/engine/plans.ts'
import { shareWorld, type World } from '../../../packages/people/test/support/share-world.ts'
import ar from '../../../resources/locales/ar/act.json' with { type: 'json' }
import en from '../../../resources/locales/en/act.json' with { type: 'json' }

let world: World
beforeAll(async () => {
  world = await shareWorld()
})

test('PHONE-TOLD every sentence that the domain tells a person has its text in both languages, and no other', () => {
  for (const texts of [en, ar]) expect(Object.keys(texts.told).toSorted()).toEqual([...toldNames].toSorted())
})

test('PHONE-TOLD a sentence says each value that it is given in both languages, and asks for no other', () => {
  const noise = { blockBits: 1, floorBits: 2, belowFloor: true, lifeBits: 3 }
  const told: { name: string; values: Told['values'] }[] = [
    ...policyLines(world.policy),
    ...[
      policyAct(world.policy, null),
      ...scriptNames.map((name) =>
        describePlan(planOf(name, 'production').plan, { policy: null, before: null }),
      ),
    ].flatMap(({ changes, claims, since }) => [
      ...changes.map((one) => one.told),
      ...claims.flatMap((one) => one.told ?? []),
      ...(since === null ? [] : [since]),
    ]),
    ...(['client-key', 'public-key', 'squashing'] as const).flatMap((source) =>
      [0, 1].flatMap((epoch) => [
        ...noiseLines({ ...noise, source }, epoch),
        ...canaryNoiseLines({ ...noise, source }, epoch),
      ]),
    ),
  ]
  expect(told.length).toBeGreaterThan(20)
  for (const texts of [en, ar])
    for (const { name, values } of told) {
      const asked = [...(texts.told as Record<string, string>)[name]!.matchAll(/\{\{(\w+)\}\}/g)].map(
        ([, value]) => value,
      )
      // Who asks and who vouches have no quorum.
      const given = Object.keys(values).filter((value) => value !== 'quorum' || values[value] !== 0)
      expect([name, ...asked.toSorted()]).toEqual([name, ...given.toSorted()])
    }
})
