/** Words of one vector at most: 8192 of 64 bits or 4096 of 128. */
export const VECTOR_BYTES = 65_536
/** Sets without a holder at most: C(14,7) at (8,15). */
export const MAX_SETS = 3432
/** Bytes of the longest seed list of a set (15 dealers), and of the longest message under it. */
export const MAX_KEY_BYTES = 480
export const MAX_MESSAGE_BYTES = 112

const NOISE_BYTES = 16 * MAX_SETS

/** Where things lie in the kernel's memory. All is zero but the table; `wipe` zeroes the secrets, from SECRETS to MESSAGES. */
export const AT = {
  /** SHA-256's round constants, u32. */
  ROUND_CONSTANTS: 0,
  SECRETS: 0x400,
  /** 16 vectors of 4 lanes: the message schedule of four blocks, and their 8 vectors of state. */
  SCHEDULES: 0x500,
  STATES: 0x600,
  /** Schedule and state of one block. */
  SCHEDULE: 0x700,
  STATE: 0x800,
  /** HMAC: key (wiped after use), inner and outer message, result. */
  KEY: 0x900,
  INNER: 0xb80,
  OUTER: 0xcc0,
  MAC: 0xd80,
  /** Ring elements of 4 x 16 bytes: one block's partial, a term of it, the packed element. */
  PARTIAL: 0xe40,
  TERM: 0xe80,
  ELEMENT: 0xec0,
  /** Flooding noise of each set for one block, 16 bytes each. */
  NOISE: 0x1000,
  /** f_A(i) of each set: four vectors of 16-byte words. */
  FACTORS: 0x1000 + NOISE_BYTES,
  /** Flood keys, four sets interleaved word by word. */
  FLOOD_KEYS: 0x1000 + 5 * NOISE_BYTES,
  /** Share vector: four coefficient vectors. */
  VECTORS: 0x60000,
  /** Key stream of a seed, or a mask. */
  STREAM: 0xa0000,
  /** Message slots, as many as were admitted: public. */
  MESSAGES: 0xb0000,
} as const

export const FACTOR_STRIDE = NOISE_BYTES
export const PAGE_BYTES = 65_536
export const LEAST_PAGES = AT.MESSAGES / PAGE_BYTES
/** Room for 1024 blocks, the most a ciphertext has. */
export const MOST_PAGES = 1037
/** From one message slot to the next: an aligned mask after its prefix, the body, padding, and the digest. */
export const MESSAGE_STRIDE = 65_664
/** "lux-fhe/v1/block" || u8 K || u32 N. */
export const PREFIX_BYTES = 21
export const MASK_OFFSET = 32
export const DIGEST_OFFSET = 65_632
