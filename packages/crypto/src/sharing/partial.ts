import { expandShare } from './expand.ts'
import { blockDigest, type FloodContext, floodExponent, floodKey, floodNoise } from './flooding.ts'
import { galoisRing, type RingElement, setPolynomialAt, ZERO } from './galois-ring.ts'
import { bytesToBig } from './little-endian.ts'
import { membersOf } from './quorum.ts'
import type { SetSeeds } from './seeds.ts'

/** One LWE block: mask words and body word of K bits, little endian. */
export type LweBlock = { readonly mask: Uint8Array; readonly body: Uint8Array }

/** Blocks that share one ring element. */
export const PACKED_BLOCKS = 3

export type PartialContext = FloodContext & { readonly holder: number; readonly correction: Uint8Array }

/** What a holder computes with; the secrets in it are wiped by `wipe`. */
export type Decryptor = {
  /** body - <mask, S_i> + sum of f_A(i) e_A: a function of the block and the share alone. */
  block(block: LweBlock): RingElement
  /** Three blocks per element, X^c partial(block 3j+c); never across ciphertexts. ceil(blocks/3) elements. */
  blocks(blocks: readonly LweBlock[]): RingElement[]
  wipe(): void
}

/** Expands a share once for any number of blocks. */
export function openDecryptor(seeds: readonly SetSeeds[], context: PartialContext): Decryptor {
  const { width, quorum, holder } = context
  const ring = galoisRing(width)
  const k = floodExponent(quorum, width)
  const share = expandShare(seeds, context)
  const floods = seeds.map(({ set, seeds: own }) => ({
    factor: setPolynomialAt(ring, membersOf(set), holder),
    key: floodKey(own, context),
  }))
  const partial = ({ mask, body }: LweBlock): RingElement => {
    const digest = blockDigest(width, mask, body)
    const sum: [bigint, bigint, bigint, bigint] = [0n, 0n, 0n, 0n]
    for (const { factor, key } of floods) {
      const e = floodNoise(key, digest, k)
      for (const c of [0, 1, 2, 3] as const) sum[c] += factor[c] * e
    }
    const dot = share.dot(mask)
    return [
      ring.reduce(bytesToBig(body) - dot[0] + sum[0]),
      ring.reduce(sum[1] - dot[1]),
      ring.reduce(sum[2] - dot[2]),
      ring.reduce(sum[3] - dot[3]),
    ]
  }
  return {
    block: partial,
    blocks(blocks) {
      const elements: RingElement[] = []
      for (let first = 0; first < blocks.length; first += PACKED_BLOCKS) {
        let element = ZERO
        blocks.slice(first, first + PACKED_BLOCKS).forEach((block, c) => {
          const shift: RingElement = [c === 0 ? 1n : 0n, c === 1 ? 1n : 0n, c === 2 ? 1n : 0n, 0n]
          element = ring.add(element, ring.mul(shift, partial(block)))
        })
        elements.push(element)
      }
      return elements
    },
    wipe() {
      share.wipe()
      for (const { key } of floods) key.fill(0)
    },
  }
}
