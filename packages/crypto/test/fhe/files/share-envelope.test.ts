import { describe, expect, test } from 'vitest'
import { concatBytes, equalBytes, fromUtf8, utf8 } from '../../../src/bytes.ts'
import { encodeCanonical } from '../../../src/canonical-json.ts'
import {
  type Epoch,
  encodePublic,
  encodeShare,
  encodeShareEnvelope,
  epochIdOf,
  inspect,
  MAX_AUTHORITIES,
  MAX_SHARE,
  NO_AUTHORITIES,
  parseShareEnvelope,
  proveShare,
  rosterDigest,
} from '../../../src/fhe/index.ts'
import { FormatError } from '../../../src/format-error.ts'
import { sha256, sha256Hex } from '../../../src/hash.ts'
import { setsWithout } from '../../../src/sharing/quorum.ts'
import { generateIdentity } from '../../../src/sign/identity.ts'
import { dealt, entropyOf, realClientKey, rosterOf, withSquashKey } from '../fixture.ts'

const clientKey = withSquashKey(realClientKey().bytes)
const deal = dealt(clientKey, 2, 3, 'S', true)
const other = dealt(clientKey, 3, 4, 'S', true)
const { keys } = generateIdentity(entropyOf(8), ['ed25519'])
const authorities = { ...NO_AUTHORITIES, requesters: [keys], combiners: [`age1pq1${'q'.repeat(1952)}`] }
const ceremonyId = 'c0'.repeat(16)
const [share] = deal.shares as [Uint8Array]
const content = encodeShareEnvelope({ ceremonyId, name: 'Ada', authorities, share, pub: deal.pub })
const expected = { ceremonyId, name: 'Ada' }
const sealed = utf8('the age file')

test('an envelope gives back what went in', () => {
  const parsed = parseShareEnvelope(content)
  expect(parsed).toMatchObject({ ceremonyId, name: 'Ada', authorities, publicDigest: sha256Hex(deal.pub) })
  expect(parsed.shareBytes).toEqual(share)
})

test('any changed byte, cut or addition is refused', () => {
  for (let at = 0; at < content.length; at += 7) {
    const changed = content.slice()
    changed[at]! ^= 1
    try {
      const parsed = parseShareEnvelope(changed)
      // What the share does not say stands in the header alone: it reads otherwise, and the seal covers it.
      expect(equalBytes(parsed.shareBytes, share)).toBe(true)
      expect(parsed).not.toEqual(parseShareEnvelope(content))
    } catch (error) {
      expect(error).toBeInstanceOf(FormatError)
    }
    expect(() => parseShareEnvelope(content.subarray(0, at))).toThrow(FormatError)
  }
  expect(() => parseShareEnvelope(concatBytes(content, new Uint8Array(1)))).toThrow(FormatError)
})

test('FHE-AUTHORITIES as many people as a policy can name are read, one more is neither written nor read', () => {
  const wide = (requesters: number, combiners: number) =>
    encodeShareEnvelope({
      ceremonyId,
      name: 'Ada',
      share,
      pub: deal.pub,
      authorities: {
        requesters: Array(requesters).fill(many),
        combiners: Array(combiners).fill(authorities.combiners[0]),
        evaluators: Array(MAX_AUTHORITIES).fill(many),
        encryptors: Array(MAX_AUTHORITIES).fill(many),
      },
    })
  const { keys: many } = generateIdentity(entropyOf(9), ['p256', 'ed25519', 'mlDsa65'])
  const full = wide(64, 64)
  expect(parseShareEnvelope(full).authorities.requesters).toHaveLength(64)
  expect(() => wide(65, 64)).toThrow('authorities: 65 requesters, at most 64')
  expect(() => wide(64, 65)).toThrow('authorities: 65 combiners, at most 64')
  // One requester more, as another writer would put it.
  const length = new DataView(full.buffer, full.byteOffset).getUint32(8, true)
  const header = fromUtf8(full.subarray(12, 12 + length))
  const more = utf8(header.replace('"requesters":[', `"requesters":[${fromUtf8(encodeCanonical(many))},`))
  const prefix = concatBytes(full.subarray(0, 8), new Uint8Array(4))
  new DataView(prefix.buffer).setUint32(8, more.length, true)
  expect(() => parseShareEnvelope(concatBytes(prefix, more, full.subarray(12 + length)))).toThrow(
    'requesters: expected a list of at most 64',
  )
})

test('FHE-ENVELOPE-HEADER the share of another holder under this header is refused', () => {
  const second = encodeShareEnvelope({
    ceremonyId,
    name: 'Ada',
    authorities,
    share: deal.shares[1]!,
    pub: deal.pub,
  })
  const mixed = concatBytes(
    content.subarray(0, content.length - share.length),
    second.subarray(-share.length),
  )
  expect(() => parseShareEnvelope(mixed)).toThrow('FHE-ENVELOPE-HEADER')
})

test('a share and a public file of two dealings cannot be put in one envelope', () => {
  expect(() => encodeShareEnvelope({ ceremonyId, name: 'Ada', authorities, share, pub: other.pub })).toThrow(
    RangeError,
  )
})

describe('proving a share', () => {
  test('a received envelope gives the acknowledgement that its holder signs', () => {
    const proof = proveShare({ envelope: content, sealed, pub: deal.pub, expected })
    if (!proof.ok) throw new Error(proof.detail)
    expect(JSON.parse(fromUtf8(proof.value.payload))).toMatchObject({
      kind: 'acknowledgement',
      ceremonyId,
      holder: 1,
      name: 'Ada',
      shareDigest: sha256Hex(share),
      envelopeDigest: sha256Hex(sealed),
    })
  })

  test.each([
    ['FHE-CEREMONY-OTHER', { expected: { ...expected, ceremonyId: '00'.repeat(16) } }],
    ['FHE-HOLDER-OTHER', { expected: { ...expected, name: 'Bob' } }],
    ['FHE-POLICY-OTHER', { expected: { ...expected, policyHash: new Uint8Array(32).fill(1) } }],
    ['FHE-PUBLIC-OTHER', { pub: other.pub }],
    ['FHE-TYPE', { envelope: new Uint8Array(40) }],
  ])('%s is refused', (rule, change) => {
    expect(proveShare({ envelope: content, sealed, pub: deal.pub, expected, ...change })).toMatchObject({
      rule,
    })
  })
})

describe('inspect', () => {
  test('names every file, says which are secret, and shows no seed', () => {
    expect(inspect(clientKey)).toMatchObject({ type: 'client-key', secret: true, facts: { squash: true } })
    expect(inspect(share)).toMatchObject({ type: 'share', secret: true, facts: { holder: 1, t: 2, n: 3 } })
    expect(inspect(deal.pub)).toMatchObject({ type: 'public', secret: false, facts: { squash: true } })
    expect(inspect(content)).toMatchObject({ type: 'opened-share-envelope', secret: true })
    expect(inspect(utf8('age-encryption.org/v1\n'))).toMatchObject({ type: 'sealed-file' })
    const seed = sha256Hex(share.subarray(125, 157))
    expect(JSON.stringify(inspect(share))).not.toContain(seed)
  })

  test('FHE-UNKNOWN-FILE a file that is no share envelope is refused', () => {
    expect(() => inspect(new Uint8Array(200))).toThrow('FHE-UNKNOWN-FILE')
    expect(() => inspect(new Uint8Array(0))).toThrow('FHE-UNKNOWN-FILE')
  })
})

test('a share that moved from 10 of 15 to 8 of 15 fits into its envelope, and the largest of all does', () => {
  const header: Epoch = {
    domain: 'rehearsal',
    keyId: new Uint8Array(32),
    epoch: 1,
    t: 8,
    n: 15,
    d: 10,
    dealerMask: (1 << 10) - 1,
  }
  const seed = (at: number) => sha256(utf8(String(at)))
  const content = {
    pub64: new Uint8Array(16_384),
    pub128: new Uint8Array(0),
    rosterDigest: rosterDigest(rosterOf(15)),
    commitments: Array.from({ length: 6435 * 10 }, (_, at) => seed(at)),
  }
  const own = { ...header, epochId: epochIdOf(header, content) }
  const moved = encodeShare({
    header: { ...own, holder: 3 },
    policyHash: new Uint8Array(32),
    budgets: { at64: 0, at128: 0 },
    seeds: setsWithout(header, 3).map((set) => ({ set, seeds: Array.from({ length: 10 }, () => seed(set)) })),
  })
  expect(moved.length).toBeGreaterThan(1 << 20)
  const pub = encodePublic({ header: { ...own, holder: 0 }, ...content })
  const sealedIn = encodeShareEnvelope({ ceremonyId, name: 'Ada', authorities, share: moved, pub })
  expect(equalBytes(parseShareEnvelope(sealedIn).shareBytes, moved)).toBe(true)
  // At most 15 dealers, and as many sets without a holder as (8,15) has.
  const largest = moved.length + setsWithout(header, 3).length * 5 * 32
  expect(largest).toBeLessThanOrEqual(MAX_SHARE)
})
