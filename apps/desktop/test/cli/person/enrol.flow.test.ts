import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { cardCodec } from '@lux/ceremony/wire'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EnrolOptions, enrol } from '../../../src/cli/person/enrol.ts'
import { custody, custodyJson, secretFile, temporaryFolder } from '../support/custody.ts'
import { type Enrolled, enrolled, passphraseFile } from '../support/people.ts'
import { opening, written } from '../support/requests.ts'

let folder: string
let pass: string[]
let officer: Enrolled

beforeAll(async () => {
  folder = temporaryFolder()
  pass = ['--passphrase-file', passphraseFile(folder)]
  officer = await enrolled(folder, 'officer', 'Ada')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const approve = (file: string, out: string, key: string) =>
  custodyJson(['officer', 'approve', file, '--key', key, '--out', join(folder, out), '--yes', ...pass])

describe('enrol', () => {
  test('makes a card, its digest as words, and a sealed key that signs as that card', async () => {
    const [card, key] = [join(folder, 'new.json'), join(folder, 'new.key')]
    const made = await custodyJson([
      'officer',
      'enrol',
      '--name',
      'Zoë',
      '--domain',
      'production',
      '--out',
      card,
      '--key',
      key,
      '--schemes',
      'p256,mlDsa65',
      ...pass,
    ])
    expect(made.exit).toBe(0)
    expect(made.json.words).toHaveLength(32)
    const parsed = cardCodec.parse(new Uint8Array(readFileSync(card)))
    if (!parsed.ok) throw new Error(parsed.detail)
    expect(parsed.value).toMatchObject({ kind: 'officer', name: 'Zoë', domain: 'production' })
    expect(Object.keys(parsed.value.keys)).toEqual(['p256', 'mlDsa65'])
    expect(made.json.digest).toBe(cardCodec.digest(parsed.value))
    expect(statSync(key).mode & 0o777).toBe(0o600)
    expect(readFileSync(key, 'latin1')).toMatch(/^age-encryption\.org\/v1\n-> scrypt \S+ 8\n/)

    const { exit } = await approve(
      written(folder, 'zoe-opening.json', { what: 'opening', subject: opening(officer.card.keys) }),
      'zoe.sig',
      key,
    )
    expect(exit).toBe(0)
  }, 60_000)

  test('overwrites nothing, and refuses a passphrase that is easy to guess, an unknown scheme and a name of two lines', async () => {
    const weak = secretFile(join(folder, 'weak'), 'password')
    const base = ['witness', 'enrol', '--domain', 'rehearsal', '--key', join(folder, 'n.key')]
    const runs = await Promise.all([
      custodyJson([...base, '--name', 'N', '--out', officer.cardPath, ...pass]),
      custodyJson([...base, '--name', 'N', '--out', join(folder, 'n.json'), '--passphrase-file', weak]),
      custodyJson([...base, '--name', 'N', '--out', join(folder, 'n.json'), '--schemes', 'rsa', ...pass]),
      custodyJson([...base, '--name', 'N\nM', '--out', join(folder, 'n.json'), ...pass]),
    ])
    expect(runs.map(({ exit, json }) => [exit, json.code])).toEqual([
      [2, 'FILE-EXISTS'],
      [2, 'PASSWORD-WEAK'],
      [2, 'OPTION-SCHEMES'],
      [1, 'CARD-MALFORMED'],
    ])
    expect(existsSync(join(folder, 'n.key'))).toBe(false)
  })

  test('FOLDER-MISSING a key goes to no folder that is not there: without its stick it would lie on this machine’s disk', async () => {
    const mount = join(folder, 'usb')
    const to = (key: string, out: string): EnrolOptions => ({
      name: 'N',
      domain: 'rehearsal',
      schemes: ['ed25519'],
      key,
      out,
      passphraseFile: passphraseFile(folder),
    })
    for (const options of [
      to(join(mount, 'q.key'), join(folder, 'q.json')),
      to(join(folder, 'q.key'), join(mount, 'q.json')),
    ])
      await expect(enrol('officer', options)).rejects.toMatchObject({
        code: 'FOLDER-MISSING',
        detail: expect.stringContaining(mount),
      })
    expect([mount, join(folder, 'q.key'), join(folder, 'q.json')].filter((path) => existsSync(path))).toEqual(
      [],
    )
  })
})

test('every kind of person can enrol', async () => {
  const kinds = [
    'approver',
    'requester',
    'evaluator',
    'encryptor',
    'administrator',
    'operator',
    'so',
    'recorder',
  ]
  const helps = await Promise.all(kinds.map((kind) => custody([kind, 'enrol', '--help'])))
  expect(
    helps.map(({ exit, stdout }, i) => exit === 0 && stdout.includes(`custody ${kinds[i]} enrol`)),
  ).not.toContain(false)
})
