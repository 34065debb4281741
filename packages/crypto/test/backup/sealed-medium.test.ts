import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  combineBackup,
  encodeMedium,
  type MediumHeader,
  openMedium,
  parseMedium,
  readCustodianShare,
  type SealedMedium,
  sealMedium,
} from '../../src/backup/index.ts'
import {
  concatBytes,
  encodeCanonical,
  fromHex,
  hkdfSha256,
  type Json,
  lp,
  Secret,
  sha256Hex,
  toHex,
  utf8,
} from '../../src/index.ts'
import { vectorJson } from '../vectors.ts'

type Known = {
  secret: string
  shares: string[]
  header: MediumHeader & { v: 1; kind: string; nonce: string }
  wrapped: string
  privateKey: string
  medium: string
}
const known = vectorJson<Known[]>('backup/medium.json')
const [small] = known as [Known, Known]
const secretOf = (one: Known) => Secret.take(fromHex(one.secret))
const contentOf = (one: Known) => ({
  wrapped: fromHex(one.wrapped),
  privateKey: Secret.take(fromHex(one.privateKey)),
})

/** The header without the members that the encoder adds. */
function headerOf({ header: { v, kind, nonce, ...header } }: Known): MediumHeader {
  expect([v, kind, nonce.length]).toEqual([1, 'backup-medium', 48])
  return header
}

function seal(one: Known, changes: Partial<MediumHeader> = {}): Uint8Array {
  const entropy = { bytes: () => fromHex(one.header.nonce) }
  return sealMedium({ ...headerOf(one), ...changes }, contentOf(one), { secret: secretOf(one), entropy })
}

function parsed(bytes: Uint8Array): SealedMedium {
  const medium = parseMedium(bytes)
  if (!medium.ok) throw new Error(`${medium.rule}: ${medium.detail}`)
  return medium.value
}

const parseRule = (bytes: Uint8Array): string => {
  const medium = parseMedium(bytes)
  return medium.ok ? 'accepted' : medium.rule
}

/** The same medium with another header before it. */
const withHeader = (header: Json | Uint8Array): Uint8Array =>
  concatBytes(
    utf8('lux-bak1'),
    lp(header instanceof Uint8Array ? header : encodeCanonical(header)),
    parsed(fromHex(small.medium)).sealed,
  )

describe.each(known.map((one) => [one.header.domain, one] as const))('known answer: %s', (_, one) => {
  test('sealing gives the bytes that another program makes', () => {
    expect(toHex(seal(one))).toBe(one.medium)
  })

  test('a sealed medium parses, encodes to the same bytes, and opens with the secret of its shares', () => {
    const bytes = fromHex(one.medium)
    const medium = parsed(bytes)
    expect(medium.header).toEqual(headerOf(one))
    expect(encodeMedium(medium)).toEqual(bytes)
    const shares = one.shares.slice(-one.header.t).map((words) => {
      const share = readCustodianShare(words)
      if (!share.ok) throw new Error(share.rule)
      return share.value
    })
    const secret = combineBackup(shares)
    if (!secret.ok) throw new Error(secret.rule)
    const content = openMedium(medium, secret.value)
    if (!content.ok) throw new Error(content.rule)
    expect(toHex(content.value.wrapped)).toBe(one.wrapped)
    expect(content.value.privateKey.use(toHex)).toBe(one.privateKey)
    expect(JSON.stringify(content.value.privateKey)).toBe('"[secret]"')
  })
})

test('BACKUP-MEDIUM-INTEGRITY any change of any byte is found, by the parser or when it is opened', () => {
  const bytes = fromHex(small.medium)
  const secret = secretOf(small)
  const unnoticed: number[] = []
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.with(at, (bytes[at] ?? 0) ^ (1 << (at % 8)))
    const medium = parseMedium(changed)
    if (!medium.ok) continue
    const content = openMedium(medium.value, secret)
    if (content.ok || content.rule !== 'BACKUP-MEDIUM-INTEGRITY') unnoticed.push(at)
  }
  expect(unnoticed).toEqual([])
})

test('BACKUP-MEDIUM-INTEGRITY the secret of another backup opens nothing, nor does a secret of another length', () => {
  const medium = parsed(fromHex(small.medium))
  const other = Secret.take(new Uint8Array(32))
  expect(openMedium(medium, other)).toMatchObject({ ok: false, rule: 'BACKUP-MEDIUM-INTEGRITY' })
  expect(() => openMedium(medium, Secret.take(new Uint8Array(16)))).toThrow('secret')
})

test('BACKUP-MEDIUM-INTEGRITY production is not opened as rehearsal, nor under another set', () => {
  const medium = parsed(fromHex(small.medium))
  for (const changes of [{ domain: 'production' }, { set: '0'.repeat(32) }, { t: 3 }] as const) {
    const other = parsed(encodeMedium({ ...medium, header: { ...medium.header, ...changes } }))
    expect(openMedium(other, secretOf(small))).toMatchObject({ ok: false, rule: 'BACKUP-MEDIUM-INTEGRITY' })
  }
})

test('BACKUP-MEDIUM-INTEGRITY what the right secret opens must have its form too, and be what the header says', () => {
  const { header, nonce, sealed } = parsed(fromHex(small.medium))
  const opened = fromHex(small.medium).slice(0, -sealed.length)
  const info = utf8('lux-custody/backup-medium/v1/rehearsal')
  const key = hkdfSha256(fromHex(small.secret), fromHex(header.set), info, 32)
  const [wrapped, privateKey] = [fromHex(small.wrapped), fromHex(small.privateKey)]
  const open = (...plaintext: Uint8Array[]) => {
    const again = xchacha20poly1305(key, nonce, opened).encrypt(concatBytes(...plaintext))
    const content = openMedium(parsed(concatBytes(opened, again)), secretOf(small))
    return content.ok ? 'accepted' : content.rule
  }
  expect(open(lp(wrapped), lp(privateKey))).toBe('accepted')
  const others: Uint8Array[][] = [
    [lp(wrapped.with(0, (wrapped[0] ?? 0) ^ 1)), lp(privateKey)],
    [lp(privateKey), lp(wrapped)],
    [lp(wrapped), lp(privateKey), Uint8Array.of(0)],
    [lp(wrapped), lp(privateKey), lp(new Uint8Array(0))],
    [lp(wrapped), lp(privateKey).slice(0, -1)],
    [lp(wrapped), lp(new Uint8Array(0)), new Uint8Array(16)],
    [lp(concatBytes(wrapped, privateKey))],
  ]
  for (const parts of others) expect(open(...parts)).toBe('BACKUP-MEDIUM-INTEGRITY')
})

test('BACKUP-MEDIUM-LENGTH every cut of a medium, and bytes beyond what it can hold, are refused', () => {
  const bytes = fromHex(small.medium)
  const headerEnd = bytes.length - parsed(bytes).sealed.length
  for (let length = 8; length < headerEnd + 4 + 512 + 4 + 1 + 16; length++) {
    expect(parseRule(bytes.slice(0, length))).toBe('BACKUP-MEDIUM-LENGTH')
  }
  expect(parseRule(concatBytes(bytes, new Uint8Array(4096)))).toBe('BACKUP-MEDIUM-LENGTH')
  const huge = concatBytes(utf8('lux-bak1'), Uint8Array.of(255, 255, 255, 255), bytes.slice(12))
  expect(parseRule(huge)).toBe('BACKUP-MEDIUM-LENGTH')
  const tail = concatBytes(bytes, Uint8Array.of(0))
  expect(openMedium(parsed(tail), secretOf(small))).toMatchObject({ rule: 'BACKUP-MEDIUM-INTEGRITY' })
})

test('BACKUP-MEDIUM-TYPE another file is refused', () => {
  for (const bytes of [
    new Uint8Array(0),
    utf8('lux-bak'),
    utf8('lux-env1'),
    fromHex(small.medium).with(7, 50),
  ]) {
    expect(parseRule(bytes)).toBe('BACKUP-MEDIUM-TYPE')
  }
})

describe('BACKUP-MEDIUM-HEADER', () => {
  const header: { [name: string]: Json } = { ...small.header }
  const wrong: { [name: string]: readonly Json[] } = {
    v: [0, 2, '1'],
    kind: ['backup', null],
    domain: ['test', 1],
    ceremonyId: ['', 'A'.repeat(32), '0'.repeat(31), '0'.repeat(33)],
    key: ['', '-root', 'Root', 'a'.repeat(65), 'root\n'],
    set: ['0'.repeat(30), 5],
    identifier: [-1, 32768, '1'],
    t: [1, 4, '2'],
    n: [2, 4, 17, null],
    publicKey: ['0'.repeat(63), 'g'.repeat(64)],
    mechanism: ['RSA-OAEP', 'RSA-OAEP-SHA512'],
    wrapped: ['0'.repeat(65), false],
    shares: [[], small.header.shares.slice(1), [...small.header.shares.slice(1), 7], {}, 'abc'],
    nonce: ['0'.repeat(47), '0'.repeat(50)],
  }

  test.each(Object.keys(small.header))('%s: missing and malformed ones are refused', (name) => {
    const { [name]: _, ...missing } = header
    expect(parseRule(withHeader(missing))).toBe('BACKUP-MEDIUM-HEADER')
    expect(wrong[name]?.length).toBeGreaterThan(1)
    for (const value of wrong[name] ?? []) {
      expect(parseRule(withHeader({ ...header, [name]: value }))).toBe('BACKUP-MEDIUM-HEADER')
    }
  })

  test('a header with other members, in another form of JSON, or in none is refused', () => {
    expect(parseRule(withHeader({ ...header }))).toBe('accepted')
    expect(parseRule(withHeader({ ...header, more: 1 }))).toBe('BACKUP-MEDIUM-HEADER')
    const text = new TextDecoder().decode(encodeCanonical(header))
    const others = [
      ` ${text}`,
      `${text}\n`,
      text.replace('"v":1', '"v":1.0'),
      text.slice(1),
      'null',
      '[]',
      '',
    ]
    for (const other of others) expect(parseRule(withHeader(utf8(other)))).toBe('BACKUP-MEDIUM-HEADER')
    expect(parseRule(withHeader(Uint8Array.of(255)))).toBe('BACKUP-MEDIUM-HEADER')
  })
})

test('whatever bytes follow the magic, the parser answers, and what it takes encodes to the same bytes', () => {
  const bytes = fromHex(small.medium)
  fc.assert(
    fc.property(fc.nat(bytes.length), fc.nat(40), fc.uint8Array({ maxLength: 40 }), (at, gone, more) => {
      const changed = concatBytes(bytes.slice(0, at), more, bytes.slice(at + gone))
      const medium = parseMedium(changed)
      if (medium.ok) expect(encodeMedium(medium.value)).toEqual(changed)
    }),
    { numRuns: 200 },
  )
})

test('what cannot be opened again is not sealed', () => {
  expect(() => seal(small, { wrapped: sha256Hex(utf8('another')) })).toThrow('header')
  expect(() => seal(small, { key: 'Root' })).toThrow('header')
  expect(() => seal(small, { shares: [] })).toThrow('header')
  const content = contentOf(small)
  const with_ = { secret: secretOf(small), entropy: { bytes: () => new Uint8Array(24) } }
  const header = headerOf(small)
  expect(() => sealMedium(header, { ...content, wrapped: new Uint8Array(384) }, with_)).toThrow('wrapped')
  for (const length of [0, 4097]) {
    const privateKey = Secret.take(new Uint8Array(length))
    expect(() => sealMedium(header, { ...content, privateKey }, with_)).toThrow('privateKey')
  }
  const short = { ...with_, entropy: { bytes: () => new Uint8Array(12) } }
  expect(() => sealMedium(header, content, short)).toThrow('entropy')
})
