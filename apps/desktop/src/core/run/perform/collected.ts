import { createReadStream, statSync } from 'node:fs'
import { type BlobSource, blobOf } from '@lux/ceremony/bundle'
import { encodeCanonical, type Json } from '@lux/crypto'

/** A file of the run as a blob, streamed: an FHE server key is never held whole. */
function blobOfFile(path: string, sha256: string): BlobSource {
  return { size: statSync(path).size, sha256, open: () => createReadStream(path) }
}

/** Collects a bundle's blobs and gives each one's digest for the predicate. */
export class Collected {
  readonly blobs: BlobSource[] = []

  bytes(bytes: Uint8Array): string {
    const blob = blobOf(bytes)
    this.blobs.push(blob)
    return blob.sha256
  }

  json(value: Json): string {
    return this.bytes(encodeCanonical(value))
  }

  file(path: string, sha256: string): string {
    this.blobs.push(blobOfFile(path, sha256))
    return sha256
  }
}
