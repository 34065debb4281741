/**
 * The fountain code that makes frames of an object, RFC 6330. It comes in as an argument: a page hands in the WebAssembly that it loaded.
 * A packet is a FEC payload ID (u8 source block, u24be encoding symbol ID) and a symbol. Whoever calls `add` has checked both.
 */
export type ErasureCode = {
  /** The source packets in order and `repair` more, of one source block. */
  encode(object: Uint8Array, symbolSize: number, repair: number): readonly Uint8Array[]
  open(length: number, symbolSize: number): ErasureDecoder
}

export type ErasureDecoder = {
  /** The object, once enough packets are in. */
  add(packet: Uint8Array): Uint8Array | null
  close(): void
}
