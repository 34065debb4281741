import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { encodeCanonical, type Json, parseCanonical, toHex } from '@lux/crypto'
import { type Budgets, checkBudgets, type FileHeader, type PublicFile } from '@lux/crypto/fhe'
import { CoreError } from '../core/core-error.ts'
import { readBounded, writeDurably } from '../core/store/durable-file.ts'
import { refused } from './command-line.ts'
import { inFile } from './fhe-files.ts'

const maxLeft = 4096

export const leftName = (dealer: number) => `left-${dealer}.json`

/** What a dealer's share may still answer, beside its correction: a new holder cannot know it otherwise. */
export function writeLeft(folder: string, { holder, epochId }: FileHeader, budgets: Budgets): string {
  const path = join(folder, leftName(holder))
  writeDurably(path, encodeCanonical({ v: 1, dealer: holder, epochId: toHex(epochId), ...budgets }), 0o644)
  return path
}

/**
 * What the dealer of a correction says is left, of the file that `writeLeft` wrote beside it; null where there is none. Errors:
 * FHE-FIELD, FHE-RUN-MIXED of another dealer or epoch, FHE-BUDGET and FHE-FLOOD-FLOOR more than its epoch ever allowed.
 */
export function leftBeside(correction: string, dealer: number, pub: PublicFile): Budgets | null {
  const path = join(dirname(correction), leftName(dealer))
  if (!existsSync(path)) return null
  const bytes = readBounded(path, maxLeft)
  const said = membersOf(inFile(path, () => parseCanonical(bytes, { maxBytes: maxLeft })))
  const [at64, at128] = [blocks(said.get('at64')), blocks(said.get('at128'))]
  if (said.size !== 5 || said.get('v') !== 1 || at64 === null || at128 === null)
    throw new CoreError('FHE-FIELD', `${path}: not what "custody fhe redeal" writes`)
  if (said.get('dealer') !== dealer || said.get('epochId') !== toHex(pub.header.epochId))
    throw new CoreError('FHE-RUN-MIXED', `${path}: of another dealer or epoch`)
  const checked = checkBudgets(pub.header, { at64, at128 }, pub.pub128.length > 0)
  if (!checked.ok) throw refused({ rule: checked.rule, detail: `${path}: ${checked.detail}` })
  return checked.value
}

function membersOf(json: Json): ReadonlyMap<string, Json> {
  return new Map(typeof json === 'object' && json !== null ? Object.entries(json) : [])
}

function blocks(value: Json | undefined): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
}
