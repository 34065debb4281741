import { existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  checkpointCodec,
  type Entry,
  encodeTranscript,
  type Header,
  Transcript,
} from '@lux/ceremony/transcript'
import {
  cardCodec,
  openingCodec,
  type SignatureRequest,
  signatureAnswerCodec,
  signatureContext,
  signatureRequestCodec,
} from '@lux/ceremony/wire'
import { sha256Hex, toBase64, verifySignature } from '@lux/crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { custody, custodyAtTerminal, custodyJson, secretFile, temporaryFolder } from './support/custody.ts'
import { type Enrolled, enrolled, passphraseFile } from './support/people.ts'

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

const ceremonyId = 'ab'.repeat(16)
const digest = (letter: string) => letter.repeat(64)

function written(
  name: string,
  request: Partial<SignatureRequest> & Pick<SignatureRequest, 'what' | 'subject'>,
): string {
  const path = join(folder, name)
  const file: SignatureRequest = {
    v: 1,
    kind: 'signature-request',
    domain: 'production',
    lines: [],
    ...request,
  }
  writeFileSync(path, signatureRequestCodec.encode(file))
  return path
}

function opening(domain: 'production' | 'rehearsal' = 'production'): string {
  const bytes = openingCodec.signedBytes({
    ceremonyId,
    domain,
    planHash: digest('1'),
    policyDigest: digest('2'),
    node0: digest('3'),
    tokenSerials: ['4711'],
    ceremonyKeys: officer.card.keys,
  })
  return toBase64(bytes)
}

const header: Header = {
  v: 1,
  ceremonyId,
  created: '2026-01-31T09:30:00.000Z',
  domain: 'production',
  planHash: digest('1'),
  planPolicy: digest('2'),
  policyDigest: digest('2'),
  tool: { version: '1', build: digest('4') },
  machine: { measurement: digest('5'), kernel: '6', tpmQuote: 'none' },
  tokens: [],
  roster: [],
  standIns: [],
}

function entries(count: number, what = 'confirmed'): Entry[] {
  return Array.from({ length: count }, (_, seq) => ({
    seq: String(seq),
    time: '2026-01-31T09:31:00.000Z',
    stepId: 'step',
    kind: 'step.confirmed',
    salt: '00'.repeat(16),
    fact: { by: `${what} ${seq}` },
  }))
}

function checkpointRequest(
  name: string,
  shown: Entry[],
  change: { node?: string } = {},
  of: Header = header,
): string {
  const transcript = new Transcript(of)
  for (const entry of shown) transcript.append(entry)
  const subject = checkpointCodec.signedBytes({
    ceremonyId,
    ...transcript.headAt(shown.length),
    planHash: digest('1'),
    opening: digest('7'),
    previous: null,
    time: '2026-01-31T09:32:00.000Z',
    ...change,
  })
  return written(name, {
    what: 'checkpoint',
    subject: toBase64(subject),
    transcript: toBase64(encodeTranscript(of, shown)),
  })
}

const cosign = (file: string, out: string, ...more: string[]) =>
  custodyJson([
    'witness',
    'cosign',
    file,
    '--key',
    witness.keyPath,
    '--out',
    join(folder, out),
    '--yes',
    ...pass,
    ...more,
  ])
const approve = (file: string, out: string, key = officer.keyPath) =>
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
    expect(readFileSync(key, 'latin1')).toMatch(/^age-encryption\.org\/v1\n-> scrypt \S+ 18\n/)

    const { exit } = await approve(
      written('zoe-opening.json', { what: 'opening', subject: opening() }),
      'zoe.sig',
      key,
    )
    expect(exit).toBe(0)
  }, 60_000)

  test('overwrites nothing, and refuses a short passphrase, an unknown scheme and a name of two lines', async () => {
    const short = secretFile(join(folder, 'short'), '1234')
    const base = ['witness', 'enrol', '--domain', 'rehearsal', '--key', join(folder, 'n.key')]
    const runs = await Promise.all([
      custodyJson([...base, '--name', 'N', '--out', officer.cardPath, ...pass]),
      custodyJson([...base, '--name', 'N', '--out', join(folder, 'n.json'), '--passphrase-file', short]),
      custodyJson([...base, '--name', 'N', '--out', join(folder, 'n.json'), '--schemes', 'rsa', ...pass]),
      custodyJson([...base, '--name', 'N\nM', '--out', join(folder, 'n.json'), ...pass]),
    ])
    expect(runs.map(({ exit, json }) => [exit, json.code])).toEqual([
      [2, 'FILE-EXISTS'],
      [2, 'SECRET-SHORT'],
      [2, 'OPTION-SCHEMES'],
      [1, 'CARD-MALFORMED'],
    ])
    expect(existsSync(join(folder, 'n.key'))).toBe(false)
  })
})

describe('officer approve', () => {
  test('shows the opening from its bytes and signs exactly those', async () => {
    const subject = opening()
    const path = written('opening.json', { what: 'opening', subject, lines: ['all is well'] })
    const { exit, json, stderr } = await approve(path, 'opening.sig')
    expect(exit).toBe(0)
    expect(stderr).toContain('tokens     4711')
    expect(stderr).toMatch(/The workstation says of it:\n\| all is well/)
    expect(json.words).toHaveLength(32)
    const answer = signatureAnswerCodec.parse(new Uint8Array(readFileSync(join(folder, 'opening.sig'))))
    if (!answer.ok) throw new Error(answer.detail)
    const bytes = new Uint8Array(Buffer.from(subject, 'base64'))
    expect(answer.value.subject).toBe(sha256Hex(bytes))
    const context = signatureContext('opening', 'production')
    expect(verifySignature(officer.card.keys, context, bytes, answer.value.signature).ok).toBe(true)
  })

  test('REQUEST-DOMAIN neither a rehearsal’s document nor a rehearsal’s key signs in production', async () => {
    const stranger = await enrolled(folder, 'officer', 'Ria', 'rehearsal')
    const [document, key] = await Promise.all([
      approve(written('r1.json', { what: 'opening', subject: opening('rehearsal') }), 'r1.sig'),
      approve(written('r2.json', { what: 'opening', subject: opening() }), 'r2.sig', stranger.keyPath),
    ])
    expect(document).toMatchObject({ exit: 1, json: { code: 'REQUEST-DOMAIN' } })
    expect(key).toMatchObject({ exit: 1, json: { code: 'REQUEST-DOMAIN' } })
    expect(existsSync(join(folder, 'r1.sig'))).toBe(false)
  })

  test('REQUEST-ROLE an officer cosigns nothing, and a witness’s key approves nothing', async () => {
    const [checkpoint, key] = await Promise.all([
      approve(checkpointRequest('role.json', entries(1)), 'role1.sig'),
      approve(written('role2.json', { what: 'opening', subject: opening() }), 'role2.sig', witness.keyPath),
    ])
    expect(checkpoint).toMatchObject({ exit: 1, json: { code: 'REQUEST-ROLE' } })
    expect(key).toMatchObject({ exit: 1, json: { code: 'REQUEST-ROLE' } })
  })

  test('what says it is an opening and is none is not signed', async () => {
    const subject = toBase64(new TextEncoder().encode('{"pay":"everything"}'))
    const [other, bundle] = await Promise.all([
      approve(written('other.json', { what: 'opening', subject }), 'other.sig'),
      approve(written('bundle.json', { what: 'bundle', subject }), 'bundle.sig'),
    ])
    expect(other).toMatchObject({ exit: 1, json: { code: 'OPENING-MALFORMED' } })
    expect(bundle).toMatchObject({ exit: 1, json: { code: 'REQUEST-SUBJECT' } })
  })

  test('a wrong passphrase, a card as key, a cut key and a cut request are each named', async () => {
    const path = written('named.json', { what: 'opening', subject: opening() })
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
  }, 20_000)

  test('CONFIRM-NO-TERMINAL production asks a person; a rehearsal does not', async () => {
    const rehearsing = await enrolled(folder, 'officer', 'Rob', 'rehearsal')
    const production = written('ask.json', { what: 'opening', subject: opening() })
    const rehearsal = written('ask-r.json', {
      what: 'opening',
      subject: opening('rehearsal'),
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
    const path = written('typed.json', { what: 'opening', subject: opening() })
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
  }, 20_000)
})

describe('witness cosign', () => {
  test('cosigns what grows from what was cosigned before, and shows only the new entries', async () => {
    const memory = ['--memory', join(folder, 'grow.memory')]
    const first = await cosign(checkpointRequest('c3.json', entries(3)), 'c3.sig', ...memory)
    expect(first.exit).toBe(0)
    const second = await cosign(checkpointRequest('c5.json', entries(5)), 'c5.sig', ...memory)
    expect(second.exit).toBe(0)
    expect(second.stderr).toContain('confirmed 4')
    expect(second.stderr).not.toContain('confirmed 2')

    const back = await cosign(checkpointRequest('c4.json', entries(4)), 'c4.sig', ...memory)
    expect(back).toMatchObject({ exit: 1, json: { code: 'COSIGN-ROLLBACK' } })
    const forked = await cosign(checkpointRequest('f6.json', entries(6, 'another')), 'f6.sig', ...memory)
    expect(forked).toMatchObject({ exit: 1, json: { code: 'COSIGN-FORK' } })
    expect(existsSync(join(folder, 'f6.sig'))).toBe(false)
  }, 20_000)

  test('a checkpoint that its entries do not lead to, or of a rehearsal, or without entries, is not cosigned', async () => {
    const bare = written('bare.json', {
      what: 'checkpoint',
      subject: JSON.parse(readFileSync(checkpointRequest('b.json', entries(1)), 'utf8')).subject,
    })
    const memory = (name: string) => ['--memory', join(folder, name)]
    const runs = await Promise.all([
      cosign(checkpointRequest('lie.json', entries(2), { node: digest('9') }), 'lie.sig', ...memory('m1')),
      cosign(
        checkpointRequest('reh.json', entries(2), {}, { ...header, domain: 'rehearsal' }),
        'reh.sig',
        ...memory('m2'),
      ),
      cosign(bare, 'bare.sig', ...memory('m3')),
    ])
    expect(runs.map(({ exit, json }) => [exit, json.code])).toEqual([
      [1, 'COSIGN-HEAD'],
      [1, 'REQUEST-DOMAIN'],
      [1, 'REQUEST-TRANSCRIPT'],
    ])
    expect(existsSync(join(folder, 'm1'))).toBe(false)
  })

  test('WITNESS-MEMORY a damaged memory is not taken for an empty one', async () => {
    const memory = join(folder, 'damaged.memory')
    writeFileSync(memory, '{"v":1')
    const { exit, json } = await cosign(checkpointRequest('d.json', entries(1)), 'd.sig', '--memory', memory)
    expect(exit).toBe(1)
    expect(json.code).toBe('WITNESS-MEMORY')
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
