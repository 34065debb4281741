import { fromBase64 } from '../../src/base64.ts'
import {
  type Ciphertext,
  dealFheKey,
  encodeCarried,
  fhePartialDecrypt,
  fheThresholdDecrypt,
  generateFheKeyPair,
  getFhePublicKey,
  parseClientKey,
  rotateFheKey,
  roundForCarrying,
  spliceSquashKey,
  type TfheModule,
} from '../../src/fhe/index.ts'
import { sha256Hex } from '../../src/hash.ts'
import { toHex } from '../../src/hex.ts'
import { deterministicEntropy } from '../../src/random.ts'
import { type LweBlock, ringVector } from '../../src/sharing/index.ts'
import { syntheticClientKey } from './synthetic-client-key.ts'

const bare = {
  authority: { rehearsal: true },
  answered: new Set<string>(),
  spent: { at64: 0, at128: 0 },
} as const
const zeros = new Uint8Array(32)
const rosterOf = (n: number) => Array.from({ length: n }, (_, i) => ({ index: i + 1, name: '', card: '' }))

function opened<T>(outcome: { ok: true; value: T } | { ok: false; rule: string; detail: string }): T {
  if (!outcome.ok) throw new Error(`${outcome.rule}: ${outcome.detail}`)
  return outcome.value
}

const sharesOf = (shares: readonly Uint8Array[], holders: readonly number[]): Uint8Array[] =>
  holders.map((i) => {
    const share = shares[i - 1]
    if (!share) throw new Error(`no share ${i}`)
    return share
  })

/** SHA-256 of every partial in hex, the value, and the claim that goes with it. */
function decrypted(
  pub: Uint8Array,
  shares: readonly Uint8Array[],
  file: Uint8Array,
  carrying: 'always' | 'never' = 'never',
): string[] {
  const partials = shares.map(
    (share) => opened(fhePartialDecrypt({ ...bare, carrying, share, pub, ciphertexts: [file] })).partial,
  )
  const { values, claim } = opened(fheThresholdDecrypt({ pub, ciphertexts: [file], partials }))
  return [...partials.map((partial) => sha256Hex(partial)), String(values), claim]
}

/**
 * The whole life of a key with fixed randomness: deal, decrypt in parts, combine, rotate, decrypt again. SHA-256 of
 * everything that came out, in hex; the same on every host. Nothing of Node is used.
 */
export function runFheInAnyHost(): string {
  const entropy = deterministicEntropy(new Uint8Array(32).fill(0x0a))
  const clientKey = spliceSquashKey(syntheticClientKey(entropy), entropy.bytes(512))
  const dealt = opened(
    dealFheKey({
      clientKey,
      publicKeys: { compactPublicKey: null, serverKey: null },
      t: 2,
      n: 3,
      domain: 'rehearsal',
      roster: rosterOf(3),
      policyHash: zeros,
      budgets: { at64: 0, at128: 1000 },
      entropy,
    }),
  )
  const { key128 } = parseClientKey(clientKey)
  if (!key128) throw new Error('no squash key')
  const vector = ringVector(128, 4096)
  vector.addScaled(key128, [1n, 0n, 0n, 0n])
  const blocks = [0x3n, 0xfn, 0x5n, 0x1n, 0xan].map((digit): LweBlock => {
    const mask = new Uint8Array(65_536)
    for (let at = 0; at < mask.length; at += 4096) mask.set(entropy.bytes(4096), at)
    // Rounded beforehand: the noise of a whole block then stays far below its margin.
    const words = mask.map((byte, i) => (i % 16 >= 7 ? byte : 0))
    const body = new Uint8Array(16)
    const phase = BigInt.asUintN(128, vector.dot(words)[0] + (digit << 123n) + (1n << 60n))
    for (let i = 0; i < 16; i++) body[i] = Number((phase >> BigInt(8 * i)) & 255n)
    return { mask: words, body }
  })
  const ciphertext: Ciphertext = { kind: 'uint', bits: 20, width: 128, blocks, tag: new Uint8Array(0) }
  const file = encodeCarried(roundForCarrying(ciphertext))
  const rotated = opened(
    rotateFheKey({
      pub: dealt.pub,
      shares: dealt.shares.slice(1),
      to: { t: 3, n: 5 },
      roster: rosterOf(5),
      planHash: zeros,
      policyHash: zeros,
      budgets: { at64: 0, at128: 1000 },
      entropy,
    }),
  )
  const said = [
    sha256Hex(dealt.pub),
    ...dealt.shares.map((share) => sha256Hex(share)),
    sha256Hex(file),
    ...decrypted(dealt.pub, sharesOf(dealt.shares, [1, 2, 3]), file, 'always'),
    sha256Hex(rotated.pub),
    ...rotated.shares.map((share) => sha256Hex(share)),
    ...decrypted(rotated.pub, sharesOf(rotated.shares, [5, 1, 3]), file, 'always'),
  ]
  if (!said.includes(String(0xa15f3))) throw new Error('decrypted to another value')
  return sha256Hex(new TextEncoder().encode(said.join('\n')))
}

/** A key from a seed with the host's own tfhe: SHA-256 of the client key in hex, and the size of its public key. */
export async function makeKeyInAnyHost(
  tfhe: TfheModule,
): Promise<{ clientKey: string; publicKeySize: number }> {
  const entropy = deterministicEntropy(zeros)
  const made = await generateFheKeyPair(tfhe, {
    type: 'TFHE_INTEGER',
    squash: true,
    inputs: 'signed',
    serverKey: false,
    seed: new Uint8Array(16).fill(7),
    entropy,
  })
  return {
    clientKey: toHex(made.digests.clientKey),
    publicKeySize: getFhePublicKey(tfhe, made.clientKey).length,
  }
}

/** Files of vectors, base64: a key, two shares of 2 of 3 of it, what native tfhe-rs computed and squashed, and a fresh ciphertext. */
export type NativeFiles = {
  readonly clientKey: string
  readonly public: string
  readonly shares: readonly string[]
  readonly squashed: string
  /** A u8 of 64 bits under the compact public key of the same key. */
  readonly fresh: string
}

/**
 * tfhe's own files in the hands of holders, squashed (128 bits) and fresh (64 bits, mode F, the key dealt with fixed randomness). Digests
 * of everything that came out, in hex, and the values. Nothing of Node is used.
 */
export function openFilesInAnyHost(files: NativeFiles): string[] {
  const dealt = opened(
    dealFheKey({
      clientKey: fromBase64(files.clientKey),
      publicKeys: { compactPublicKey: null, serverKey: null },
      t: 2,
      n: 3,
      domain: 'rehearsal',
      roster: rosterOf(3),
      policyHash: zeros,
      budgets: { at64: 1000, at128: 0 },
      entropy: deterministicEntropy(new Uint8Array(32).fill(0x0b)),
    }),
  )
  return [
    ...decrypted(
      fromBase64(files.public),
      files.shares.map((share) => fromBase64(share)),
      fromBase64(files.squashed),
    ),
    sha256Hex(dealt.pub),
    ...decrypted(dealt.pub, sharesOf(dealt.shares, [3, 1]), fromBase64(files.fresh)),
  ]
}
