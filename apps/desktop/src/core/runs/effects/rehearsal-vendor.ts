import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Plan } from '@lux/ceremony'
import type { Policy } from '@lux/ceremony/policy'
import { encodeCanonical, fromBase64, parseCanonical, sha256Hex, toBase64 } from '@lux/crypto'
import { makeStandInVendor, type StandInVendor } from '@lux/hsm'
import { ExpectedError, readBounded, writeDurably } from '@lux/node-files'
import * as v from 'valibot'

const maxFile = 1 << 16
const file = 'stand-in-vendor.json'
const saved = v.strictObject({ root: v.string(), key: v.string() })

export const standInVendorName = 'Rehearsal vendor'

export const isAttested = (plan: Plan): boolean =>
  plan.tokens.some(({ attestation }) => attestation !== undefined)

/** A vendor for this rehearsal alone, kept with it (0600), and the line by which its policy pins it. */
export function makeVendor(folder: string, created: string): NonNullable<Policy['attestationRoots']>[number] {
  const vendor = makeStandInVendor(standInVendorName, created)
  const { root, key } = vendor
  writeDurably(join(folder, file), encodeCanonical({ root: toBase64(root), key: toBase64(key) }))
  return { name: standInVendorName, certificate: sha256Hex(root), format: 'luna' }
}

/** Errors: STAND-IN-ONLY where the run has none, FILE-DAMAGED. */
export function loadStandInVendor(folder: string): StandInVendor {
  const path = join(folder, file)
  if (!existsSync(path)) throw new ExpectedError('STAND-IN-ONLY', 'nobody stands in for the token’s vendor')
  const read = v.safeParse(saved, parseCanonical(readBounded(path, maxFile), { maxBytes: maxFile }))
  if (!read.success) throw new ExpectedError('FILE-DAMAGED', path)
  return { root: fromBase64(read.output.root), key: fromBase64(read.output.key) }
}
