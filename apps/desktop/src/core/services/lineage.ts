import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { receiptCodec } from '@lux/ceremony/wire'
import { CoreError } from '../core-error.ts'
import { firstOfLine, type Lineage } from '../run/run-context.ts'
import type { RunFolder } from '../run/run-folder.ts'
import type { OpenRun } from './open-runs.ts'
import type { Parts } from './parts.ts'
import { readableRuns } from './readable-runs.ts'

/**
 * The lineage of a run of the window, as all runs of the store say it. A run without a destination follows nothing, so
 * that nothing is asked of the others. Errors: LINEAGE-UNREADABLE.
 */
export function lineageInStore(own: RunFolder | null, parts: Pick<Parts, 'store' | 'runs'>): Lineage {
  if (own === null || own.state.destinations.length === 0) return firstOfLine
  return lineageOf(
    own,
    requireReadable(parts).map(({ run }) => run.folder),
  )
}

/**
 * All runs of the store. One that cannot be read may hold the bundle that the next one has to follow, so it is named and
 * nothing is guessed. Errors: LINEAGE-UNREADABLE.
 */
export function requireReadable(parts: Pick<Parts, 'store' | 'runs'>): OpenRun[] {
  const { open, unreadable } = readableRuns(parts)
  const [first] = unreadable
  if (first === undefined) return open
  const { code, detail } = first.failure
  const folder = parts.store.runs().find(({ id }) => id === first.id)?.folder ?? first.id
  throw new CoreError(
    'LINEAGE-UNREADABLE',
    `${folder}: ${code}: ${detail}`,
    'put that folder back from its copy, or move it out of the store, then try again',
  )
}

/**
 * Where a run's audience stands as this store knows it: after the last bundle that the server receipted, replacing by
 * name those that were sealed for it since and never receipted. SPEC.md "Sequence".
 */
export function lineageOf(own: RunFolder, others: Iterable<RunFolder>): Lineage {
  const audience = own.state.destinations[0]?.audience
  const earlier = [...others]
    .filter(
      ({ state, header }) =>
        state.ceremonyId !== own.state.ceremonyId &&
        state.domain === own.state.domain &&
        state.bundle?.sha256 != null &&
        state.destinations[0]?.audience === audience &&
        header.created <= own.header.created,
    )
    .toSorted((a, b) => (a.header.created < b.header.created ? -1 : 1))
  let last = 0
  let previous: string | null = null
  let supersedes: string[] = []
  for (const folder of earlier) {
    const digest = folder.state.bundle?.digest ?? ''
    const sequence = receiptedAs(folder, audience ?? '')
    if (sequence === null) supersedes.push(digest)
    else {
      last = sequence
      previous = digest
      supersedes = []
    }
  }
  return { sequence: String(last + 1 + supersedes.length), previous, supersedes }
}

function receiptedAs(folder: RunFolder, audience: string): number | null {
  if (!existsSync(join(folder.path, 'receipts', `${audience}.json`))) return null
  const receipt = receiptCodec.file.check(folder.readDocument(`receipts/${audience}.json`))
  return receipt.ok ? Number(receipt.value.payload.sequence) : null
}
