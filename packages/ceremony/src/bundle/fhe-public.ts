import {
  concatBytes,
  encodeCanonical,
  equalBytes,
  fromHex,
  sha256,
  sha256Hex,
  toHex,
  utf8,
} from '@lux/crypto'
import { MAX_HOLDERS } from '@lux/crypto/sharing'
import type { Domain } from '../documents/format/fields.ts'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import type { BundleFhe } from './predicate.ts'

const magic = utf8('lux-pub1')

const headerLength = 83

const pub64Length = 2048 * 8

const pub128Length = 4096 * 16

/** Both keys of the Boolean API in one vector: 805 + 1536, 837 + 2048, 739 + 1536 and 770 + 2048 words. */
const binaryLengths = [2341, 2885, 2275, 2818].map((words) => words * 8)

/** public.bin is at most this long: (8,15) after a reshare has 6435 sets of 8 commitments. */
export const maxPublic = headerLength + 32 + pub64Length + pub128Length + 6435 * 15 * 32

/** A reference string is at most this long; one for 64 bits has 3.4 MB. */
export const maxReferenceString = 16 << 20

/** How tfhe's safe_serialize begins a CompactPkeCrs: versions 0.5 and 0.1, then the name with its length. */
const referenceStringHeader = concatBytes(
  ...[utf8('\u0003'), new Uint8Array(7), utf8('0.5'), new Uint8Array(4)],
  ...[utf8('\u0003'), new Uint8Array(7), utf8('0.1')],
  ...[utf8('\u0011'), new Uint8Array(7), utf8('zk::CompactPkeCrs')],
)

/** Whether a file says that it is tfhe's reference string; whoever uses it has tfhe read the rest. Refuses FHE-COMMITMENTS. */
export function checkReferenceString(bytes: Uint8Array): Outcome<null> {
  const { length } = referenceStringHeader
  return bytes.length > length && equalBytes(bytes.subarray(0, length), referenceStringHeader)
    ? accept(null)
    : refuse('FHE-COMMITMENTS', 'the reference string is a file of another kind')
}

/** SHA-256("lux-fhe/v1/key" || digest of the compact public key || digest of the server key), hex. */
export function fheKeyId(compactPublicKey: string | null, serverKey: string | null): string {
  const digest = (hex: string | null) => (hex === null ? sha256() : fromHex(hex, 32))
  return sha256Hex(utf8('lux-fhe/v1/key'), digest(compactPublicKey), digest(serverKey))
}

/** Digest of the roster, SHA-256(JCS([{index, name, card}])). */
export function rosterDigest(holders: BundleFhe['holders']): Uint8Array {
  return sha256(encodeCanonical(holders.map(({ index, name, card }) => ({ index, name, card }))))
}

/**
 * Computes key id, epoch id and commitments digest again from public.bin (THRESHOLD-FHE sections 3 and 10) and compares
 * them with what the bundle claims. Refuses FHE-COMMITMENTS.
 */
export function checkFhePublic(bytes: Uint8Array, fhe: BundleFhe, domain: Domain): Outcome<string> {
  const wrong = (what: string) => refuse('FHE-COMMITMENTS', what)
  if (bytes.length < headerLength + 32 + pub64Length) return wrong('public.bin is too short')
  if (!equalBytes(bytes.subarray(0, 8), magic)) return wrong('public.bin has another magic')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const domainByte = domain === 'production' ? 1 : 0
  if (bytes[8] !== domainByte) return wrong('public.bin is of the other domain')
  const [keyId, epochId] = [bytes.subarray(9, 41), bytes.subarray(41, 73)]
  const epoch = view.getUint32(73, true)
  const [t, n, holder, d] = [bytes[77] ?? 0, bytes[78] ?? 0, bytes[79], bytes[80] ?? 0]
  if (holder !== 0 || t !== fhe.t || n !== fhe.n || epoch !== fhe.epoch) {
    return wrong('t, n or epoch of public.bin is another')
  }
  if (t < 2 || t > n || d < 1 || d > MAX_HOLDERS) return wrong('t, n or the number of dealers is impossible')
  if (toHex(keyId) !== fhe.keyId || fheKeyId(fhe.compactPublicKey, fhe.serverKey) !== fhe.keyId) {
    return wrong('the key id is not that of public key and server key')
  }
  const roster = bytes.subarray(headerLength, headerLength + 32)
  if (!equalBytes(roster, rosterDigest(fhe.holders))) return wrong('the roster of public.bin is another')

  const commitmentsLength = 32 * d * sets(t, n)
  const vectors = bytes.length - headerLength - 32 - commitmentsLength
  const binary = fhe.type === 'TFHE_BINARY'
  const lengths = binary ? binaryLengths : [pub64Length, pub64Length + pub128Length]
  if (!lengths.includes(vectors)) return wrong(`public.bin has another length than a ${fhe.type} key's`)
  if (binary && fhe.compactPublicKey !== null) return wrong('a TFHE_BINARY key has no compact public key')
  const first = headerLength + 32 + (binary ? vectors : pub64Length)
  const pub64 = bytes.subarray(headerLength + 32, first)
  const pub128 = bytes.subarray(first, headerLength + 32 + vectors)
  const commitments = sha256(bytes.subarray(bytes.length - commitmentsLength))
  const computed = sha256(
    utf8('lux-fhe/v1/epoch'),
    Uint8Array.of(domainByte),
    keyId,
    // epoch, t, n, then d and dealer mask, all as they stand in the header but for the holder between them.
    bytes.subarray(73, 79),
    bytes.subarray(80, 83),
    sha256(pub64),
    sha256(pub128),
    commitments,
    roster,
  )
  if (!equalBytes(computed, epochId) || toHex(epochId) !== fhe.epochId)
    return wrong('the epoch id does not follow')
  if (toHex(commitments) !== fhe.commitments) return wrong('the commitments are others')
  return accept(`${t} of ${n}, ${sets(t, n)} sets`)
}

/** C(n, t - 1): how many sets of t - 1 holders there are. */
function sets(t: number, n: number): number {
  let count = 1
  for (let i = 1; i < t; i++) count = (count * (n - i + 1)) / i
  return count
}
