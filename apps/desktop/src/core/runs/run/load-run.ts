import { readEntry } from '@lux/ceremony'
import type { RunContext } from '../effects/context.ts'
import { project } from '../folder/project.ts'
import { RunFolder } from '../folder/run-folder.ts'
import { Run } from './run.ts'

export type RunParts = Omit<RunContext, 'signal' | 'progress' | 'folder' | 'policy'>

/** A run on a folder that is open: its files are made true to its log first. */
export function runOn(folder: RunFolder, parts: RunParts, changed: () => void): Run {
  return new Run({ ...parts, folder, policy: folder.policy }, changed)
}

/**
 * Takes up a run that was left or died: replayed, its files projected again, and told that whatever was on its way is
 * gone, so that the engine looks at the token before it acts. Errors: CEREMONY-UNKNOWN, STORE-….
 */
export function loadRun(path: string, parts: RunParts, changed: () => void): Run {
  const folder = RunFolder.open(path)
  try {
    for (const stored of folder.entries()) {
      const read = readEntry(stored)
      if (read.ok) project(folder, read.entry)
    }
    const run = runOn(folder, parts, changed)
    if (folder.state.started && run.view().needs !== null) run.interrupted('the program was started again')
    return run
  } catch (error) {
    folder.close()
    throw error
  }
}
