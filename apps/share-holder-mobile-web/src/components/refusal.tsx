import { FailureNotice } from '@lux/ui'
import type { No } from '../device/api.ts'

/** What happened, why, what to do. */
export function Refusal({ refused }: { refused: No }) {
  return <FailureNotice failure={{ code: refused.rule, detail: refused.detail }} />
}
