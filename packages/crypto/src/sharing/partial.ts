import { expandShare } from './expand.ts'
import { type FloodContext, floodExponent, floodMessage } from './flooding.ts'
import { galoisRing, type RingElement, setPolynomialAt } from './galois-ring.ts'
import type { LweBlock } from './kernel.ts'
import { membersOf } from './quorum.ts'
import type { SetSeeds } from './seeds.ts'

/** The partial of one holder: its packed elements, in the order of the ciphertexts and their blocks. */
export type HolderPartial = { readonly holder: number; readonly elements: readonly RingElement[] }

type PartialContext = FloodContext & { readonly holder: number; readonly correction: Uint8Array }

/** What a holder computes with, all of it in wasm memory; `wipe` zeroes it. */
export type Decryptor = {
  /**
   * Copies blocks in, in place of those before, and gives their digests D = SHA-256("lux-fhe/v1/block" || u8 K || u32 N ||
   * mask || body). At most `slots`, never of two ciphertexts.
   */
  admit(blocks: readonly LweBlock[]): Uint8Array[]
  /**
   * Of every admitted block body - <mask, S_i> + sum of f_A(i) e_A, three to an element: sum of X^c partial(block 3j+c).
   * A function of the blocks and the share alone. ceil(blocks/3) elements.
   */
  partials(): RingElement[]
  /**
   * Both, for any number of blocks of one ciphertext, twelve at a time. Twelve need 0.8 MB, which fits a processor's cache; 64 squashed
   * blocks would need 4 MB. `told` hears how many are done, after each twelve.
   */
  answer(
    blocks: readonly LweBlock[],
    told?: (done: number) => void,
  ): { digests: Uint8Array[]; elements: RingElement[] }
  wipe(): void
}

/** Hashed four, packed three at a time. */
const TOGETHER = 12

/** Expands a share once for any number of blocks. `slots`: how many `admit` takes at once, from 12, which `answer` needs, to 1024. */
export function openDecryptor(
  seeds: readonly SetSeeds[],
  context: PartialContext,
  slots = TOGETHER,
): Decryptor {
  const { width, quorum, holder } = context
  const ring = galoisRing(width)
  const k = floodExponent(quorum, width)
  const message = floodMessage(context)
  const share = expandShare(seeds, context, Math.max(slots, TOGETHER))
  try {
    for (const { set, seeds: own } of seeds) {
      share.addNoise(own, message, setPolynomialAt(ring, membersOf(set), holder))
    }
  } catch (error) {
    share.wipe()
    throw error
  }
  return {
    admit: (blocks) => share.admit(blocks),
    partials: () => share.partials(k),
    answer: (blocks, told) => {
      const digests: Uint8Array[] = []
      const elements: RingElement[] = []
      for (let first = 0; first < blocks.length; first += TOGETHER) {
        digests.push(...share.admit(blocks.slice(first, first + TOGETHER)))
        elements.push(...share.partials(k))
        told?.(Math.min(first + TOGETHER, blocks.length))
      }
      return { digests, elements }
    },
    wipe: () => share.wipe(),
  }
}
