import type { IconName } from '@lux/ui'
import type { CeremonySummary, RunView } from '../../contract/index.ts'
import type { Route, RouteName } from '../stores/route.ts'

/** The screens that the navigation names, in its order. */
export const screens = [
  'home',
  'ceremonies',
  'tokens',
  'holders',
  'approvals',
  'bundles',
  'transcript',
  'settings',
] as const satisfies readonly (RouteName & IconName)[]

/**
 * Whether the screen shows a rehearsal. No other screen is headed as one: what is open besides says nothing of it. The run's own view
 * comes first, because the list may not have it yet.
 */
export function showsRehearsal(
  { name, id }: Route,
  view: Pick<RunView, 'id' | 'domain'> | null,
  list: readonly Pick<CeremonySummary, 'id' | 'domain'>[],
): boolean {
  if (name !== 'run' && name !== 'transcript') return false
  const shown = view?.id === id ? view : list.find((one) => one.id === id)
  return shown?.domain === 'rehearsal'
}
