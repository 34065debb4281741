import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Plan } from '@lux/ceremony'
import { utf8 } from '@lux/crypto'
import { type Hsm, rootTemplate, softTokenEnvironment, startHsm } from '@lux/hsm'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeStandInTokens } from '../../src/core/rehearsal/stand-in-tokens.ts'
import type { RunContext } from '../../src/core/runs/effects/context.ts'
import { generateRoot } from '../../src/core/runs/effects/key/root.ts'
import { initialiseToken } from '../../src/core/runs/effects/token/token.ts'

let dir: string
let hsm: Hsm
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'stand-ins-'))
  const { library, environment } = softTokenEnvironment(dir)
  hsm = await startHsm({ library, environment })
}, 60_000)
afterEach(async () => {
  await hsm.close()
  rmSync(dir, { recursive: true, force: true })
})

/** What stand-ins are made of. */
const plan = {
  tokens: [{ role: 'ceremony', profile: 'luna', serial: '7700' }],
  keys: [],
  parts: [],
} as unknown as Plan
const pins = { so: '13579135', user: '24680246' }

test('a second rehearsal on one library makes stand-ins of its own, under the labels of the first', async () => {
  const [first] = await makeStandInTokens(plan, hsm, pins)
  const [second] = await makeStandInTokens(plan, hsm, pins)
  expect([first?.role, second?.role]).toEqual(['ceremony', 'ceremony'])
  expect(second?.serial).not.toBe(first?.serial)
  const labels = (await hsm.tokens()).filter(({ initialised }) => initialised).map(({ label }) => label)
  expect(labels).toEqual(['stand-in ceremony', 'stand-in ceremony'])
}, 60_000)

test('a run initialises the planned token although a rehearsal has left one of its label', async () => {
  const files = new Map<string, unknown>()
  const context = {
    hsm,
    folder: {
      plan: { tokens: [{ role: 'ceremony', profile: 'softhsm' }] },
      state: { domain: 'production' },
      has: (name: string) => files.has(name),
      writeDocument: (name: string, value: unknown) => files.set(name, value),
      readDocument: (name: string) => files.get(name),
    },
    pins: { take: (_role: string, user: 'so' | 'user') => utf8(user === 'so' ? pins.so : pins.user) },
  } as unknown as RunContext
  const effect = { token: 'ceremony', serial: '', label: 'root', attempt: 1 } as Parameters<
    typeof initialiseToken
  >[0]
  const rehearsed = await initialiseToken({ ...effect, step: 'rehearsed' }, context)
  const run = await initialiseToken({ ...effect, step: 'init' }, context)
  expect([rehearsed.label, run.label]).toEqual(['root', 'root'])
  expect(run.serial).not.toBe(rehearsed.serial)
}, 60_000)

test('a root is made although one of an earlier ceremony has the planned name', async () => {
  const { serial } = await hsm
    .token('new')
    .initialise({ label: 'ceremony', soPin: utf8(pins.so), userPin: utf8(pins.user) })
  const token = hsm.token(serial)
  await token.logIn({ user: 'user', pin: utf8(pins.user) })
  await token.generateAes({ id: 'ab'.repeat(16), label: 'root-kek', bits: 256, template: rootTemplate })
  const folder = {
    state: {
      plan: { tokens: [{ role: 'ceremony', profile: 'softhsm' }] },
      tokens: [{ role: 'ceremony', serial, probed: true }],
    },
  }
  const effect = {
    token: 'ceremony',
    serial,
    ckaId: 'cd'.repeat(16),
    key: { id: 'root-kek' },
    destinations: [],
    spares: [],
    backup: null,
    discard: [],
    mechanism: 'KWP-RFC5649',
  } as unknown as Parameters<typeof generateRoot>[0]
  const made = await generateRoot(effect, { hsm, folder } as unknown as RunContext)
  expect(made.evidence).toMatchObject({ ckaId: 'cd'.repeat(16), label: 'root-kek', level: 'E1' })
}, 60_000)
