// What this package takes from any JavaScript host, so that it compiles without DOM and Node types.

declare class TextEncoder {
  encode(input: string): Uint8Array<ArrayBuffer>
}

declare class TextDecoder {
  constructor(label: 'utf-8', options: { fatal: true; ignoreBOM: true })
  decode(input: Uint8Array): string
}

declare class ReadableStream<Chunk = unknown> {
  constructor(source: {
    pull(controller: { enqueue(chunk: Chunk): void; close(): void }): Promise<void>
    cancel(): Promise<void>
  })
  getReader(): {
    read(): Promise<{ done: false; value: Chunk } | { done: true; value?: undefined }>
    cancel(): Promise<void>
  }
}

interface CryptoKey {
  readonly type: string
}

interface AuthenticationExtensionsPRFValues {
  readonly first: ArrayBuffer | ArrayBufferView
}
