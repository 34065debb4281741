import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { custody, jsonOf } from '../support/commands.ts'
import { accepted, killedAt, resultOf } from '../support/fhe-life.ts'

let place = ''
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'lux-life-'))
})
afterAll(() => rmSync(place, { recursive: true, force: true }))

test('FHE-LIFE a key is dealt, asked, moved to other people, asked again: every value comes out, and both verifiers accept', async () => {
  const out = join(place, 'life')
  expect(jsonOf(await custody('rehearse', 'fhe-life', '--out', out, '--json'))).toMatchObject({
    state: 'Sealed',
  })
  for (const id of ['first', 'canary', 'second']) expect(resultOf(out, id).right).toBe(true)
  const shares = readdirSync(join(out, 'shares'))
  expect(shares.toSorted()).toEqual(['holder-1.age', 'holder-2.age', 'holder-3.age'])
  await accepted(out)
})

test.each([
  ['threshold-decryption', []],
  ['holder-heartbeat', []],
  [
    'resharing',
    ['--set', 'nextKind=remove', '--set', 'nextN=2', '--set', 'nextHolders=Holder One,Holder Three'],
  ],
])('FHE-CEREMONY %s %j runs by itself under a key that was dealt before', async (script, settings) => {
  const out = mkdtempSync(join(place, 'one-'))
  const run = await custody('rehearse', script, '--out', join(out, 'run'), '--json', ...settings)
  expect(jsonOf(run)).toMatchObject({ state: 'Sealed' })
  await accepted(join(out, 'run'))
})

test.each(['redeal'])('FHE-CRASH killed at %s, the life of a key goes on to the same end', async (step) => {
  const out = mkdtempSync(join(place, 'crash-'))
  const run = join(out, 'run')
  await killedAt(step, run)
  const resumed = await custody('ceremony', 'resume', run, '--json')
  expect(jsonOf(resumed)).toMatchObject({ state: 'Sealed' })
  expect(resultOf(run, 'second').right).toBe(true)
  await accepted(run)
})
