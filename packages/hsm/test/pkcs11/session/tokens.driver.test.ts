import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rootTemplate } from '../../../src/index.ts'
import { type Bench, newId, refusal, soPin, startBench, userPin, utf8 } from '../../soft-token-bench.ts'

describe('tokens and PINs on SoftHSM', () => {
  let bench: Bench
  beforeAll(async () => {
    bench = await startBench()
  })
  afterAll(() => bench.close())

  it('names the library by file hash and version', () => {
    expect(bench.hsm.library.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(bench.hsm.library.manufacturer).toBe('SoftHSM')
  })

  it('lists tokens serial first, the free slot last and without a serial', async () => {
    const a = await bench.newToken('one')
    const b = await bench.newToken('two')
    const list = await bench.hsm.tokens()
    expect(a.serial).not.toBe(b.serial)
    expect(list.map(({ serial }) => serial)).toEqual([...[a.serial, b.serial].sort(), ''])
    expect(list.at(-1)).toMatchObject({ initialised: false, pin: { user: 'not-set' } })
    expect(list[0]).toMatchObject({ profile: 'softhsm', pin: { user: 'ok', so: 'ok' }, loggedIn: null })
  })

  it('a wrong PIN is named, sent once, and shown as low until a good one', async () => {
    const token = await bench.newToken('pins')
    expect(await refusal(token.logIn({ user: 'user', pin: utf8('00000000') }))).toBe('HSM-PIN-WRONG')
    expect((await token.pinState()).user).toBe('low')
    expect((await token.logIn({ user: 'user', pin: userPin() })).user).toBe('ok')
    expect(await refusal(token.logIn({ user: 'user', pin: userPin() }))).toBe('HSM-ALREADY-LOGGED-IN')
    expect(await refusal(token.logIn({ user: 'so', pin: soPin() }))).toBe('HSM-LOGIN-OTHER')
    await token.logOut()
    expect(await refusal(token.logIn({ user: 'so', pin: utf8('00000000') }))).toBe('HSM-PIN-WRONG')
    expect((await token.pinState()).so).toBe('low')
  })

  it('a PIN is wiped in the caller’s memory', async () => {
    const token = await bench.newToken('wiped')
    const pin = userPin()
    await token.logIn({ user: 'user', pin })
    expect([...pin]).toEqual(new Array(8).fill(0))
  })

  it('the user changes a PIN, the security officer gives a new one', async () => {
    const token = await bench.loggedIn('change')
    await token.changePin({ user: 'user', oldPin: userPin(), newPin: utf8('11112222') })
    await token.logOut()
    expect(await refusal(token.logIn({ user: 'user', pin: userPin() }))).toBe('HSM-PIN-WRONG')
    await token.logIn({ user: 'so', pin: soPin() })
    await token.resetUserPin({ newPin: userPin() })
    await token.logOut()
    await token.logIn({ user: 'user', pin: userPin() })
    expect((await token.info()).loggedIn).toBe('user')
  })

  it('a PIN that the token cannot take is refused as such', async () => {
    expect(
      await refusal(bench.hsm.token('new').initialise({ label: 'x', soPin: utf8('1'), userPin: userPin() })),
    ).toBe('HSM-PIN-INVALID')
  })

  it('HSM-PIN-SAME one PIN for the security officer and the user is refused, and no token is made', async () => {
    const before = await bench.hsm.tokens()
    const made = bench.hsm.token('new').initialise({ label: 'x', soPin: soPin(), userPin: soPin() })
    expect(await refusal(made)).toBe('HSM-PIN-SAME')
    expect(await bench.hsm.tokens()).toEqual(before)
  })

  it('initialising again needs the SO PIN and erases the keys', async () => {
    const token = await bench.loggedIn('again')
    const id = newId()
    await token.generateAes({ id, label: 'k', bits: 256, template: rootTemplate })
    await token.logOut()
    expect(
      await refusal(token.initialise({ label: 'again', soPin: utf8('00000000'), userPin: userPin() })),
    ).toBe('HSM-PIN-WRONG')
    const info = await token.initialise({ label: 'again', soPin: soPin(), userPin: userPin() })
    const fresh = bench.hsm.token(info.serial)
    await fresh.logIn({ user: 'user', pin: userPin() })
    expect(await fresh.findById(id)).toEqual([])
  })

  it('a serial that is not there is HSM-TOKEN-ABSENT', async () => {
    expect(await refusal(bench.hsm.token('0000000000000000').info())).toBe('HSM-TOKEN-ABSENT')
  })

  it.each([
    ['empty', ''],
    ['of 33 letters', 'x'.repeat(33)],
    ['of 17 letters of two bytes', 'م'.repeat(17)],
  ])('HSM-LABEL-LENGTH a label that is %s is refused, and no token is made', async (_what, label) => {
    const before = await bench.hsm.tokens()
    const made = bench.hsm.token('new').initialise({ label, soPin: soPin(), userPin: userPin() })
    expect(await refusal(made)).toBe('HSM-LABEL-LENGTH')
    expect(await bench.hsm.tokens()).toEqual(before)
  })

  it('HSM-TOKEN-UNINITIALISED a token that was never initialised is there and is called so', async () => {
    const { slot } = (await bench.hsm.tokens()).find(({ initialised }) => !initialised)!
    const fresh = bench.hsm.token(`slot-${slot}`)
    expect(await refusal(fresh.info())).toBe('HSM-TOKEN-UNINITIALISED')
    expect(await refusal(fresh.logIn({ user: 'user', pin: userPin() }))).toBe('HSM-TOKEN-UNINITIALISED')
  })

  it('without login nothing is made, and it says so', async () => {
    const token = await bench.newToken('closed')
    const made = token.generateAes({ id: newId(), label: 'k', bits: 256, template: rootTemplate })
    expect(await refusal(made)).toBe('HSM-NOT-LOGGED-IN')
    await token.logIn({ user: 'so', pin: soPin() })
    const asSo = token.generateAes({ id: newId(), label: 'k', bits: 256, template: rootTemplate })
    expect(await refusal(asSo)).toBe('HSM-LOGIN-OTHER')
  })

  it('inventory survives a zero-byte object file and names it', async () => {
    const token = await bench.loggedIn('damaged')
    const id = newId()
    await token.generateAes({ id, label: 'good', bits: 256, template: rootTemplate })
    const folder = readdirSync(bench.tokens).find((name) => name.replaceAll('-', '').endsWith(token.serial))!
    writeFileSync(join(bench.tokens, folder, '00000000-0000-0000-0000-000000000001.object'), '')
    const report = await token.inventory()
    expect(report.damaged.map(({ name }) => name)).toContain('00000000-0000-0000-0000-000000000001.object')
    expect(report.objects.find((o) => o.id === id)).toMatchObject({
      class: 'secret',
      label: 'good',
      unreadable: [],
    })
  })

  it('a token whose folder was removed is HSM-TOKEN-ABSENT, and the others go on', async () => {
    const gone = await bench.loggedIn('gone')
    const other = await bench.loggedIn('other')
    const folder = readdirSync(bench.tokens).find((name) => name.replaceAll('-', '').endsWith(gone.serial))!
    rmSync(join(bench.tokens, folder), { recursive: true })
    const made = gone.generateAes({ id: newId(), label: 'k', bits: 256, template: rootTemplate })
    expect(await refusal(made)).toBe('HSM-TOKEN-ABSENT')
    const ref = await other.generateAes({ id: newId(), label: 'k', bits: 256, template: rootTemplate })
    expect(ref.attributes.every(({ ok }) => ok)).toBe(true)
  })

  it('the private store is closed to others', () => {
    expect(statSync(bench.tokens).mode & 0o777).toBe(0o700)
    expect(statSync(join(bench.dir, 'softhsm2.conf')).mode & 0o777).toBe(0o600)
  })
})
