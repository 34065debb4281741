import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Hsm, softTokenEnvironment, startHsm } from '@lux/hsm'
import type { Program } from '../../core/program.ts'
import { firstOfLine } from '../../core/runs/effects/context.ts'
import { PinBox } from '../../core/runs/effects/token/pin-box.ts'
import { RunFolder } from '../../core/runs/folder/run-folder.ts'
import type { RunParts } from '../../core/runs/run/load-run.ts'
import type { Run } from '../../core/runs/run/run.ts'
import { systemClock, systemEntropy } from '../../core/system.ts'
import { sayWithheld } from '../token/library.ts'
import { withPadCancel } from '../token/pin-pad.ts'
import type { Lineages } from './lineage.ts'

/** Where a run's token is reached, and what the run cannot know by itself. */
export type Place = {
  library: string
  /** SHA-256 that plan or header pin for the library’s file: another file is HSM-LIBRARY-CHANGED and never loaded. */
  librarySha256?: string
  environment?: Readonly<Record<string, string>>
  initString?: string
  medium: string
  /** Identifiers of backups that are known to be burnt. */
  identifiers?: readonly number[]
} & Lineages

/** A rehearsal's throw-away token lies in its own folder. */
export function rehearsalPlace(folder: string): Place {
  const soft = softTokenEnvironment(join(folder, 'token'))
  return {
    library: soft.library,
    environment: soft.environment,
    medium: join(folder, 'medium'),
    lineage: firstOfLine,
  }
}

/** A throw-away token is worth nothing once its rehearsal is over. */
export function forgetToken(folder: string): void {
  rmSync(join(folder, 'token'), { recursive: true, force: true })
}

/** What a run is given around its folder, with no PIN in it yet. */
export function runParts(
  program: Program,
  hsm: Hsm,
  { medium, lineage, others = {}, identifiers = [] }: Pick<Place, 'medium' | 'identifiers'> & Lineages,
): RunParts {
  return {
    hsm,
    pins: new PinBox(),
    entropy: systemEntropy,
    clock: systemClock,
    measurement: program.measurement,
    keyChild: { execPath: program.execPath, entry: program.keyChildEntry },
    lineage: (audience) => others[audience] ?? lineage,
    // A command knows of no run but its own, and of what it was told.
    identifiers: () => new Set(identifiers),
    rehearsed: () => new Set(),
    medium: () => medium,
  }
}

/**
 * Holds the token's host process and one run for the time of a command. When the host dies between two steps the run
 * is told, and looks at the token before it goes on.
 */
export async function withRun<T>(
  program: Program,
  place: Place,
  open: (parts: RunParts, hsm: Hsm) => Run | Promise<Run>,
  work: (run: Run, hsm: Hsm) => Promise<T>,
): Promise<T> {
  sayWithheld(place.library, place.environment)
  const hsm = await startHsm({
    library: place.library,
    ...(place.librarySha256 === undefined ? {} : { librarySha256: place.librarySha256 }),
    execPath: program.execPath,
    ...(place.environment === undefined ? {} : { environment: place.environment }),
    ...(place.initString === undefined ? {} : { initString: place.initString }),
    ...(program.hostEntry === null ? {} : { hostEntry: program.hostEntry }),
  })
  let run: Run | null = null
  try {
    run = await open(runParts(program, hsm, place), hsm)
    hsm.onRestart(({ reason }) => run?.hostRestarted(reason))
    const opened = run
    return await withPadCancel(hsm, () => work(opened, hsm))
  } finally {
    run?.folder.close()
    await hsm.close()
  }
}

/** A run's folder, read for the time of `work` alone and not changed. Errors: CEREMONY-UNKNOWN, STORE-…. */
export function readRun<T>(folder: string, work: (folder: RunFolder) => T): T {
  const opened = RunFolder.open(folder)
  try {
    return work(opened)
  } finally {
    opened.close()
  }
}

/**
 * The library of a run: all its tokens are reached through one, so whatever another of them pins is refused by
 * `beginProduction` and `checkSame`.
 */
export function pinned(tokens: readonly { library: string }[]): { librarySha256?: string } {
  const [first] = tokens
  return first === undefined ? {} : { librarySha256: first.library }
}
