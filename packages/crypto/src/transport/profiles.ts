import { FRAME_HEADER, ID_BYTES, MIN_SYMBOL, SYMBOL_ALIGNMENT } from './frame.ts'

/** How frames are shown: the version of the QR codes, all of them at error correction level L, and how many a second. */
export type Profile = {
  readonly version: number
  readonly framesPerSecond: number
  /** Bytes of payload data in a frame: a multiple of 8. */
  readonly symbolSize: number
}

/** Data codewords at level L, ISO/IEC 18004 table 7. */
const codewords = { 15: 523, 20: 861, 25: 1276 } as const

/** The animation's profiles, from the most easily read to the fastest; `reduced` is for people who asked for less motion. */
export const profiles = {
  gentle: profile(15, 5),
  default: profile(20, 8),
  fast: profile(25, 12),
  reduced: profile(20, 3),
} as const

export type ProfileName = keyof typeof profiles

/** Characters in alphanumeric mode: 4 bits of mode and 11 of count (versions 10 to 26), then 11 bits for two and 6 for a last one. */
function alphanumericCapacity(version: keyof typeof codewords): number {
  const bits = codewords[version] * 8 - 15
  const pairs = Math.floor(bits / 11)
  return pairs * 2 + (bits - pairs * 11 >= 6 ? 1 : 0)
}

/** The symbol of a frame that carries `length` bytes at most: smaller than the profile's where one frame is enough. */
export function symbolSizeFor(length: number, { symbolSize }: Profile): number {
  const whole = Math.ceil(length / SYMBOL_ALIGNMENT) * SYMBOL_ALIGNMENT
  return Math.min(symbolSize, Math.max(MIN_SYMBOL, whole))
}

function profile(version: keyof typeof codewords, framesPerSecond: number): Profile {
  const characters = alphanumericCapacity(version)
  const bytes = Math.floor(characters / 3) * 2 + (characters % 3 === 2 ? 1 : 0)
  const room = bytes - FRAME_HEADER - ID_BYTES
  return { version, framesPerSecond, symbolSize: room - (room % SYMBOL_ALIGNMENT) }
}
