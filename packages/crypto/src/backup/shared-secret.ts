import { concatBytes, equalBytes, wipe } from '../bytes.ts'
import { hmacSha256 } from '../hash.ts'
import { accept, type Outcome, refuse } from '../outcome.ts'
import type { Entropy } from '../random.ts'
import { interpolate, type Point } from './galois-field.ts'

// SLIP-0039 "Sharing a secret": beside the secret the polynomials hold a digest of it, by which a wrong share is found.
const secretAt = 255
const digestAt = 254
const digestLength = 4

/** Shares 0 to count - 1 of a secret that any `threshold` of them give back. With a threshold of 1 each is the secret itself. */
export function splitSecret(
  { threshold, count }: { readonly threshold: number; readonly count: number },
  secret: Uint8Array,
  entropy: Entropy,
): Uint8Array[] {
  if (threshold === 1) return Array.from({ length: count }, () => secret.slice())
  const points: Point[] = []
  for (let x = 0; x < threshold - 2; x++) points.push({ x, y: draw(entropy, secret.length) })
  const shares = points.map(({ y }) => y)
  const random = draw(entropy, secret.length - digestLength)
  const digest = digestOf(random, secret)
  const digestShare = concatBytes(digest, random)
  points.push({ x: digestAt, y: digestShare }, { x: secretAt, y: secret })
  for (let x = threshold - 2; x < count; x++) shares.push(interpolate(points, x))
  for (const bytes of [random, digest, digestShare]) wipe(bytes)
  return shares
}

/**
 * The secret of at least `threshold` points. BACKUP-SHARES-DISAGREE when one beyond the threshold is not on the polynomials
 * of the first, BACKUP-DIGEST when those do not hold the digest of their secret.
 */
export function recoverSecret(threshold: number, points: readonly Point[]): Outcome<Uint8Array> {
  const used = points.slice(0, threshold)
  for (const { x, y } of points.slice(threshold)) {
    const expected = interpolate(used, x)
    const same = equalBytes(expected, y)
    wipe(expected)
    if (!same) {
      return refuse('BACKUP-SHARES-DISAGREE', `share ${x + 1} does not agree with the ${threshold} before it`)
    }
  }
  if (threshold === 1) return accept((used[0]?.y ?? new Uint8Array(0)).slice())
  const secret = interpolate(used, secretAt)
  const digestShare = interpolate(used, digestAt)
  const digest = digestOf(digestShare.subarray(digestLength), secret)
  const same = equalBytes(digest, digestShare.subarray(0, digestLength))
  wipe(digestShare)
  wipe(digest)
  if (same) return accept(secret)
  wipe(secret)
  return refuse('BACKUP-DIGEST', 'the shares do not hold one secret together')
}

function digestOf(random: Uint8Array, secret: Uint8Array): Uint8Array {
  const whole = hmacSha256(random, secret)
  const digest = whole.slice(0, digestLength)
  wipe(whole)
  return digest
}

function draw(entropy: Entropy, length: number): Uint8Array {
  const bytes = entropy.bytes(length)
  if (bytes.length !== length) throw new RangeError(`entropy: gave ${bytes.length} bytes, expected ${length}`)
  return bytes
}
