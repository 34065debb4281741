import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { utf8 } from '@lux/crypto'
import { copySoftObjects, joinSoftTokens, rootTemplate, softTokenEnvironment, startHsm } from '@lux/hsm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ObjectView, Result, RunView, TokenView, TrialView } from '../../../../src/contract/index.ts'
import { findProgram } from '../../../../src/core/program.ts'
import { rehearsalPins } from '../../../../src/core/rehearsal/rehearsal-pins.ts'
import { type CoreInTest, startCore } from '../../support/core-in-test.ts'

const id = 'ab'.repeat(16)
const first = '51827364'
const next = '40506070'
let dir: string
let core: CoreInTest
let serial: string

/** A token with one key, made before the window's core sees it. */
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'token-acts-'))
  const soft = softTokenEnvironment(join(dir, 'token'))
  const hsm = await startHsm({ library: soft.library, environment: soft.environment })
  const made = await hsm
    .token('new')
    .initialise({ label: 'desk', soPin: utf8('73910284'), userPin: utf8(first) })
  serial = made.serial
  const token = hsm.token(serial)
  await token.logIn({ user: 'user', pin: utf8(first) })
  await token.generateAes({ id, label: 'old root', bits: 256, template: rootTemplate })
  await hsm.close()
  core = await startCore(dir, findProgram())
})
afterEach(async () => {
  await core.stop()
  rmSync(dir, { recursive: true, force: true })
})

/** Lines of what was destroyed, wherever the store of this core lies. */
const actsLogged = (): unknown[] =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('token-acts.jsonl'))
    .flatMap((path) =>
      readFileSync(join(dir, path), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    )

const codeOf = (result: Result<unknown>) => (result.ok ? 'done' : result.error.code)
const logIn = (user: 'user' | 'so', pin: string) => core.call('tokens.logIn', { serial, user, pin })
const objects = async () => {
  const answer = await core.call('tokens.inventory', { serial })
  return answer.ok ? (answer.value as { objects: ObjectView[] }).objects.length : -1
}
const destroy = (change: object = {}) =>
  core.call('tokens.destroyObject', {
    serial,
    id,
    class: 'secret-key',
    typedLabel: 'old root',
    second: { name: 'Otto', serialEnd: serial.slice(-4) },
    ...change,
  })

/** Another program's key under the identifier of ours: made on a token of the same master key, and copied. */
async function plantNamesake(): Promise<void> {
  const { library, environment, tokens } = softTokenEnvironment(join(dir, 'token'))
  const blank = await startHsm({ library, environment })
  const pins = { soPin: utf8('73910284'), userPin: utf8(first) }
  const { serial: other } = await blank.token('new').initialise({ label: 'other', ...pins })
  await blank.close()
  joinSoftTokens(tokens, { from: serial, to: other })
  const hsm = await startHsm({ library, environment })
  await hsm.token(other).logIn({ user: 'user', pin: utf8(first) })
  await hsm.token(other).generateAes({ id, label: 'payroll', bits: 256, template: rootTemplate })
  await hsm.close()
  copySoftObjects(tokens, { from: other, to: serial })
}

describe('what a token can do', () => {
  test('is tried with session keys by whoever is logged in, and nothing is left or changed', async () => {
    expect(codeOf(await core.call('tokens.tryOut', { serial }))).toBe('HSM-NOT-LOGGED-IN')
    await logIn('user', first)
    const answer = await core.call('tokens.tryOut', { serial })
    if (!answer.ok) throw new Error(answer.error.code)
    const { at, results } = (answer.value as { trial: TrialView }).trial
    expect(at).toMatch(/^\d{4}-/)
    const states = Object.groupBy(results, ({ state }) => state)
    expect([states.proved?.length, states.unsupported?.length]).toEqual([39, 10])
    expect(states.proved?.every(({ detail }) => detail === '')).toBe(true)
    expect(states.unsupported?.every(({ detail }) => detail !== '')).toBe(true)
    expect(await objects()).toBe(1)
  }, 90_000)

  test('WORK-CANCELLED stops between two trials', async () => {
    await logIn('user', first)
    const trying = core.call('tokens.tryOut', { serial })
    let over = false
    void trying.then(() => {
      over = true
    })
    // Cancel does nothing until the work has begun.
    while (!over) {
      await core.call('ceremonies.cancel', { id: serial })
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    const answer = await trying
    expect(answer).toMatchObject({ ok: false, error: { code: 'WORK-CANCELLED' } })
    expect(await objects()).toBe(1)
  }, 60_000)

  test('TOKEN-UNKNOWN a token that is not there', async () => {
    expect(codeOf(await core.call('tokens.tryOut', { serial: '00' }))).toBe('TOKEN-UNKNOWN')
  })
})

describe('a key on a token', () => {
  test('TOKEN-LABEL-MISMATCH TOKEN-SECOND-OFFICER is destroyed by its typed label and a second officer only', async () => {
    await logIn('user', first)
    expect(codeOf(await destroy({ typedLabel: 'old roof' }))).toBe('TOKEN-LABEL-MISMATCH')
    expect(codeOf(await destroy({ typedLabel: '' }))).toBe('TOKEN-LABEL-MISMATCH')
    expect(codeOf(await destroy({ second: { name: 'Otto', serialEnd: 'zzzz' } }))).toBe(
      'TOKEN-SECOND-OFFICER',
    )
    expect(codeOf(await destroy({ second: undefined }))).toBe('INPUT-INVALID')
    expect(await objects()).toBe(1)
    expect(actsLogged()).toEqual([])
    expect(await destroy()).toEqual({ ok: true, value: { destroyed: 1 } })
    expect(await objects()).toBe(0)
    const act = { act: 'destroy-key', serial, label: 'old root', ckaId: id, secondOfficer: 'Otto' }
    expect(actsLogged()).toMatchObject([
      { at: expect.stringMatching(/^\d{4}-/), ...act, outcome: 'begun' },
      { ...act, outcome: 'done' },
    ])
  })

  test('HSM-DUPLICATE-ID is not destroyed while another key carries its identifier, by the label of either', async () => {
    await core.stop()
    await plantNamesake()
    core = await startCore(dir, findProgram())
    await logIn('user', first)
    expect(await objects()).toBe(2)
    for (const typedLabel of ['old root', 'payroll'])
      expect(codeOf(await destroy({ typedLabel }))).toBe('HSM-DUPLICATE-ID')
    expect(await objects()).toBe(2)
  })

  test('is not destroyed by somebody who is not logged in', async () => {
    expect(codeOf(await destroy())).not.toBe('done')
    await logIn('user', first)
    expect(await objects()).toBe(1)
  })
})

describe('a token of a ceremony that is not over', () => {
  let folder: string
  let home: string
  let key: string
  const second = () => ({ name: 'Otto', serialEnd: home.slice(-4) })
  const erase = () =>
    core.call('tokens.initialise', {
      slot: null,
      serial: home,
      typedLabel: 'stand-in ceremony',
      label: 'erased',
      pins: { so: rehearsalPins(folder).so, user: first },
      second: second(),
    })
  const destroyKey = () =>
    core.call('tokens.destroyObject', {
      serial: home,
      id: key,
      class: 'secret-key',
      typedLabel: 'root-kek',
      second: second(),
    })
  const logInThere = () =>
    core.call('tokens.logIn', { serial: home, user: 'user', pin: rehearsalPins(folder).user })
  const restart = async () => {
    await core.stop()
    core = await startCore(dir, findProgram())
    await logInThere()
  }
  beforeEach(async () => {
    const begun = await core.call('ceremonies.startRehearsal', { script: 'replicate-root', values: {} })
    if (!begun.ok) throw new Error(begun.error.code)
    const list = await core.call('tokens.list', {})
    const slots = (list.ok ? list.value : { slots: [] }) as { slots: { token: TokenView }[] }
    home = slots.slots.find(({ token }) => token.label === 'stand-in ceremony')!.token.serial
    const { id: ceremony } = begun.value as { id: string }
    const view = await core.call('ceremonies.view', { id: ceremony })
    ;({ folder } = (view.ok ? view.value : {}) as RunView)
    await logInThere()
    const found = await core.call('tokens.inventory', { serial: home })
    const { objects: all } = (found.ok ? found.value : { objects: [] }) as { objects: ObjectView[] }
    key = all.find(({ label }) => label === 'root-kek')!.id
  })

  test('TOKEN-KEY-IN-USE keeps its keys and is not erased', async () => {
    expect(codeOf(await destroyKey())).toBe('TOKEN-KEY-IN-USE')
    expect(codeOf(await erase())).toBe('TOKEN-KEY-IN-USE')
  })

  test('TOKEN-KEY-IN-USE also of a core that was started again and has looked at no ceremony', async () => {
    await restart()
    expect(codeOf(await destroyKey())).toBe('TOKEN-KEY-IN-USE')
    await restart()
    expect(codeOf(await erase())).toBe('TOKEN-KEY-IN-USE')
  })

  test('TOKEN-KEY-IN-USE of a ceremony that cannot be read nobody knows what is its own: it is named', async () => {
    await core.stop()
    writeFileSync(join(folder, 'policy.json'), '{')
    core = await startCore(dir, findProgram())
    await logInThere()
    for (const act of [destroyKey, erase]) {
      const answer = await act()
      expect(answer).toMatchObject({ ok: false, error: { code: 'TOKEN-KEY-IN-USE' } })
      expect(answer.ok ? '' : answer.error.detail).toContain(folder)
    }
  })

  test('another token is erased meanwhile', async () => {
    const given = { slot: null, serial, typedLabel: 'desk', label: 'erased' }
    const pins = { so: '73910284', user: first }
    const other = { name: 'Otto', serialEnd: serial.slice(-4) }
    expect(codeOf(await core.call('tokens.initialise', { ...given, pins, second: other }))).toBe('done')
    expect(actsLogged()).toMatchObject([
      { act: 'erase-token', serial, secondOfficer: other.name, outcome: 'begun' },
      { act: 'erase-token', outcome: 'done' },
    ])
  })
})

describe('a PIN', () => {
  test('is changed by whoever it is of, with one try of the present one', async () => {
    const change = (oldPin: string, user = 'user') =>
      core.call('tokens.changePin', { serial, user, pins: { old: oldPin, new: next } })
    expect(codeOf(await change('73910284', 'so'))).toBe('HSM-NOT-LOGGED-IN')
    // An expired PIN lets nobody log in: the user's own is changed without it, by the present one.
    expect(codeOf(await change('00000000'))).toBe('HSM-PIN-WRONG')
    await logIn('user', first)
    expect(codeOf(await change('00000000'))).toBe('HSM-PIN-WRONG')
    expect(codeOf(await change(first))).toBe('done')
    await core.call('tokens.logOut', { serial })
    expect(codeOf(await logIn('user', first))).toBe('HSM-PIN-WRONG')
    expect(codeOf(await logIn('user', next))).toBe('done')
  })

  test('TOKEN-LABEL-MISMATCH of the user is given anew by the security officer, who types the label', async () => {
    const reset = (typedLabel: string) =>
      core.call('tokens.resetUserPin', { serial, typedLabel, newPin: next })
    expect(codeOf(await reset('desk'))).toBe('HSM-NOT-LOGGED-IN')
    await logIn('so', '73910284')
    expect(codeOf(await reset('disk'))).toBe('TOKEN-LABEL-MISMATCH')
    expect(codeOf(await reset('desk'))).toBe('done')
    await core.call('tokens.logOut', { serial })
    expect(codeOf(await logIn('user', next))).toBe('done')
  })

  test('HSM-PIN-TRIVIAL a new one that anybody tries first is refused at each door of the window, and spends no try', async () => {
    const pins = (user: string, so = '73910284') => ({ so, user })
    const change = { serial, user: 'user', pins: { old: '00000000', new: '123456' } }
    const made = { slot: null, serial, typedLabel: 'desk', label: 'erased' }
    const second = { name: 'Otto', serialEnd: serial.slice(-4) }
    const blank = { slot: '0', serial: '', typedLabel: '', label: 'another', pins: pins(first, '121212') }
    const answers = [
      await core.call('tokens.changePin', change),
      await core.call('tokens.resetUserPin', { serial, typedLabel: 'desk', newPin: '1234' }),
      await core.call('tokens.initialise', { ...made, pins: pins('876543'), second }),
      await core.call('tokens.initialise', blank),
    ]
    expect(answers.map(codeOf)).toEqual(answers.map(() => 'HSM-PIN-TRIVIAL'))
    expect(codeOf(await logIn('user', first))).toBe('done')
  })
})
