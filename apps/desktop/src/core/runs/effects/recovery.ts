import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { readEntry } from '@lux/ceremony'
import type { Predicate } from '@lux/ceremony/bundle'
import { sha256Hex } from '@lux/crypto'
import { parseMedium } from '@lux/crypto/backup'
import { ExpectedError, readBounded } from '@lux/node-files'
import { mediumPath } from '../folder/places.ts'
import type { RunFolder } from '../folder/run-folder.ts'
import { type Collected, signedDocument } from './bundle-threshold.ts'
import type { Perform } from './context.ts'

const maxMedium = 16_384

/** Whether it is the one that was sealed, the engine says. Errors: BACKUP-MEDIUM-MISSING, BACKUP-MEDIUM-…, BACKUP-MEDIUM-OTHER. */
export const checkMedium: Perform<'check-medium'> = async ({ root, medium }, { folder }) => {
  const digest = sha256Hex(readMedium(folder, root))
  if (digest !== medium)
    throw new ExpectedError('BACKUP-MEDIUM-OTHER', `SHA-256 ${digest}, the plan says ${medium}`)
  return { medium: digest }
}

/** The copy of the sealed medium that lies in the run's folder. */
function readMedium(folder: RunFolder, root: string): Uint8Array {
  const path = mediumPath(folder, root)
  if (!existsSync(path))
    throw new ExpectedError(
      'BACKUP-MEDIUM-MISSING',
      `${relative(folder.path, path)} is not in the run’s folder`,
    )
  const bytes = readBounded(path, maxMedium)
  const parsed = parseMedium(bytes)
  if (!parsed.ok) throw new ExpectedError(parsed.rule, parsed.detail)
  return bytes
}

/** The backup of an earlier ceremony that the run used, with every custodian's statement. */
export function recoveryOf(folder: RunFolder, collected: Collected): Pick<Predicate, 'recovery'> {
  const { plan, recovery } = folder.state
  if (plan.recovery === undefined || recovery === null) return {}
  const statements: NonNullable<Predicate['recovery']>['statements'] = []
  for (const stored of folder.entries()) {
    const read = readEntry(stored)
    if (!read.ok || read.entry.kind !== 'custodian.stated') continue
    const { index, name } = read.entry.fact.payload
    statements.push({ index, name, document: collected.json(signedDocument(read.entry.fact)) })
  }
  const { use } = plan.recovery
  const { backup } = recovery
  return { recovery: { use, backup, statements: statements.toSorted((a, b) => a.index - b.index) } }
}
