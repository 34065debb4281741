/**
 * A copy that is gone once it is wiped. Arrays of up to 64 bytes are on V8's own heap otherwise: it moves them, and copies them out
 * where somebody asks for their memory, and leaves what they held where it was.
 */
export function copyOutsideHeap(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new ArrayBuffer(bytes.length))
  copy.set(bytes)
  return copy
}
