import { expect, test } from 'vitest'
import { joinBytes } from '../../src/bytes.ts'
import { MAX_CIPHERTEXTS } from '../../src/fhe/files/partial-file.ts'
import {
  encodePartial,
  encodePartialPayload,
  encodePublic,
  encodeShare,
  epochIdOf,
  type FileHeader,
  MAX_BLOCKS,
  parsePartial,
  parsePublic,
  parseShare,
} from '../../src/fhe/index.ts'
import {
  binomial,
  floodExponent,
  KEY_WORDS,
  maskOf,
  type RingElement,
  setsWithout,
  type Width,
} from '../../src/sharing/index.ts'

const bytes = (length: number, seed: number) => Uint8Array.from({ length }, (_, i) => (i * seed + 7) & 255)
const dealers = Array.from({ length: 15 }, (_, i) => i + 1)
/** The largest sharing there is: 6435 sets, and seeds and commitments of 15 dealers for each. */
const epoch = {
  domain: 'rehearsal',
  keyId: bytes(32, 3),
  epoch: 1,
  t: 8,
  n: 15,
  d: 15,
  dealerMask: maskOf(dealers),
} as const
const header: FileHeader = { ...epoch, epochId: bytes(32, 5), holder: 4 }

/** Runs `work` where two thirds of Node's stack are in use, as other hosts have less of it: arguments lie on the stack. */
const under = <T>(work: () => T): T => beside(work, ...new Array<number>(80_000).fill(0))
const beside = <T>(work: () => T, ..._ballast: readonly number[]): T => work()

test('an answer for 1024 ciphertexts of 1024 blocks encodes, and parses to what it was', () => {
  const width: Width = 128
  const elements = Array.from({ length: Math.ceil(MAX_BLOCKS / 3) }, (_, i): RingElement => {
    return [BigInt(i), (1n << 127n) + BigInt(i), 0n, (1n << 128n) - 1n]
  })
  const answers = Array.from({ length: MAX_CIPHERTEXTS }, (_, i) => ({
    ciphertextDigest: bytes(32, i + 1),
    blockCount: MAX_BLOCKS,
    elements,
  }))
  const content = { header, width, k: floodExponent(header, width), requestDigest: bytes(32, 9), answers }
  const none = new Uint8Array(0)
  const file = encodePartial(
    under(() => encodePartialPayload(content)),
    { ed25519: none, mlDsa65: none },
  )
  expect(file.length).toBe(83 + 1 + 1 + 32 + 2 + MAX_CIPHERTEXTS * (32 + 4 + 64 * 342) + 4)
  const parsed = parsePartial(file)
  expect(parsed.answers.length).toBe(MAX_CIPHERTEXTS)
  for (const at of [0, 511, 1023]) expect(parsed.answers[at]).toEqual(answers[at])
})

test('the public file and a share of 8 of 15 after 15 dealers encode, and parse to what they were', () => {
  const count = binomial(15, 7) * 15
  const all = bytes(32 * count, 11)
  const commitments = Array.from({ length: count }, (_, i) => all.slice(32 * i, 32 * i + 32))
  const content = {
    rosterDigest: bytes(32, 13),
    pub64: bytes(KEY_WORDS[64] * 8, 15),
    pub128: bytes(KEY_WORDS[128] * 16, 17),
    commitments,
  }
  const epochId = under(() => epochIdOf(epoch, content))
  const pub = under(() => encodePublic({ header: { ...header, epochId, holder: 0 }, ...content }))
  expect(pub.length).toBe(83 + 32 + 16384 + 65536 + 32 * 96_525)
  expect(joinBytes(under(() => parsePublic(pub)).commitments)).toEqual(all)

  const seeds = setsWithout(epoch, 4).map((set, i) => ({
    set,
    seeds: dealers.map((dealer) => bytes(32, 15 * i + dealer)),
  }))
  const whole = { header, policyHash: bytes(32, 19), budgets: { at64: 0, at128: 1 }, seeds }
  const share = under(() => encodeShare(whole))
  expect(parseShare(share).seeds).toEqual(seeds)
})
