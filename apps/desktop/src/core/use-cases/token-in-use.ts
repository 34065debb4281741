import { type State, view as viewOf } from '@lux/ceremony'
import { ExpectedError, fromSystemError } from '@lux/node-files'
import { RunFolder } from '../runs/folder/run-folder.ts'
import type { Store } from '../store/store.ts'

/** The runs of a store, of which one that cannot be read may be the token's. */
type Runs = {
  readonly states: Iterable<State>
  readonly lost: { readonly folder: string; readonly code: string; readonly detail: string } | null
}

/** What a ceremony that is not over has made, or works under, is destroyed by its own steps or not at all. Errors: TOKEN-KEY-IN-USE. */
export function mustBeUnused(
  { states, lost }: Runs,
  { serial, ckaId }: { serial: string; ckaId: string | null },
): void {
  for (const state of states) {
    const { needs, title } = viewOf(state)
    if (needs === null || !state.tokens.some((token) => token.serial === serial)) continue
    if (ckaId !== null && !keysOf(state).includes(ckaId)) continue
    const what = ckaId === null ? 'token' : 'key'
    throw new ExpectedError('TOKEN-KEY-IN-USE', `the ${what} is one of “${title}”`)
  }
  if (lost !== null)
    throw new ExpectedError(
      'TOKEN-KEY-IN-USE',
      `nobody knows what is of the ceremony in ${lost.folder}, which cannot be read: ${lost.code}: ${lost.detail}`,
    )
}

function keysOf({ keys, replicas, ceremonyKey }: State): readonly (string | undefined)[] {
  return [
    ...keys.map((key) => key.ckaId),
    ...replicas.map(({ evidence }) => evidence.ckaId),
    ceremonyKey?.ckaId,
    ceremonyKey?.sealCkaId,
  ]
}

/** The runs of a store whose runs nobody holds. */
export function runsOf(store: Store): Runs {
  const states: State[] = []
  let lost: Runs['lost'] = null
  for (const { folder } of store.runs()) {
    try {
      const run = RunFolder.open(folder)
      states.push(run.state)
      run.close()
    } catch (error) {
      const known = error instanceof ExpectedError ? error : fromSystemError(error, folder)
      if (known === null) throw error
      lost ??= { folder, code: known.code, detail: known.detail }
    }
  }
  return { states, lost }
}
