import type { State } from '@lux/ceremony'
import { ExpectedError } from '@lux/node-files'
import { readableRuns } from '../shared/readable-runs.ts'
import type { ServiceContext } from '../shared/service-context.ts'

/**
 * What a ceremony that is not over has made, or works under, is destroyed by its own steps or not at all. Looks at every run of
 * the store, loaded or not; one that cannot be read may be the token's. Errors: TOKEN-KEY-IN-USE.
 */
export function mustBeNoCeremonys(parts: ServiceContext, serial: string, ckaId: string): void {
  mustBeUnused(parts, serial, 'the key is one', (state) => keysOf(state).includes(ckaId))
}

/** As `mustBeNoCeremonys`, of a token that is about to be erased: whatever it holds. */
export function mustServeNoCeremony(parts: ServiceContext, serial: string): void {
  mustBeUnused(parts, serial, 'the token is one', () => true)
}

function mustBeUnused(
  parts: ServiceContext,
  serial: string,
  what: string,
  uses: (state: State) => boolean,
): void {
  const { open, unreadable } = readableRuns(parts)
  for (const { run } of open) {
    const view = run.view()
    const { state } = run.folder
    if (view.needs === null || !state.tokens.some((token) => token.serial === serial) || !uses(state))
      continue
    throw new ExpectedError('TOKEN-KEY-IN-USE', `${what} of “${view.title}”`)
  }
  const [lost] = unreadable
  if (lost === undefined) return
  const { folder } = parts.store.runs().find(({ id }) => id === lost.id) ?? { folder: lost.id }
  throw new ExpectedError(
    'TOKEN-KEY-IN-USE',
    `nobody knows what is of the ceremony in ${folder}, which cannot be read: ${lost.failure.code}: ${lost.failure.detail}`,
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
