const alternativeIv = 0xa659_59a6

/**
 * RFC 5649 section 4.2 with somebody else's block decryption: how an attacker opens a KWP or KW blob once the KEK decrypts
 * single blocks. Returns the key, or null when the integrity check fails.
 */
export function unwrapWithBlockCipher(
  wrapped: Uint8Array,
  decryptBlock: (block: Buffer) => Uint8Array,
): Buffer | null {
  const n = wrapped.length / 8 - 1
  if (!Number.isInteger(n) || n < 1) return null
  let a: Buffer = Buffer.from(wrapped.subarray(0, 8))
  const r = Buffer.from(wrapped.subarray(8))
  const decrypt = (left: Buffer, at: number): Buffer =>
    Buffer.from(decryptBlock(Buffer.concat([left, r.subarray(at, at + 8)])))
  if (n === 1) {
    const block = decrypt(a, 0)
    a = block.subarray(0, 8)
    block.copy(r, 0, 8)
  } else {
    for (let j = 5; j >= 0; j--) {
      for (let i = n; i >= 1; i--) {
        a.writeBigUInt64BE(a.readBigUInt64BE() ^ BigInt(n * j + i))
        const block = decrypt(a, (i - 1) * 8)
        a = Buffer.from(block.subarray(0, 8))
        block.copy(r, (i - 1) * 8, 8)
      }
    }
  }
  if (a.equals(Buffer.alloc(8, 0xa6))) return r
  const length = a.readUInt32BE(4)
  if (a.readUInt32BE(0) !== alternativeIv || length > r.length || length <= r.length - 8) return null
  return r.subarray(0, length)
}
