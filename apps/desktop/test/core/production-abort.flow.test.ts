import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { closeoutCodec, signatureContext } from '@lux/ceremony/wire'
import { utf8, verifySignature } from '@lux/crypto'
import { softTokenEnvironment, startHsm } from '@lux/hsm'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { abortCeremony } from '../../src/cli/ceremony/abort.ts'
import { ceremonyStatus, resumeCeremony } from '../../src/cli/ceremony/resume.ts'
import { runCeremony } from '../../src/cli/ceremony/run.ts'
import { RunFolder } from '../../src/core/runs/folder/run-folder.ts'
import { ended, ProductionPlace } from './support/production-place.ts'
import { entriesOf, stateOf } from './support/run-end.ts'

vi.setConfig({ testTimeout: 60_000 })

let place: ProductionPlace
beforeAll(() => {
  place = new ProductionPlace()
})
afterAll(() => place.remove())
beforeEach(() => place.nextRun())

/** A run that stands after the ceremony key was made: at the opening certificate, or at the first checkpoint after it. */
async function begun(until: 'opening' | 'checkpoint'): Promise<void> {
  let left = await ended(
    runCeremony(place.plan, place.options({ answers: place.answers(null) }), place.program),
  )
  if (until === 'opening') return
  const [opening] = left.json.files as string[]
  for (const officer of ['Otto', 'Ophelia']) place.sign(opening!, officer)
  left = await ended(resumeCeremony(place.out, { answers: place.answers(null) }, place.program))
  expect(left.json.waitingFor).toEqual(['checkpoint'])
}

/** Objects of the run's token by label. */
async function labelsOnToken(): Promise<string[]> {
  const soft = softTokenEnvironment(place.file('token'))
  const hsm = await startHsm({ library: soft.library, environment: soft.environment })
  try {
    const token = hsm.token(stateOf(place.out).tokens[0]!.serial)
    await token.logIn({ user: 'user', pin: utf8('246810') })
    const { objects } = await token.inventory()
    return objects.map(({ label }) => label).toSorted()
  } finally {
    await hsm.close()
  }
}

const abort = (options: { token?: Record<string, string> } = {}) =>
  ended(abortCeremony(place.out, { reason: 'fire alarm', ...options }, place.program))

test('an aborted run signs how it ended, destroys its ceremony key and proves it absent', async () => {
  await begun('checkpoint')
  const made = ['ceremony-key', 'ceremony-key', 'ceremony-key-seal']
  expect(await labelsOnToken()).toEqual(expect.arrayContaining(made))
  expect(await abort()).toMatchObject({ exit: 0, json: { state: 'Aborted', ceremonyKey: 'absent' } })
  expect((await labelsOnToken()).filter((label) => made.includes(label))).toEqual([])
  const folder = RunFolder.open(place.out)
  try {
    const closeout = closeoutCodec.file.check(folder.readDocument('closeout.json'))
    if (!closeout.ok) throw new Error(closeout.detail)
    const { payload, signatures } = closeout.value
    expect(payload).toMatchObject({
      bundleDigest: '0'.repeat(64),
      receipts: [],
      ...folder.headAt(folder.state.size),
    })
    expect(payload.entries.at(-1)).toMatchObject({ kind: 'run.aborted' })
    const context = signatureContext('closeout', 'production')
    const { keys } = folder.state.ceremonyKey!
    expect(verifySignature(keys, context, closeoutCodec.signedBytes(payload), signatures[0]!)).toMatchObject({
      ok: true,
    })
    expect(folder.readDocument('ceremony-key-absent.json')).toMatchObject({
      kind: 'ceremony-key-absent',
      ckaId: folder.state.ceremonyKey!.ckaId,
    })
    expect(existsSync(folder.sealedSeed)).toBe(false)
  } finally {
    folder.close()
  }
})

test('what the run made and nobody destroys is named, at abort and afterwards', async () => {
  await begun('checkpoint')
  const [request] = readdirSync(join(place.out, 'out'))
  place.sign(join(place.out, 'out', request!), 'Wanda')
  const left = await ended(resumeCeremony(place.out, { answers: place.answers(null) }, place.program))
  expect(left).toMatchObject({ json: { step: 'generate-root', waitingFor: ['checkpoint'] } })
  const root = { label: 'root-kek', class: 'secret', serial: stateOf(place.out).tokens[0]!.serial }
  expect(await abort()).toMatchObject({
    exit: 0,
    json: { ceremonyKey: 'absent', leftOnTokens: [root] },
  })
  expect(ceremonyStatus(place.out)).toMatchObject({
    json: { leftOnTokens: [root] },
    text: expect.stringMatching(/stays on the token .* used by none: root-kek \(secret, CKA_ID/),
  })
  expect(await labelsOnToken()).toContain('root-kek')
})

test('a wrong PIN leaves the run aborted and the key where it is, and the same command ends it', async () => {
  await begun('checkpoint')
  place.writePin('wrong.pin', '999999')
  const wrong = await abort({ token: { ceremony: place.uri('wrong.pin') } })
  expect(wrong).toMatchObject({ exit: 3, json: { code: 'HSM-PIN-WRONG' } })
  expect(ceremonyStatus(place.out).json).toMatchObject({ state: 'Aborted' })
  expect(await labelsOnToken()).toContain('ceremony-key')
  expect(await abort()).toMatchObject({ exit: 0, json: { ceremonyKey: 'absent' } })
  expect(entriesOf(place.out).filter(({ kind }) => kind === 'run.aborted').length).toBe(1)
  expect(await labelsOnToken()).not.toContain('ceremony-key')
})

test('before there is a checkpoint nothing is signed, and the key goes all the same', async () => {
  await begun('opening')
  expect(await abort()).toMatchObject({ exit: 0, json: { ceremonyKey: 'absent' } })
  expect(existsSync(join(place.out, 'closeout.json'))).toBe(false)
  expect(await labelsOnToken()).not.toContain('ceremony-key')
})

test('RUN-09 what is over cannot be aborted again', async () => {
  await begun('opening')
  await abort()
  expect(await abort()).toMatchObject({ exit: 1, json: { ok: false } })
})
