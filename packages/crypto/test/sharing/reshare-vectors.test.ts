import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { concatBytes } from '../../src/bytes.ts'
import { sha256Hex } from '../../src/hash.ts'
import { redeal, setsDealtBy, setsOf, setsWithout } from '../../src/sharing/index.ts'
import { wordsOf } from './reference.ts'
import { NEW_SEED, OLD_SEED, referenceReshare } from './reference-reshare.ts'

const frozen = readFileSync(new URL('../../vectors/fhe/reshare-2of3-to-3of4.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n')
const from = { t: 2, n: 3 }
const to = { t: 3, n: 4 }
const dealers = [1, 3]

function ours(): string[] {
  const lines = [`from (2,3) by ${dealers} to (3,4)`, `new sets ${setsOf(to)}`]
  for (const q of dealers) {
    let at = 0
    const dealt = redeal({
      seeds: setsWithout(from, q).map((set) => ({ set, seeds: [new Uint8Array(OLD_SEED(set))] })),
      dealer: q,
      dealers,
      from,
      to,
      keyId: new Uint8Array(32).fill(0x4b),
      vectors: [
        { width: 64, words: 2048 },
        { width: 128, words: 4096 },
      ],
      entropy: { bytes: () => new Uint8Array(NEW_SEED(q, at++)) },
    })
    if (!dealt.ok) throw new Error(dealt.detail)
    const { commitments, corrections } = dealt.value
    lines.push(
      `dealer ${q} sets ${setsDealtBy(from, dealers, q)} commitments ${sha256Hex(concatBytes(...commitments))}`,
    )
    for (const [i, width] of ([64, 128] as const).entries()) {
      const [first] = wordsOf(corrections[i]!, width)
      lines.push(`dealer ${q} K=${width} corr[0] ${first!.toString(16)} sha256 ${sha256Hex(corrections[i]!)}`)
    }
  }
  return lines
}

test('a reshare gives the frozen sets, commitments and corrections', () => {
  expect(ours()).toEqual(frozen)
})

test('OpenSSL and BigInt alone give the same', () => {
  expect(referenceReshare()).toEqual(frozen)
})
