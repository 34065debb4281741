import { appendFileSync, closeSync, copyFileSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { softTokenEnvironment } from '@lux/hsm'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { abortCeremony } from '../../src/cli/ceremony/abort.ts'
import { ceremonyStatus, resumeCeremony } from '../../src/cli/ceremony/resume.ts'
import { runCeremony } from '../../src/cli/ceremony/run.ts'
import { startCore } from './support/core-in-test.ts'
import { ended, ProductionPlace } from './support/production-place.ts'
import { entriesOf } from './support/run-end.ts'

vi.setConfig({ testTimeout: 60_000 })

let place: ProductionPlace
beforeAll(() => {
  place = new ProductionPlace()
})
afterAll(() => place.remove())
beforeEach(() => place.nextRun())

describe('the token, library and PINs of a production run', () => {
  test.each<[string, Record<string, string>, string]>([
    ['a PIN in the URI', { ceremony: 'pkcs11:?pin-value=1234' }, 'TOKEN-URI'],
    ['no library', { ceremony: 'pkcs11:serial=1' }, 'TOKEN-URI'],
    ['an attribute that would be ignored', { ceremony: 'pkcs11:object=x' }, 'TOKEN-URI'],
    ['a role that the plan does not have', { other: 'pkcs11:?module-path=/x.so' }, 'TOKEN-ROLE'],
    ['an SO without a token', { 'ceremony.so': 'pkcs11:' }, 'TOKEN-ROLE'],
    ['no token', {}, 'TOKEN-ROLE'],
  ])('a token named wrongly is wrong use: %s', async (_name, token, code) => {
    const left = await ended(runCeremony(place.plan, place.options({ token }), place.program))
    expect(left).toMatchObject({ exit: 2, json: { code } })
    expect(JSON.stringify(left.json)).not.toContain('1234')
  })

  test('HSM-LIBRARY-CHANGED a library with one byte more than the plan pins is not begun with, gone on with or used to abort', async () => {
    const library = place.file('libsofthsm2-copy.so')
    copyFileSync(softTokenEnvironment(place.file('token')).library, library)
    const uri = (pin: string) => `pkcs11:?module-path=${library}&pin-source=file:${place.file(pin)}`
    const token = { ceremony: uri('user.pin'), 'ceremony.so': uri('so.pin') }
    const change = () => appendFileSync(library, '\0')
    const changed = { exit: 3, json: { code: 'HSM-LIBRARY-CHANGED' } }

    change()
    const options = place.options({ token, answers: place.answers(null) })
    expect(await ended(runCeremony(place.plan, options, place.program))).toMatchObject(changed)
    expect(existsSync(place.out)).toBe(false)

    copyFileSync(softTokenEnvironment(place.file('token')).library, library)
    expect(await ended(runCeremony(place.plan, options, place.program))).toMatchObject({ exit: 4 })
    const before = entriesOf(place.out).length
    change()
    const answers = { answers: place.answers(null) }
    expect(await ended(resumeCeremony(place.out, answers, place.program))).toMatchObject(changed)
    expect(entriesOf(place.out).length).toBe(before)
    const reason = 'the library was changed'
    expect(await ended(abortCeremony(place.out, { reason }, place.program))).toMatchObject(changed)
    expect(ceremonyStatus(place.out).json).toMatchObject({ state: 'Aborted' })
  })

  test('HSM-LIBRARY-CHANGED the window loads no other library either, until the run is over', async () => {
    const library = place.file('libsofthsm2-window.so')
    copyFileSync(softTokenEnvironment(place.file('token')).library, library)
    mkdirSync(place.file('store/ceremonies'), { recursive: true })
    const out = place.file('store/ceremonies/run')
    expect(await ended(runCeremony(place.plan, place.options({ out }), place.program))).toMatchObject({
      exit: 4,
    })
    const listed = async () => {
      const core = await startCore(place.home, place.program, library)
      const answer = await core.call('tokens.list', {})
      await core.stop()
      return answer
    }
    expect(await listed()).toMatchObject({ ok: true })
    appendFileSync(library, '\0')
    expect(await listed()).toMatchObject({ ok: false, error: { code: 'HSM-LIBRARY-CHANGED' } })
    await ended(abortCeremony(out, { reason: 'the library was changed' }, place.program))
    expect(await listed()).toMatchObject({ ok: true })
  })

  test('HSM-PIN-SAME one PIN for both users of a new token is refused before the token is asked, and costs no exception', async () => {
    const token = { ceremony: place.uri('so.pin'), 'ceremony.so': place.uri('so.pin') }
    const options = place.options({ token, answers: place.answers(null) })
    expect(await ended(runCeremony(place.plan, options, place.program))).toMatchObject({
      json: { code: 'HSM-PIN-SAME' },
    })
    const status = ceremonyStatus(place.out).json as unknown as { needs: object; exceptions: object[] }
    expect(status).toMatchObject({ needs: { kind: 'pin', willDo: 'initialise-token' }, exceptions: [] })
  })

  test('HSM-LIBRARY-MISSING a library that is not there', async () => {
    const token = { ceremony: 'pkcs11:?module-path=/nowhere/lib.so' }
    const left = await ended(runCeremony(place.plan, place.options({ token }), place.program))
    expect(left).toMatchObject({ exit: 3, json: { code: 'HSM-LIBRARY-MISSING' } })
  })

  test('SECRET-FILE-MODE a PIN file that others may read is not used, and the run waits unharmed', async () => {
    place.writePin('open.pin', '246810', 0o644)
    const token = { ceremony: place.uri('open.pin'), 'ceremony.so': place.uri('so.pin') }
    const left = await ended(
      runCeremony(place.plan, place.options({ token, answers: place.answers(null) }), place.program),
    )
    expect(left).toMatchObject({ exit: 1, json: { code: 'SECRET-FILE-MODE' } })
    expect(entriesOf(place.out).some(({ kind }) => kind === 'step.intended')).toBe(false)
    expect(ceremonyStatus(place.out).json).toMatchObject({ current: 'initialise-token' })
    const aborted = await ended(abortCeremony(place.out, { reason: 'wrong file' }, place.program))
    expect(aborted).toMatchObject({ exit: 0, json: { state: 'Aborted' } })
  })

  test('a PIN from a descriptor serves every log-in of the command, though a pipe gives it once', async () => {
    const [pinFd, soPinFd] = ['user.pin', 'so.pin'].map((name) => openSync(place.file(name), 'r'))
    const token = { ceremony: place.uri(null), 'ceremony.so': place.uri(null) }
    const pins = { pinFd: String(pinFd), soPinFd: String(soPinFd) }
    const options = place.options({ token, ...pins, answers: place.answers(null) })
    const left = await ended(runCeremony(place.plan, options, place.program))
    expect(left).toMatchObject({ exit: 4, json: { waitingFor: ['opening'] } })
    for (const fd of [pinFd, soPinFd]) closeSync(fd!)
  })
})
