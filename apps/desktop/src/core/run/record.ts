import type { NewEvent } from '@lux/ceremony'
import type { Entropy } from '@lux/crypto'
import { project } from '../runs/folder/project.ts'
import type { RunFolder } from '../runs/folder/run-folder.ts'
import type { Clock } from '../system.ts'

/** Puts the events of one command on disk and makes the run's files true to them. Errors: DISK-FULL, FOLDER-READ-ONLY. */
export function record(
  folder: RunFolder,
  events: readonly NewEvent[],
  { clock, entropy }: { clock: Clock; entropy: Entropy },
): void {
  for (const entry of folder.append(events, clock, entropy)) project(folder, entry)
}
