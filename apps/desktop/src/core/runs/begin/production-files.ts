import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { transportCodec } from '@lux/ceremony/wire'
import { encodeCanonical, FormatError, type Json, parseCanonical, sha256Hex } from '@lux/crypto'
import { rootCertificate } from '@lux/hsm'
import { ExpectedError, readBounded } from '@lux/node-files'
import { maxAttestation } from '../effects/attestation.ts'

const maxFile = 1 << 20
/** public.bin: 2 MB at (8,15) after a reshare. */
export const maxPublic = 4 << 20

/** Card files and signed transport files of a folder, each by the digest that a plan names it by. */
export function readCards(folder: string): { cards: Map<string, Json>; transports: Map<string, Json> } {
  const cards = new Map<string, Json>()
  const transports = new Map<string, Json>()
  if (!existsSync(folder)) return { cards, transports }
  for (const file of readdirSync(folder).filter((one) => one.endsWith('.json'))) {
    const value = readJson(join(folder, file))
    const transport = transportCodec.file.check(value)
    if (transport.ok) transports.set(transportCodec.payload.digest(transport.value.payload), value)
    else cards.set(sha256Hex(encodeCanonical(value)), value)
  }
  return { cards, transports }
}

/** Vendors' files of a folder by SHA-256, as they are; a root certificate in PEM also as the DER that a policy pins. */
export function readAttestations(folder: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>()
  if (!existsSync(folder)) return files
  for (const { name } of readdirSync(folder, { withFileTypes: true }).filter((one) => one.isFile())) {
    const bytes = readBounded(join(folder, name), maxAttestation)
    const der = rootCertificate(bytes)
    for (const one of der === null ? [bytes] : [bytes, der]) files.set(sha256Hex(one), one)
  }
  return files
}

/** What goes with a plan where people keep it: policy.json, cards/ and attestations/ beside it. */
export function besidePlan(plan: string): { policy: string; cards: string; attestations: string } {
  const folder = dirname(resolve(plan))
  return {
    policy: join(folder, 'policy.json'),
    cards: join(folder, 'cards'),
    attestations: join(folder, 'attestations'),
  }
}

function readJson(path: string): Json {
  try {
    return parseCanonical(readBounded(path, maxFile), { maxBytes: maxFile })
  } catch (error) {
    if (error instanceof FormatError) {
      throw new ExpectedError(
        'FILE-WRONG-KIND',
        `${path}: ${error.rule}; only card and transport files belong into that folder`,
      )
    }
    throw error
  }
}
