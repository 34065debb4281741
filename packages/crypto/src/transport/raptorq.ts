import { concatBytes, u32be } from '../bytes.ts'
import type { ErasureCode } from './erasure-code.ts'

/** The two classes of npm's `raptorq`, once its WebAssembly is loaded. */
export type RaptorQModule = {
  readonly Encoder: {
    with_defaults(
      data: Uint8Array,
      symbolSize: number,
    ): { encode(repair: number): Uint8Array[]; free(): void }
  }
  readonly Decoder: {
    with_defaults(
      length: bigint,
      symbolSize: number,
    ): { decode(packet: Uint8Array): Uint8Array | undefined; free(): void }
  }
}

/** RFC 6330 table 2: K', the sizes to which a source block is extended, as far as frames go. */
// biome-ignore format: a table
const extendedSizes = [
  10, 12, 18, 20, 26, 30, 32, 36, 42, 46, 48, 49, 55, 60, 62, 69, 75, 84, 88, 91, 95, 97, 101, 114, 119,
  125, 127, 138, 140, 149, 153, 160, 166, 168, 179, 181, 185, 187, 200, 213, 217, 225, 236, 242, 248, 257,
  263, 269, 280, 295, 301, 305, 324, 337, 341, 347, 355, 362, 368, 372, 380, 385, 393, 405, 418, 428, 434,
  447, 453, 466, 478, 486, 491, 497, 511, 526, 532, 542, 549, 557, 563, 573, 580, 588, 594, 600, 606, 619,
  633, 640, 648, 666, 675, 685, 693, 703, 718, 728, 736, 747, 759, 778, 792, 802, 811, 821, 835, 845, 860,
  870, 891, 903, 913, 926, 938, 950, 963, 977, 989, 1002, 1020, 1032, 1050, 1074, 1085, 1099, 1111, 1136,
  1152, 1169, 1183, 1205, 1220, 1236, 1255, 1269, 1285, 1306, 1347, 1361, 1389, 1404, 1420, 1436, 1461,
  1477, 1502, 1522, 1539, 1561, 1579, 1600, 1616, 1649, 1673, 1698, 1716, 1734, 1759, 1777, 1800, 1824,
  1844, 1863, 1887, 1906, 1926, 1954, 1979, 2005, 2040, 2070, 2103, 2125, 2152, 2195, 2217, 2247, 2278,
  2315, 2339, 2367, 2392, 2416, 2447, 2473, 2502, 2528, 2565, 2601, 2640, 2668, 2701, 2737, 2772, 2802,
  2831, 2875, 2906, 2938, 2979, 3015, 3056, 3101, 3151, 3186, 3224, 3265, 3299, 3344, 3387, 3423, 3466,
  3502, 3539, 3579, 3616, 3658, 3697, 3751, 3792, 3840, 3883, 3924, 3970, 4015, 4069, 4112, 4165, 4207,
  4252, 4318, 4365, 4418,
]

/**
 * The code by npm's `raptorq` 1.7. Its repair packets carry the internal symbol ID, which counts the source block's padding, where RFC 6330
 * section 5.3.1 has the encoding symbol ID. This corrects it in both directions, so that frames are the standard's.
 */
export function raptorQ({ Encoder, Decoder }: RaptorQModule): ErasureCode {
  return {
    encode(object, symbolSize, repair) {
      const source = Math.ceil(object.length / symbolSize)
      const padding = paddingOf(source)
      const encoder = Encoder.with_defaults(object, symbolSize)
      try {
        return encoder.encode(repair).map((packet, at) => {
          const id = at < source ? at : at + padding
          if (idOf(packet) !== id) throw new Error(`raptorq: packet ${at} bears another number than ${id}`)
          return at < source ? packet : renumbered(packet, at)
        })
      } finally {
        encoder.free()
      }
    },
    open(length, symbolSize) {
      const source = Math.ceil(length / symbolSize)
      const padding = paddingOf(source)
      const decoder = Decoder.with_defaults(BigInt(length), symbolSize)
      return {
        add(packet) {
          const id = idOf(packet)
          return decoder.decode(id < source ? packet : renumbered(packet, id + padding)) ?? null
        },
        close: () => decoder.free(),
      }
    },
  }
}

function paddingOf(source: number): number {
  const extended = extendedSizes.find((size) => size >= source)
  if (extended === undefined) throw new RangeError(`source: ${source} symbols are too many`)
  return extended - source
}

function idOf(packet: Uint8Array): number {
  return new DataView(packet.buffer, packet.byteOffset, packet.byteLength).getUint32(0)
}

function renumbered(packet: Uint8Array, id: number): Uint8Array {
  return concatBytes(u32be(id), packet.subarray(4))
}
