import { readEntry } from '@lux/ceremony'
import type { HybridSignature, Json } from '@lux/crypto'
import { packageFile } from './places.ts'
import type { RunFolder } from './run-folder.ts'

/** A requester's package with every approval that the run took: what holders, the bundle and verifiers see. */
export function approvedPackage(folder: RunFolder, taken: string, digest: string): Json {
  // Written by `takeRequest` as a codec's value, so it has this shape.
  const given = folder.readDocument(packageFile(taken)) as { request: Json; provenance: Json }
  const approvals: HybridSignature[] = []
  for (const stored of folder.entries()) {
    const read = readEntry(stored)
    if (read.ok && read.entry.kind === 'signature.accepted' && read.entry.fact.subject === digest)
      approvals.push(read.entry.fact.signature)
  }
  // A package is JSON by its codec.
  return { ...given, approvals } as unknown as Json
}
