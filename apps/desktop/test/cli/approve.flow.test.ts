import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { signatureAnswerCodec, signatureContext } from '@lux/ceremony/wire'
import { sha256Hex, toBase64, verifySignature } from '@lux/crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { custodyAtTerminal, custodyJson, secretFile, temporaryFolder } from './support/custody.ts'
import { type Enrolled, enrolled, passphrase, passphraseFile } from './support/people.ts'
import { checkpointRequest, entries, opening, written } from './support/requests.ts'

let folder: string
let pass: string[]
let officer: Enrolled
let witness: Enrolled

beforeAll(async () => {
  folder = temporaryFolder()
  pass = ['--passphrase-file', passphraseFile(folder)]
  officer = await enrolled(folder, 'officer', 'Ada')
  witness = await enrolled(folder, 'witness', 'Wim')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const approve = (file: string, out: string, key = officer.keyPath) =>
  custodyJson(['officer', 'approve', file, '--key', key, '--out', join(folder, out), '--yes', ...pass])

describe('officer approve', () => {
  test('shows the opening from its bytes and signs exactly those', async () => {
    const subject = opening(officer.card.keys)
    const path = written(folder, 'opening.json', { what: 'opening', subject, lines: ['all is well'] })
    const { exit, json, stderr } = await approve(path, 'opening.sig')
    expect(exit).toBe(0)
    expect(stderr).toContain('tokens     4711')
    expect(stderr).toMatch(/Sent with it, and signed by nobody:\n\| all is well/)
    expect(json.words).toHaveLength(32)
    const answer = signatureAnswerCodec.parse(new Uint8Array(readFileSync(join(folder, 'opening.sig'))))
    if (!answer.ok) throw new Error(answer.detail)
    const bytes = new Uint8Array(Buffer.from(subject, 'base64'))
    expect(answer.value.subject).toBe(sha256Hex(bytes))
    const context = signatureContext('opening', 'production')
    expect(verifySignature(officer.card.keys, context, bytes, answer.value.signature).ok).toBe(true)
  })

  test('KEY-PASSPHRASE a slip at a terminal is asked again, and three of them end it', async () => {
    const path = written(folder, 'slip.json', { what: 'opening', subject: opening(officer.card.keys) })
    const typed = (out: string, first: string, ...more: string[]) =>
      custodyAtTerminal(
        ['officer', 'approve', path, '--key', officer.keyPath, '--out', join(folder, out), '--yes'],
        'Passphrase of',
        `${first}\r`,
        ...more.map((one) => ['once more\r\nPassphrase of', `${one}\r`] as const),
      )
    expect((await typed('slip.sig', 'not it at all', passphrase)).exit).toBe(0)
    const thrice = await typed('thrice.sig', 'not it at all', 'nor this one', 'nor that one')
    expect([thrice.exit, thrice.stdout.includes('KEY-PASSPHRASE')]).toEqual([1, true])
    expect(existsSync(join(folder, 'thrice.sig'))).toBe(false)
  })

  test('REQUEST-DOMAIN neither a rehearsal’s document nor a rehearsal’s key signs in production', async () => {
    const stranger = await enrolled(folder, 'officer', 'Ria', 'rehearsal')
    const [document, key] = await Promise.all([
      approve(
        written(folder, 'r1.json', { what: 'opening', subject: opening(officer.card.keys, 'rehearsal') }),
        'r1.sig',
      ),
      approve(
        written(folder, 'r2.json', { what: 'opening', subject: opening(officer.card.keys) }),
        'r2.sig',
        stranger.keyPath,
      ),
    ])
    expect(document).toMatchObject({ exit: 1, json: { code: 'REQUEST-DOMAIN' } })
    expect(key).toMatchObject({ exit: 1, json: { code: 'REQUEST-DOMAIN' } })
    expect(existsSync(join(folder, 'r1.sig'))).toBe(false)
  })

  test('REQUEST-ROLE an officer cosigns nothing, and a witness’s key approves nothing', async () => {
    const [checkpoint, key] = await Promise.all([
      approve(checkpointRequest(folder, 'role.json', entries(1)), 'role1.sig'),
      approve(
        written(folder, 'role2.json', { what: 'opening', subject: opening(officer.card.keys) }),
        'role2.sig',
        witness.keyPath,
      ),
    ])
    expect(checkpoint).toMatchObject({ exit: 1, json: { code: 'REQUEST-ROLE' } })
    expect(key).toMatchObject({ exit: 1, json: { code: 'REQUEST-ROLE' } })
  })

  test('what says it is an opening and is none is not signed', async () => {
    const subject = toBase64(new TextEncoder().encode('{"pay":"everything"}'))
    const [other, bundle] = await Promise.all([
      approve(written(folder, 'other.json', { what: 'opening', subject }), 'other.sig'),
      approve(written(folder, 'bundle.json', { what: 'bundle', subject }), 'bundle.sig'),
    ])
    expect(other).toMatchObject({ exit: 1, json: { code: 'OPENING-MALFORMED' } })
    expect(bundle).toMatchObject({ exit: 1, json: { code: 'REQUEST-SUBJECT' } })
  })

  test('a wrong passphrase, a card as key, a cut key and a cut request are each named', async () => {
    const path = written(folder, 'named.json', { what: 'opening', subject: opening(officer.card.keys) })
    const wrong = secretFile(join(folder, 'wrong-pass'), 'not the passphrase')
    const cutKey = join(folder, 'cut.key')
    writeFileSync(cutKey, readFileSync(officer.keyPath))
    truncateSync(cutKey, 300)
    const cutRequest = join(folder, 'cut-request.json')
    writeFileSync(cutRequest, readFileSync(path))
    truncateSync(cutRequest, 100)
    const out = join(folder, 'never.sig')
    const runs = await Promise.all([
      custodyJson([
        'officer',
        'approve',
        path,
        '--key',
        officer.keyPath,
        '--out',
        out,
        '--yes',
        '--passphrase-file',
        wrong,
      ]),
      approve(path, 'never.sig', officer.cardPath),
      approve(path, 'never.sig', cutKey),
      approve(cutRequest, 'never.sig'),
      approve(join(folder, 'absent.json'), 'never.sig'),
    ])
    expect(runs.map(({ exit, json }) => [exit, json.code])).toEqual([
      [1, 'KEY-PASSPHRASE'],
      [1, 'KEY-FILE-WRONG'],
      [1, 'KEY-FILE-WRONG'],
      [1, 'SIGNATURE-REQUEST-MALFORMED'],
      [2, 'FILE-MISSING'],
    ])
    expect(existsSync(out)).toBe(false)
  }, 60_000)

  test('CONFIRM-NO-TERMINAL production asks a person; a rehearsal does not', async () => {
    const rehearsing = await enrolled(folder, 'officer', 'Rob', 'rehearsal')
    const production = written(folder, 'ask.json', { what: 'opening', subject: opening(officer.card.keys) })
    const rehearsal = written(folder, 'ask-r.json', {
      what: 'opening',
      subject: opening(officer.card.keys, 'rehearsal'),
      domain: 'rehearsal',
    })
    const [asked, unasked] = await Promise.all([
      custodyJson([
        'officer',
        'approve',
        production,
        '--key',
        officer.keyPath,
        '--out',
        join(folder, 'ask.sig'),
        ...pass,
      ]),
      custodyJson([
        'officer',
        'approve',
        rehearsal,
        '--key',
        rehearsing.keyPath,
        '--out',
        join(folder, 'ask-r.sig'),
        ...pass,
      ]),
    ])
    expect(asked).toMatchObject({ exit: 2, json: { code: 'CONFIRM-NO-TERMINAL' } })
    expect(existsSync(join(folder, 'ask.sig'))).toBe(false)
    expect(unasked.exit).toBe(0)
  })

  test('at a terminal nothing but yes signs in production', async () => {
    const path = written(folder, 'typed.json', { what: 'opening', subject: opening(officer.card.keys) })
    const args = (out: string) => [
      'officer',
      'approve',
      path,
      '--key',
      officer.keyPath,
      '--out',
      join(folder, out),
      ...pass,
    ]
    const question = 'Type yes to sign: '
    const no = await custodyAtTerminal(args('no.sig'), question, 'y\r')
    expect(no.exit).toBe(1)
    expect(no.stdout).toContain('REQUEST-DECLINED')
    expect(existsSync(join(folder, 'no.sig'))).toBe(false)
    const yes = await custodyAtTerminal(args('yes.sig'), question, 'yes\r')
    expect(yes.exit).toBe(0)
    expect(existsSync(join(folder, 'yes.sig'))).toBe(true)
  }, 60_000)
})
