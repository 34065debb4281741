import type { Entropy } from '@lux/crypto'
import type { Hsm } from '@lux/hsm'
import type { EventName, Events, LibrarySource, Paper } from '../../../contract/index.ts'
import type { Library } from '../../core-options.ts'
import type { Program } from '../../program.ts'
import type { Store } from '../../store/store.ts'
import type { Clock } from '../../system.ts'
import type { FileWorks } from './file-work.ts'
import type { GrantedPaths } from './granted-paths.ts'
import type { OpenRuns } from './open-runs.ts'

/** What every service is given; `createCore` puts it together. */
export type ServiceContext = {
  readonly store: Store
  /** Throws HsmError with why there is no token library. */
  readonly hsm: () => Hsm
  /** Whether the environment names the library, people chose it in the window, or it is the store's own. */
  readonly librarySource: () => LibrarySource
  /** Loads another library in the place of this one, `null` the store's own; refuses LIBRARY-IN-USE and LIBRARY-NAMED. */
  readonly replaceLibrary: (library: Library | null) => Promise<Hsm>
  readonly clock: Clock
  readonly entropy: Entropy
  readonly program: Program
  readonly training: boolean
  /** Where a training store's soft tokens lie; null of a store that is none, or where the environment names the library. */
  readonly trainingFolder: string | null
  readonly runs: OpenRuns
  readonly paths: GrantedPaths
  readonly files: FileWorks
  /** Has main print a page that the window never sees, or write it as PDF to `to`; false where the system's dialog was closed. */
  readonly print: (paper: Paper, to: string | null) => Promise<boolean>
  readonly emit: <N extends EventName>(event: N, payload: Events[N]) => void
}
