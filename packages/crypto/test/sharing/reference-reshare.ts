import { createCipheriv, createHash, createHmac } from 'node:crypto'
import { bytesOf, wordsOf } from './reference.ts'

// The reshare of THRESHOLD-FHE, by OpenSSL and BigInt alone; nothing of src/ is used.

const KEY_ID = Buffer.alloc(32, 0x4b)
const FROM = { t: 2, n: 3 }
const TO = { t: 3, n: 4 }
const DEALERS = [1, 3]
export const OLD_SEED = (set: number) => Buffer.alloc(32, set)
/** Seed of new set number `at` (from 0) by dealer q: 32 times the byte 16 q + at. */
export const NEW_SEED = (q: number, at: number) => Buffer.alloc(32, 16 * q + at)

const little = (n: number, size: number) => Uint8Array.from({ length: size }, (_, i) => (n >> (8 * i)) & 255)
const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest()
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

function setsOf({ t, n }: { t: number; n: number }): number[] {
  return Array.from({ length: 2 ** n }, (_, mask) => mask).filter(
    (mask) => mask.toString(2).replaceAll('0', '').length === t - 1,
  )
}

function stream(seed: Uint8Array, width: 64 | 128): bigint[] {
  const key = createHmac('sha256', seed).update(`lux-fhe/v1/share-${width}`).update(KEY_ID).digest()
  const size = width === 64 ? 2048 * 8 : 4096 * 16
  // OpenSSL's IV is the counter, then the nonce; both are zero.
  const bytes = createCipheriv('chacha20', key, Buffer.alloc(16)).update(Buffer.alloc(size))
  return wordsOf(new Uint8Array(bytes), width)
}

const sum = (width: 64 | 128, vectors: readonly bigint[][], sign: bigint[]) =>
  vectors[0]!.map((_, j) =>
    BigInt.asUintN(
      width,
      vectors.reduce((total, v, i) => total + sign[i]! * v[j]!, 0n),
    ),
  )

/** What the frozen file says, line by line. */
export function referenceReshare(): string[] {
  const lines = [`from (${FROM.t},${FROM.n}) by ${DEALERS} to (${TO.t},${TO.n})`]
  const newSets = setsOf(TO)
  lines.push(`new sets ${newSets}`)
  for (const q of DEALERS) {
    const own = setsOf(FROM).filter(
      (set) => DEALERS.find((dealer) => ((set >> (dealer - 1)) & 1) === 0) === q,
    )
    const commitments = newSets.map((set, at) =>
      sha256(Buffer.from('lux-fhe/v1/seed'), KEY_ID, little(set, 2), little(q, 1), NEW_SEED(q, at)),
    )
    lines.push(`dealer ${q} sets ${own} commitments ${hex(sha256(...commitments))}`)
    for (const width of [64, 128] as const) {
      const vectors = [
        ...own.map((set) => stream(OLD_SEED(set), width)),
        ...newSets.map((_, at) => stream(NEW_SEED(q, at), width)),
      ]
      const correction = sum(width, vectors, [...own.map(() => 1n), ...newSets.map(() => -1n)])
      lines.push(
        `dealer ${q} K=${width} corr[0] ${correction[0]!.toString(16)} sha256 ${hex(sha256(bytesOf(correction, width)))}`,
      )
    }
  }
  return lines
}
