import type { IconName } from '@lux/ui'
import type { RouteName } from '../stores/route.ts'

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
