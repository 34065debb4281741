/** Nothing at an address: tokens take a null pointer for a missing argument, and an empty message is not missing. */
const nothing = Buffer.alloc(8).subarray(0, 0)

/** The same memory as a Buffer, which pkcs11js insists on. */
export const asBuffer = (bytes: Uint8Array): Buffer =>
  bytes.length === 0 ? nothing : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
