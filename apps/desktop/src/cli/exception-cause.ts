import type { RunView } from '@lux/ceremony'
import { standingText } from './shell/refusal-help.ts'

/** What to do about what opened the exception, before anybody decides; null where it has no name. */
export function remedyFirst({ exceptions }: Pick<RunView, 'exceptions'>): string | null {
  const open = exceptions.find(({ decision }) => decision === null)
  const code = /^([A-Z0-9-]+): /.exec(open?.happened ?? '')?.[1]
  return code === undefined ? null : (standingText(code)?.remedy ?? null)
}
