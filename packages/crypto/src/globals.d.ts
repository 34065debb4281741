// What this package takes from any JavaScript host, so that it compiles without DOM and Node types.

declare class TextEncoder {
  encode(input: string): Uint8Array<ArrayBuffer>
}

declare class TextDecoder {
  constructor(label: 'utf-8', options: { fatal: true; ignoreBOM: true })
  decode(input: Uint8Array): string
}

// Named in the declarations of age-encryption only; nothing here makes one.
interface ReadableStream<_Chunk = unknown> {
  readonly locked: boolean
}

interface CryptoKey {
  readonly type: string
}

interface AuthenticationExtensionsPRFValues {
  readonly first: ArrayBuffer | ArrayBufferView
}
