import { mkdtempSync, readdirSync, rmSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  copySoftObjects,
  type Hsm,
  joinSoftTokens,
  rootTemplate,
  softStoreOf,
  softTokenEnvironment,
  startHsm,
  type Token,
} from '../src/index.ts'

const soPin = () => new TextEncoder().encode('13578642')
const pin = () => new TextEncoder().encode('24681357')
const challenge = new Uint8Array(32).fill(7)
const id = 'ab'.repeat(16)

let dir: string
let hsm: Hsm
let from: string
let to: string
const store = () => softStoreOf(hsm.environment)!

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'soft-clone-'))
  const soft = softTokenEnvironment(dir)
  hsm = await startHsm({ library: soft.library, environment: soft.environment })
  const make = async (label: string) =>
    (await hsm.token('new').initialise({ label, soPin: soPin(), userPin: pin() })).serial
  from = await make('home')
  to = await make('spare')
})
afterEach(async () => {
  await hsm.close()
  rmSync(dir, { recursive: true, force: true })
})

async function loggedIn(of: Hsm, serial: string): Promise<Token> {
  const token = of.token(serial)
  await token.logIn({ user: 'user', pin: pin() })
  return token
}

/** As a library that was started after the copy sees the other token. */
async function beside<T>(work: (token: Token) => Promise<T>): Promise<T> {
  const other = await hsm.beside()
  try {
    return await work(await loggedIn(other, to))
  } finally {
    await other.close()
  }
}

describe('a soft token that is cloned by its files', () => {
  it('gives the same possession proof where both were of one domain before, under its own serial and label', async () => {
    joinSoftTokens(store(), { from, to })
    await hsm.tokens()
    const home = await loggedIn(hsm, from)
    await home.generateAes({ id, label: 'root', bits: 256, template: rootTemplate })
    expect(copySoftObjects(store(), { from, to })).toBe(1)
    const proof = await home.possessionDigest({ kek: { id }, challenge: challenge.slice() })
    await beside(async (token) => {
      expect((await token.info()).label).toBe('spare')
      const copy = await token.possessionDigest({ kek: { id }, challenge: challenge.slice() })
      expect(copy.digest).toBe(proof.digest)
      // A copy can be destroyed like any other object.
      expect(await token.destroy({ id, class: 'secret' })).toMatchObject({ destroyed: 1, absent: true })
    })
  })

  it('shows nothing that can be used where the two have master keys of their own', async () => {
    const home = await loggedIn(hsm, from)
    await home.generateAes({ id, label: 'root', bits: 256, template: rootTemplate })
    copySoftObjects(store(), { from, to })
    await beside(async (token) => {
      await expect(
        token.possessionDigest({ kek: { id }, challenge: challenge.slice() }),
      ).rejects.toMatchObject({
        // What decrypts to nonsense is refused by the token; where its padding is right by chance, no object has that identifier.
        code: expect.stringMatching(/^HSM-(DEVICE-ERROR|KEY-ABSENT)$/),
      })
    })
  })

  it('is found by a library that is open, and logged in to another token, once that initialised the token again', async () => {
    const other = (await hsm.token('new').initialise({ label: 'other', soPin: soPin(), userPin: pin() }))
      .serial
    await loggedIn(hsm, other)
    joinSoftTokens(store(), { from, to })
    await hsm.token(to).initialise({ label: 'spare', soPin: soPin(), userPin: pin() })
    const home = await loggedIn(hsm, from)
    const spare = await loggedIn(hsm, to)
    expect((await spare.inventory()).objects).toEqual([])
    await home.generateAes({ id, label: 'root', bits: 256, template: rootTemplate })
    copySoftObjects(store(), { from, to })
    const [one, two] = await Promise.all(
      [home, spare].map((token) => token.possessionDigest({ kek: { id }, challenge: challenge.slice() })),
    )
    expect(two?.digest).toBe(one?.digest)
    expect((await hsm.token(other).info()).loggedIn).toBe('user')
  })

  it('is refused a master key of another while it holds objects', async () => {
    const spare = await loggedIn(hsm, to)
    await spare.generateAes({ id, label: 'own', bits: 256, template: rootTemplate })
    expect(() => joinSoftTokens(store(), { from, to })).toThrow(/holds objects of its own/)
    expect(() => joinSoftTokens(store(), { from: 'ffff', to })).toThrow(/0 soft tokens/)
  })

  it('the store is known from the configuration, and from nothing else', () => {
    expect(softStoreOf({})).toBeNull()
    const conf = hsm.environment.SOFTHSM2_CONF!
    expect(readdirSync(softStoreOf({ SOFTHSM2_CONF: conf })!)).toHaveLength(2)
    unlinkSync(conf)
    expect(softStoreOf({ SOFTHSM2_CONF: conf })).toBeNull()
  })
})
