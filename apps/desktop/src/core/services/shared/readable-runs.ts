import { ExpectedError, fromSystemError } from '@lux/node-files'
import type { UnreadableRun } from '../../../contract/index.ts'
import type { OpenRun } from './open-runs.ts'
import type { ServiceContext } from './service-context.ts'

/** One folder that is damaged, newer or in use keeps nobody from the other ceremonies. */
export function readableRuns({ store, runs }: Pick<ServiceContext, 'store' | 'runs'>): {
  open: OpenRun[]
  unreadable: UnreadableRun[]
} {
  const open: OpenRun[] = []
  const unreadable: UnreadableRun[] = []
  for (const { id, folder } of store.runs()) {
    try {
      open.push(runs.get(id))
    } catch (error) {
      const known = error instanceof ExpectedError ? error : fromSystemError(error, folder)
      if (known === null) throw error
      const { code, detail } = known
      unreadable.push({ id, failure: { code, detail } })
    }
  }
  return { open, unreadable }
}
