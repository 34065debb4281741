import type { Refusal } from '@lux/ceremony'
import { CoreError } from '@lux/node-files'

/** The engine's refusal as the failure of a call. */
export function refuse(refusal: Refusal | null): void {
  if (refusal !== null) throw new CoreError(refusal.rule, refusal.detail)
}
