import { join } from 'node:path'
import { headerCodec } from '@lux/ceremony/transcript'
import { preflightLibrary } from '@lux/hsm'
import { ExpectedError } from '@lux/node-files'
import { RunFolder } from '../../runs/folder/run-folder.ts'
import { RunDatabase } from '../../store/run-database.ts'
import type { Store } from '../../store/store.ts'

const ends: ReadonlySet<string> = new Set(['run.closed', 'run.aborted'])

/**
 * What the library's file has to be while a production run of this store is not over: the digest that its plan pinned,
 * read from the logs before anything is loaded. Empty without such a run. Errors: HSM-LIBRARY-….
 */
export function pinnedLibrary(store: Store, path: string): { librarySha256?: string } {
  const pins = store.runs().flatMap(({ folder }) => pinsOf(folder))
  const [first] = pins
  if (first === undefined) return {}
  const { sha256 } = preflightLibrary(path)
  return { librarySha256: pins.find((pin) => pin !== sha256) ?? first }
}

/** A log that cannot be read is reported when its run is opened. */
function pinsOf(folder: string): string[] {
  try {
    // Opening a log that is gone would make an empty one.
    if (!RunFolder.isAt(folder)) return []
    const log = new RunDatabase(join(folder, 'ceremony.db'))
    try {
      const jcs = log.header()
      const header = jcs === null ? null : headerCodec.parse(jcs)
      if (header === null || !header.ok || header.value.domain !== 'production') return []
      for (const { kind } of log.lines()) if (ends.has(kind)) return []
      return header.value.tokens.map(({ library }) => library)
    } finally {
      log.close()
    }
  } catch (error) {
    if (error instanceof ExpectedError) return []
    throw error
  }
}
