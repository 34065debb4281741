export type Bytes = Uint8Array<ArrayBufferLike>
