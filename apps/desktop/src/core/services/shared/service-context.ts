import type { Entropy } from '@lux/crypto'
import type { Hsm } from '@lux/hsm'
import type { EventName, Events } from '../../../contract/index.ts'
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
  readonly clock: Clock
  readonly entropy: Entropy
  readonly program: Program
  readonly training: boolean
  readonly runs: OpenRuns
  readonly paths: GrantedPaths
  readonly files: FileWorks
  readonly emit: <N extends EventName>(event: N, payload: Events[N]) => void
}
