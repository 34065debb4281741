import { type HybridSignature, sha256Hex } from '@lux/crypto'
import { encodeManifest } from './dsse.ts'
import type { Predicate } from './predicate.ts'
import { predicateTypes, statementCodec, statementType } from './statement.ts'
import { blobName, manifestName, transcriptName } from './zip-layout.ts'
import { writeZip, type ZipSource } from './zip-writer.ts'

/** A file to put into a bundle, by content. */
export type BlobSource = Pick<ZipSource, 'size' | 'sha256' | 'open'>

/** Blob of bytes that are in memory already. */
export function blobOf(bytes: Uint8Array): BlobSource {
  return {
    size: bytes.length,
    sha256: sha256Hex(bytes),
    async *open() {
      yield bytes
    },
  }
}

/** Everything in a bundle but its manifest. A blob given twice is stored once. */
export type BundleParts = {
  readonly predicate: Predicate
  readonly transcript: BlobSource
  readonly blobs: readonly BlobSource[]
}

/** The DSSE payload: JCS of the in-toto statement. Its SHA-256 is the bundle digest that is read aloud. */
export function buildPayload(parts: BundleParts): Uint8Array {
  return statementCodec.encode({
    _type: statementType,
    subject: sourcesOf(parts).map(({ name, size, sha256 }) => ({
      name,
      digest: { sha256 },
      annotations: { size: String(size) },
    })),
    predicateType: predicateTypes[parts.predicate.v],
    predicate: parts.predicate,
  })
}

/** bundle.zip, chunk by chunk. `payload` is that of `buildPayload` for these very parts. */
export function writeBundle(
  parts: BundleParts,
  payload: Uint8Array,
  signatures: readonly HybridSignature[],
): AsyncGenerator<Uint8Array, void, undefined> {
  const manifest = blobOf(encodeManifest(payload, signatures))
  return writeZip([{ ...manifest, name: manifestName }, ...sourcesOf(parts)])
}

function sourcesOf({ transcript, blobs }: BundleParts): ZipSource[] {
  const unique = new Map(blobs.map((blob) => [blob.sha256, blob]))
  const sorted = [...unique.values()].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1))
  return [
    { ...transcript, name: transcriptName },
    ...sorted.map((blob) => ({ ...blob, name: blobName(blob.sha256) })),
  ]
}
