import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { utf8 } from '@lux/crypto'
import { type Hsm, softTokenEnvironment, startHsm } from '@lux/hsm'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeTrainingToken, trainingPins } from '../../../../src/core/services/tokens/training-token.ts'

let dir: string
let hsm: Hsm
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'training-'))
  const { library, environment } = softTokenEnvironment(dir)
  hsm = await startHsm({ library, environment })
})
afterEach(async () => {
  await hsm.close()
  rmSync(dir, { recursive: true, force: true })
})

test('the training token’s PINs are shown, and open it; of any other token and library nothing is shown', async () => {
  await makeTrainingToken(hsm, dir)
  const [made] = (await hsm.tokens()).filter(({ initialised }) => initialised)
  const serial = made?.serial ?? ''
  const from = { trainingFolder: dir, librarySource: () => 'own' as const }
  const { pins } = trainingPins(from, { serial })
  await hsm.token(serial).logIn({ user: 'user', pin: utf8(pins?.user ?? '') })
  await hsm.token(serial).logOut()
  await hsm.token(serial).logIn({ user: 'so', pin: utf8(pins?.so ?? '') })
  expect(statSync(join(dir, 'training-pins.json')).mode & 0o777).toBe(0o600)

  // Another token of the same label and library is not the one that the program made.
  const pinsOfOther = { soPin: utf8('73910284'), userPin: utf8('51827364') }
  const other = await hsm
    .token('new')
    .initialise({ label: made?.label ?? '', sameLabel: true, ...pinsOfOther })
  expect(trainingPins(from, { serial: other.serial })).toEqual({ pins: null })
  expect(trainingPins({ ...from, trainingFolder: null }, { serial })).toEqual({ pins: null })
  expect(trainingPins({ ...from, librarySource: () => 'chosen' }, { serial })).toEqual({ pins: null })
})
