import type { PlanRefusal } from '@lux/ceremony/plan'

/** One line for each warning: rule, what, what to do. */
export function warningLines(warnings: readonly PlanRefusal[]): string[] {
  return warnings.map(({ rule, detail, remedy }) => `warning, ${rule}: ${detail}. ${remedy}`)
}
