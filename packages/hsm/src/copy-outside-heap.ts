/**
 * A copy in memory outside V8's heap, so that a wipe leaves no trace. V8 keeps arrays of up to 64 bytes on its own heap, moves them, and
 * leaves old copies behind.
 */
export function copyOutsideHeap(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new ArrayBuffer(bytes.length))
  copy.set(bytes)
  return copy
}
