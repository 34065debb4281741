import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Plan } from '@lux/ceremony/plan'
import { receiptCodec } from '@lux/ceremony/wire'
import { ExpectedError } from '@lux/node-files'
import { burntIn } from '../../runs/begin/burnt.ts'
import { firstOfLine, type Lineage } from '../../runs/effects/context.ts'
import { identifiersIn } from '../../runs/effects/recovery/backup.ts'
import { type KeptLineages, lineagesOf } from '../../runs/effects/sealing/bundle.ts'
import type { RunFolder } from '../../runs/folder/run-folder.ts'
import type { OpenRun } from '../shared/open-runs.ts'
import { readableRuns } from '../shared/readable-runs.ts'
import type { ServiceContext } from '../shared/service-context.ts'

/**
 * The lineage of a run of the window, as all runs of the store say it. A run without a destination follows nothing, so
 * that nothing is asked of the others. Errors: LINEAGE-UNREADABLE.
 */
export function lineageInStore(
  own: RunFolder | null,
  audience: string,
  parts: Pick<ServiceContext, 'store' | 'runs'>,
): Lineage {
  if (own === null || own.state.destinations.length === 0) return firstOfLine
  return lineageOf(
    own,
    audience,
    requireReadable(parts).map(({ run }) => run.folder),
  )
}

/**
 * All runs of the store. One that cannot be read may hold the bundle that the next one has to follow, so it is named and
 * nothing is guessed. Errors: LINEAGE-UNREADABLE.
 */
export function requireReadable(parts: Pick<ServiceContext, 'store' | 'runs'>): OpenRun[] {
  const { open, unreadable } = readableRuns(parts)
  const [first] = unreadable
  if (first === undefined) return open
  const { code, detail } = first.failure
  const folder = parts.store.runs().find(({ id }) => id === first.id)?.folder ?? first.id
  throw new ExpectedError('LINEAGE-UNREADABLE', `${folder}: ${code}: ${detail}`)
}

/**
 * Sets of backups that runs of the store burnt, where a plan uses a backup: a run that cannot be read may have burnt that very one. Errors:
 * LINEAGE-UNREADABLE.
 */
export function burntInStore(
  { recovery }: Plan,
  parts: Pick<ServiceContext, 'store' | 'runs'>,
): ReadonlySet<string> {
  return recovery === undefined
    ? new Set()
    : burntIn(requireReadable(parts).map(({ run }) => run.folder.state))
}

/** Identifiers of the backups of every run of the store that can be read: one that cannot keeps no root from its backup. */
export function identifiersInStore(parts: Pick<ServiceContext, 'store' | 'runs'>): ReadonlySet<number> {
  return new Set(readableRuns(parts).open.flatMap(({ run }) => identifiersIn(run.folder.state)))
}

/**
 * Where a server of the run stands as this store knows it: after the highest number that the server receipted, whenever the
 * run of that bundle was begun, replacing by name what was sealed for it under higher numbers and never receipted.
 * SPEC.md 6.3 "sequence".
 */
export function lineageOf(own: RunFolder, audience: string, others: Iterable<RunFolder>): Lineage {
  const sealed = [...others].filter(
    ({ state }) =>
      state.ceremonyId !== own.state.ceremonyId &&
      state.domain === own.state.domain &&
      state.bundle?.sha256 != null &&
      state.destinations.some((one) => one.audience === audience),
  )
  let last = 0
  let previous: string | null = null
  const open: { sequence: number; digest: string }[] = []
  for (const folder of sealed) {
    const digest = folder.state.bundle?.digest ?? ''
    const receipted = receiptedAs(folder, audience)
    if (receipted === null) open.push({ sequence: builtAs(folder, audience), digest })
    else if (receipted > last) {
      last = receipted
      previous = digest
    }
  }
  const supersedes = open
    .filter(({ sequence }) => sequence > last)
    .toSorted((a, b) => a.sequence - b.sequence)
    .map(({ digest }) => digest)
  return { sequence: String(last + 1 + supersedes.length), previous, supersedes }
}

/** The number that a bundle of this store was built with for a server. */
function builtAs(folder: RunFolder, audience: string): number {
  // Written by buildBundle alone.
  const lineages = lineagesOf(folder.readDocument('build-bundle.json') as unknown as KeptLineages)
  const at = folder.state.destinations.findIndex((one) => one.audience === audience)
  return Number(lineages[at]?.sequence)
}

function receiptedAs(folder: RunFolder, audience: string): number | null {
  if (!existsSync(join(folder.path, 'receipts', `${audience}.json`))) return null
  const receipt = receiptCodec.file.check(folder.readDocument(`receipts/${audience}.json`))
  return receipt.ok ? Number(receipt.value.payload.sequence) : null
}
