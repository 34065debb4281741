import { expect, it } from 'vitest'
import { altered } from '../support/altered.ts'
import { sampleBundle } from '../support/sample-bundle.ts'
import { type Case, compare } from '../support/second-verifier.ts'

it('the second verifier agrees on every wrong life of a threshold key', async () => {
  const cases: Case[] = []
  for (const [, , options] of altered) if (options.life) cases.push(await sampleBundle(options))
  expect(cases.length).toBeGreaterThan(30)
  await compare(cases)
})
