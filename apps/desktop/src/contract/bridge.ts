import type { EventName } from './frames.ts'
import type { Result } from './result.ts'
import type { UseCaseName } from './use-cases/index.ts'

/** All that the page gets: `window.lux`, frozen. Values are those of the contract, typed by the renderer's own client. */
export type Bridge = {
  invoke(api: UseCaseName, input: unknown): Promise<Result<unknown>>
  /** Where a file or folder lies that a person dropped onto the window; null for anything else. From then on core may read it. */
  dropped(file: object): Promise<string | null>
  onEvent(listener: (event: EventName, payload: unknown) => void): () => void
}
