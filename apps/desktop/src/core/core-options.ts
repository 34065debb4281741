import type { Entropy } from '@lux/crypto'
import type { ExpectedError } from '@lux/node-files'
import type { Program } from './program.ts'
import type { Clock } from './system.ts'

/** PKCS#11 library and what its host process is given. `named`: by the environment, so that the window chooses no other. */
export type Library = {
  path: string
  environment: Readonly<Record<string, string>>
  initString?: string
  named?: true
}

export type CoreOptions = {
  storePath: string
  /** Asked once, when the library is about to be loaded. */
  library: () => Promise<Library>
  training: boolean
  /** Folder of the store's own soft tokens, which then gets a training token; null with a vendor's library. */
  trainingFolder: string | null
  program: Program
  clock: Clock
  entropy: Entropy
  generation: number
  /** Told when core must not be used after all: it is to end. */
  refuse: (error: ExpectedError) => void
  report: (error: unknown) => void
}
