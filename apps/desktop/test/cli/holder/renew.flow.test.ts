import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readPlan } from '@lux/ceremony/plan'
import { type Card, cardCodec, checkRenewal } from '@lux/ceremony/wire'
import { findSoftTokenLibrary } from '@lux/hsm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openKeyFile } from '../../../src/core/use-cases/key-file.ts'
import { custodyJson, each, secretFile, temporaryFolder } from '../support/custody.ts'
import { type Enrolled, enrolled, passphrase, passphraseFile } from '../support/people.ts'

let folder: string
let pass: string[]
let ida: Enrolled
let officer: Enrolled
const at = (name: string) => join(folder, name)
const renew = (key: string, name: string, ...more: string[]) =>
  custodyJson([
    ...['holder', 'renew', '--key', key, '--out', at(`${name}.json`), '--new-key', at(`${name}.key`)],
    ...(more.length > 0 ? more : pass),
  ])

function cardAt(path: string): Card {
  const card = cardCodec.parse(new Uint8Array(readFileSync(path)))
  if (!card.ok) throw new Error(card.detail)
  return card.value
}

beforeAll(async () => {
  folder = temporaryFolder()
  pass = ['--passphrase-file', passphraseFile(folder)]
  ida = await enrolled(folder, 'holder', 'Ida')
  officer = await enrolled(folder, 'officer', 'Otto')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('holder renew', () => {
  test('makes an envelope key for the next epoch, in a card that the holder signs and a key file under the same passphrase', async () => {
    const made = await renew(ida.keyPath, 'ida.2')
    expect(made).toMatchObject({
      exit: 0,
      json: { renews: cardCodec.digest(ida.card), signer: ida.identity.id },
    })
    const card = cardAt(at('ida.2.json'))
    expect(made.json.digest).toBe(cardCodec.digest(card))
    expect(checkRenewal(ida.card, card).ok).toBe(true)
    const key = await openKeyFile(at('ida.2.key'), passphrase)
    expect([key.card, key.identity.id]).toEqual([card, ida.identity.id])
    expect(key.seal).not.toBe(ida.seal)
    expect(statSync(at('ida.2.key')).mode & 0o777).toBe(0o600)
    // The present one stays as it was.
    expect((await openKeyFile(ida.keyPath, passphrase)).seal).toBe(ida.seal)
  }, 60_000)

  test('KEY-PASSPHRASE, FILE-EXISTS, REQUEST-ROLE: it overwrites nothing, and is for whoever opens a holder’s key file', async () => {
    const other = secretFile(at('other-passphrase'), 'not the right words')
    expect((await renew(ida.keyPath, 'never', '--passphrase-file', other)).json.code).toBe('KEY-PASSPHRASE')
    expect((await renew(officer.keyPath, 'never')).json.code).toBe('REQUEST-ROLE')
    expect((await renew(ida.keyPath, 'ida.2')).json.code).toBe('FILE-EXISTS')
    expect(['never.json', 'never.key'].some((name) => existsSync(at(name)))).toBe(false)
  }, 60_000)

  test('PLAN-43 a plan seats the present card before the renewed one, and is refused without it', async () => {
    const holders = await Promise.all(['Hal', 'Jan'].map((name) => enrolled(folder, 'holder', name)))
    const others = await Promise.all(
      (['administrator', 'operator'] as const).map((kind) => enrolled(folder, kind, `The ${kind}`)),
    )
    const witnesses = await Promise.all(['Wim', 'Zoe'].map((name) => enrolled(folder, 'witness', name)))
    const cards = [officer, ...others, ...witnesses, ...holders, ida].map(({ cardPath }) => cardPath)
    const set = (name: string, value: string) => ['--set', `${name}=${value}`]
    const plan = (out: string, ...people: string[]) =>
      custodyJson([
        ...['plan', 'new', 'resharing', '--library', findSoftTokenLibrary() ?? '', '--out', at(out)],
        ...[...each('--person', ...people)],
        ...set('policy', 'a'.repeat(64)),
        ...set('serial', 'a1b2c3d4'),
        ...set('holders', 'Hal,Ida'),
        ...set('n', '2'),
        ...set('nextHolders', 'Ida,Jan'),
        ...set('nextN', '2'),
        ...set('dealers', 'Hal,Ida'),
        ...['keyId', 'epochId', 'publicFile'].flatMap((name) => set(name, 'b'.repeat(64))),
        ...set('epoch', '0'),
      ])
    expect((await plan('kept.yaml', ...cards)).json).toMatchObject({
      code: 'PLAN-43',
      detail: expect.stringContaining('Ida'),
      remedy: expect.stringContaining('custody holder renew'),
    })
    // A folder of cards has people whom only the policy names, and holders of other keys.
    const rita = await enrolled(folder, 'requester', 'Rita')
    const lea = await enrolled(folder, 'holder', 'Lea')
    const made = await plan('move.yaml', at('ida.2.json'), rita.cardPath, lea.cardPath, ...cards)
    expect(made.json.detail).toBeUndefined()
    expect(made.json.unseated).toEqual([rita.cardPath, lea.cardPath])
    const read = readPlan(new Uint8Array(readFileSync(at('move.yaml'))))
    if (!read.ok) throw new Error('the plan does not read')
    const seats = read.plan.people.filter(({ name }) => name === 'Ida').map(({ card }) => card)
    expect(seats).toEqual([ida.card, cardAt(at('ida.2.json'))].map((card) => cardCodec.digest(card)))
    expect(read.plan.people.filter(({ name }) => ['Rita', 'Lea'].includes(name))).toEqual([])
    expect(existsSync(at(`cards/${cardCodec.digest(lea.card)}.json`))).toBe(false)
    expect((await plan('other.yaml', ...cards, at('move.yaml'))).json).toMatchObject({
      code: 'CARD-MALFORMED',
      detail: expect.stringContaining('move.yaml'),
    })
    expect((await custodyJson(['plan', 'lint', at('move.yaml')])).exit).toBe(0)

    // Renewed once more from the renewed card: of the epoch after, so not of this one.
    expect((await renew(at('ida.2.key'), 'ida.3')).exit).toBe(0)
    expect((await plan('wrong.yaml', ...cards, at('ida.3.json'))).json).toMatchObject({
      code: 'PLAN-43',
      detail: expect.stringContaining('RENEWAL-OTHER'),
    })
  }, 120_000)
})
