import { expect, it } from 'vitest'
import { planFromScript, readScript } from '../src/exports/plan.ts'
import { describe as said, scriptBytes, scriptNames, valuesFor } from './engine/plans.ts'

it.each(scriptNames)('PLAN-73, PLAN-22 %s makes a plan for tokens that no profile knows', (name) => {
  const script = readScript(scriptBytes(name))
  if (!script.ok) throw new Error(said(script.refusals))
  const profiles = ['profile', 'spareProfile'].filter((blank) => Object.hasOwn(script.value.blanks, blank))
  const measured = Object.fromEntries(profiles.map((blank) => [blank, 'measured']))
  const made = planFromScript(scriptBytes(name), { ...valuesFor(name, 'production', true), ...measured })
  if (!made.ok) throw new Error(said(made.refusals))
  const { tokens } = made.value.plan
  expect(tokens.map(({ profile }) => profile)).toEqual(tokens.map(() => 'measured'))
  for (const { needs } of tokens) expect(needs).not.toEqual([])
})
