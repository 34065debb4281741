import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toHex, utf8 } from '@lux/crypto'
import { softTokenEnvironment, startHsm } from '@lux/hsm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { rsaPair } from '../../../../packages/crypto/test/rsa-pair.ts'
import { abortCeremony } from '../../src/cli/ceremony/abort.ts'
import { ceremonyStatus, resumeCeremony } from '../../src/cli/ceremony/resume.ts'
import { runCeremony } from '../../src/cli/ceremony/run.ts'
import { systemEntropy } from '../../src/core/system.ts'
import { type CoreInTest, startCore } from './support/core-in-test.ts'
import { placeFor, plannedServer } from './support/planned-server.ts'
import { ended, type ProductionPlace } from './support/production-place.ts'
import { stateOf } from './support/run-end.ts'
import { WindowPerson } from './support/window-person.ts'

vi.setConfig({ testTimeout: 120_000 })

let place: ProductionPlace
beforeEach(async () => {
  place = placeFor([await plannedServer()])
})
afterEach(() => place.remove())

/** A trusted key of somebody else's on the ceremony token: the window then does not open. */
async function plantTrustedKey(): Promise<void> {
  const soft = softTokenEnvironment(place.file('token'))
  const { publicKey } = rsaPair(3072)
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
  const hsm = await startHsm({ library: soft.library, environment: soft.environment })
  try {
    const token = hsm.token(stateOf(place.out).tokens[0]!.serial)
    await token.logIn({ user: 'so', pin: utf8('13579135') })
    const id = toHex(systemEntropy.bytes(16))
    await token.importTrustedDestinations({
      destinations: [{ id, label: 'planted', spki, oaepHash: 'sha1' }],
    })
  } finally {
    await hsm.close()
  }
}

/** Labels of what is on the ceremony token. */
async function labels(folder: string, serial: string): Promise<string[]> {
  const soft = softTokenEnvironment(folder)
  const hsm = await startHsm({ library: soft.library, environment: soft.environment })
  try {
    const token = hsm.token(serial)
    await token.logIn({ user: 'user', pin: utf8('246810') })
    return (await token.inventory()).objects.map(({ label }) => label).toSorted()
  } finally {
    await hsm.close()
  }
}

describe('an exception that is decided by abort at the command line', () => {
  const resume = (changed = {}) =>
    resumeCeremony(place.out, { answers: place.answers(null), ...changed }, place.program)
  const onToken = () => labels(place.file('token'), stateOf(place.out).tokens[0]!.serial)
  const decideAbort = (changed = {}) => resume({ decide: 'abort', reason: 'a strange key', ...changed })

  beforeEach(async () => {
    let left = await ended(
      runCeremony(place.plan, place.options({ answers: place.answers(null) }), place.program),
    )
    for (const name of ['Otto', 'Ophelia']) place.sign((left.json.files as string[])[0]!, name)
    left = await ended(resume())
    await plantTrustedKey()
    place.sign((left.json.files as string[])[0]!, 'Wanda')
    left = await ended(resume())
    expect(left).toMatchObject({ json: { state: 'Exception', step: 'generate-root' } })
  })

  test('signs how the run ended, destroys the ceremony key and proves it absent', async () => {
    expect(await onToken()).toContain('ceremony-key')
    expect(await ended(decideAbort())).toMatchObject({
      exit: 0,
      json: { state: 'Aborted', ceremonyKey: 'absent' },
    })
    expect((await onToken()).filter((label) => label.startsWith('ceremony-key'))).toEqual([])
    // What somebody else planted is nobody's to destroy; the key of this run's own server would bar the next window.
    expect(await onToken()).toEqual(['planted'])
    for (const [name, there] of [
      ['closeout.json', true],
      ['ceremony-key-absent.json', true],
      ['ceremony-key.sealed', false],
    ] as const)
      expect([name, existsSync(join(place.out, name))]).toEqual([name, there])
  })

  test('without a PIN says that the key is left, and so do status and resume until abort destroys it', async () => {
    const token = { ceremony: place.uri(null), 'ceremony.so': place.uri(null) }
    const left = { json: { state: 'Aborted', ceremonyKey: 'left' } }
    expect(await decideAbort({ token })).toMatchObject({
      exit: 4,
      json: { ...left.json, waitingFor: ['pin'] },
      text: expect.stringContaining(`custody ceremony abort ${place.out}`),
    })
    expect(ceremonyStatus(place.out)).toMatchObject({
      ...left,
      exit: 0,
      text: expect.stringContaining('the ceremony key is still on the token'),
    })
    expect(await resume()).toMatchObject({ ...left, exit: 4 })
    const again = abortCeremony(
      place.out,
      { reason: 'its key goes', token: { ceremony: place.uri('user.pin') } },
      place.program,
    )
    expect(await ended(again)).toMatchObject({ exit: 0, json: { ceremonyKey: 'absent' } })
    expect(ceremonyStatus(place.out)).toMatchObject({ json: { ceremonyKey: 'absent' } })
    expect(await onToken()).not.toContain('ceremony-key')
  })
})

describe('an exception that is decided by abort in the window', () => {
  let core: CoreInTest
  let person: WindowPerson
  let id: string
  let serial: string

  beforeEach(async () => {
    mkdirSync(place.file('workstation'))
    core = await startCore(place.file('workstation'), place.program)
    person = new WindowPerson({
      core,
      folder: place.home,
      pins: { so: '13579135', user: '246810' },
      signed: (request, name) => place.signed(request, name),
    })
    const opened = await core.call('ceremonies.open', {
      plan: person.chosen(place.plan),
      lock: person.chosen(place.file('plan.lock.json')),
    })
    id = String(Object(opened.ok ? opened.value : null).id)
    const damaged = place.file('workstation/store/ceremonies/old')
    mkdirSync(damaged, { recursive: true })
    writeFileSync(join(damaged, 'ceremony.db'), 'x'.repeat(9000))
    await expect(person.lead(id)).rejects.toThrow(/LINEAGE-UNREADABLE/)
    serial = (await person.view('ceremonies.view', { id })).tokens[0]!.serial
  })
  afterEach(() => core.stop())

  const decision = { by: 'Ada', decision: 'abort', reason: 'the disk' }
  const onToken = () => labels(place.file('workstation/token'), serial)

  test('destroys the ceremony key', async () => {
    expect(await onToken()).toContain('ceremony-key')
    const run = await person.view('ceremonies.decide', { id, ...decision })
    expect(run).toMatchObject({ state: 'aborted', keyLeft: null })
    expect(await onToken()).not.toContain('ceremony-key')
  })

  test('with nobody logged in shows which token still has the key, and abort destroys it after a log-in', async () => {
    await person.view('ceremonies.view', { id })
    expect(await core.call('tokens.logOut', { serial })).toMatchObject({ ok: true })
    const run = await person.view('ceremonies.abort', { id, by: 'Ada', reason: 'the disk' })
    expect(run).toMatchObject({ state: 'aborted', keyLeft: serial })
    expect(run.remarks.at(-1)).toMatchObject({ by: 'Ada', text: 'the disk', decided: 'abort' })
    const again = { id, by: 'Ada', reason: 'its key' }
    expect(await core.call('ceremonies.abort', again)).toMatchObject({ ok: false })
    expect(await core.call('tokens.logIn', { serial, user: 'user', pin: '246810' })).toMatchObject({
      ok: true,
    })
    expect(await person.view('ceremonies.abort', again)).toMatchObject({ keyLeft: null })
    expect(await onToken()).not.toContain('ceremony-key')
  })
})
