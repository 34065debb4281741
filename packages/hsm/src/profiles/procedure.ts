import type { ReplicationStep } from '../device.ts'
import type { Profile } from './profile.ts'

/** The vendor's own procedure with the names of this key and these tokens put in. */
export function replicationProcedure(
  { replicationSteps }: Profile,
  names: { from: string; to: string; id: string; label: string },
): ReplicationStep[] {
  const filled = (text: string) =>
    Object.entries(names).reduce((made, [name, value]) => made.replaceAll(`{${name}}`, value), text)
  return replicationSteps.map((step) => ({
    ...step,
    command: step.command === null ? null : filled(step.command),
  }))
}
