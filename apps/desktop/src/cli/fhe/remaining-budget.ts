import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { encodeCanonical, type Json, parseCanonical, toHex } from '@lux/crypto'
import { type Budgets, checkBudgets, type FileHeader, type PublicFile } from '@lux/crypto/fhe'
import { ExpectedError, readBounded, writeDurably } from '@lux/node-files'
import { refused } from '../shell/command-line.ts'
import { inFile } from '../shell/fhe-files.ts'

const maxLeft = 4096

const leftName = (dealer: number) => `left-${dealer}.json`

/** What a holder's share may still answer, a dealer's beside its correction: a new holder cannot know it otherwise. */
export function writeLeft(folder: string, { holder, epochId }: FileHeader, budgets: Budgets): string {
  const path = join(folder, leftName(holder))
  writeDurably(path, encodeCanonical({ v: 1, dealer: holder, epochId: toHex(epochId), ...budgets }), 0o644)
  return path
}

/** What one holder of an epoch says is left. */
export type Said = { readonly holder: number; readonly left: Budgets }

/**
 * What a file that `writeLeft` wrote says. Errors: FHE-FIELD, FHE-RUN-MIXED of another epoch, FHE-BUDGET and FHE-FLOOD-FLOOR more
 * than its epoch ever allowed.
 */
function readLeft(path: string, pub: PublicFile): Said {
  const bytes = readBounded(path, maxLeft)
  const said = membersOf(inFile(path, () => parseCanonical(bytes, { maxBytes: maxLeft })))
  const [holder, at64, at128] = [count(said, 'dealer'), count(said, 'at64'), count(said, 'at128')]
  if (said.size !== 5 || said.get('v') !== 1 || holder === null || at64 === null || at128 === null)
    throw new ExpectedError(
      'FHE-FIELD',
      `${path}: not what "custody fhe left" or "custody fhe redeal" writes`,
    )
  const { n, epochId } = pub.header
  if (said.get('epochId') !== toHex(epochId) || holder < 1 || holder > n)
    throw new ExpectedError('FHE-RUN-MIXED', `${path}: of another holder or epoch`)
  const checked = checkBudgets(pub.header, { at64, at128 }, pub.pub128.length > 0)
  if (!checked.ok) throw refused({ rule: checked.rule, detail: `${path}: ${checked.detail}` })
  return { holder, left: checked.value }
}

/** What the dealer of a correction says beside it; null where nothing lies there. Errors: those of `readLeft`. */
export function leftBeside(correction: string, dealer: number, pub: PublicFile): Budgets | null {
  const path = join(dirname(correction), leftName(dealer))
  if (!existsSync(path)) return null
  const said = readLeft(path, pub)
  if (said.holder === dealer) return said.left
  throw new ExpectedError('FHE-RUN-MIXED', `${path}: of another holder or epoch`)
}

/**
 * What each holder of an epoch has left, 1 to n in order, null of who is silent: out of what is known already and the files that
 * `--left` names. Errors: those of `readLeft`, FHE-HOLDER-DUPLICATE.
 */
export function leftOfAll(
  known: readonly Said[],
  paths: readonly string[],
  pub: PublicFile,
): (Budgets | null)[] {
  const all = [...known]
  for (const path of paths) {
    const said = readLeft(path, pub)
    if (all.some(({ holder }) => holder === said.holder))
      throw new ExpectedError('FHE-HOLDER-DUPLICATE', `${path}: what holder ${said.holder} has left is known`)
    all.push(said)
  }
  return Array.from(
    { length: pub.header.n },
    (_, i) => all.find(({ holder }) => holder === i + 1)?.left ?? null,
  )
}

/** What silent holders cost, to read beside the budgets of the new shares. */
export function silentLines(left: readonly (Budgets | null)[]): string[] {
  const silent = left.flatMap((one, i) => (one === null ? [i + 1] : []))
  if (silent.length === 0) return []
  const names = silent.map((holder) => leftName(holder)).join(', ')
  return [
    `no ${names}: holder ${silent.join(', ')} counts as having spent all; "custody fhe left" writes it, --left names it`,
  ]
}

function membersOf(json: Json): ReadonlyMap<string, Json> {
  return new Map(typeof json === 'object' && json !== null ? Object.entries(json) : [])
}

function count(said: ReadonlyMap<string, Json>, name: string): number | null {
  const value = said.get(name)
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
}
