import type { Command, Refusal } from '@lux/ceremony'
import { expired } from '@lux/ceremony/policy'
import type { RunContext } from '../context.ts'

/** What people say at the opening is not taken once the policy has expired: no bundle of that run would be accepted. */
export function lateOpening(
  run: Pick<RunContext, 'folder' | 'policy' | 'clock'>,
  command: Command,
): Refusal | null {
  const { steps, current } = run.folder.state
  const opens = command.type === 'proceed' || (command.type === 'submit' && command.what === 'opening')
  if (!opens || steps[current]?.step.do !== 'open-run') return null
  return expired(run.policy.policy, run.clock.now())
}
