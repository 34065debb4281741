import type { Json } from '@lux/crypto'
import * as v from 'valibot'
import { member } from '../bundle/recorded.ts'
import { required, type Verification } from '../bundle/verification.ts'
import {
  capabilities,
  type MachineEvidence,
  machineEvidence,
  machineLevels,
} from '../documents/ceremony/machine.ts'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import type { Plan } from '../plan/plan.ts'
import { stepsOf } from '../plan/queries.ts'
import type { Header } from '../transcript/schema.ts'

/** Tokens of which the plan names a device, and that ran on another, or said nothing of themselves. */
export function otherDevices(plan: Plan, { tokens }: Pick<Header, 'tokens'>) {
  return plan.tokens.flatMap(({ role, device: planned }) => {
    const shown = tokens.find((token) => token.role === role)?.device
    const same = shown?.maker === planned?.maker && shown?.model === planned?.model
    return planned === undefined || same ? [] : [{ role, planned, shown: shown ?? null }]
  })
}

const room = [
  { effect: 'measure-machine', name: 'machine', shape: machineEvidence },
  { effect: 'probe-token', name: 'capabilities', shape: capabilities },
]

/** What version 3 adds to results, in another form or step than SPEC.md 13.4 has it, or null. Earlier versions have neither. */
export function roomFault(of: Verification): string | null {
  if (of.predicate.v !== 3) return null
  for (const { step } of stepsOf(required(of.plan)))
    for (const { effect, name, shape } of room) {
      const result = of.run.results.get(`${step.id} ${effect}`) ?? null
      if (result !== null && step.do !== effect) return `${step.id}: ${effect} in a step of another kind`
      if (has(result, name) && !v.is(shape, member(result, name)))
        return `${step.id}: ${name} is not of its form`
    }
  return null
}

function has(result: Json, name: string): boolean {
  return typeof result === 'object' && result !== null && name in result
}

/** What the last measuring of the machine says; null where that is redacted: an earlier one does not count in its place. */
export function machineOf({ plan, run }: Verification): MachineEvidence | null {
  const last = stepsOf(required(plan)).findLast(
    ({ step: { do: kind, id } }) =>
      kind === 'measure-machine' && (run.redacted.has(id) || run.results.has(`${id} measure-machine`)),
  )
  if (last === undefined || run.redacted.has(last.step.id)) return null
  const said = member(run.results.get(`${last.step.id} measure-machine`) ?? null, 'machine')
  const parsed = v.safeParse(machineEvidence, said)
  return parsed.success ? parsed.output : null
}

/** SPEC.md 13.4: the medium is that of the plan, and the machine shows what the policy asks for. */
export function checkMachine(of: Verification): Outcome<string> {
  const { predicate, policy, run } = of
  const { image } = run.header.machine
  const planned = required(of.plan).image
  if (predicate.domain === 'production' && image !== planned)
    return refuse('MACHINE', 'the workstation names another medium than the plan')
  const asked = policy.machine
  if (asked === undefined) return accept('the policy asks for nothing')
  const shown = machineOf(of)
  const level = shown?.level ?? 'M0'
  if (asked.least === 'M3')
    return refuse('MACHINE', 'the policy asks for a quote, which nobody here can check')
  if (machineLevels.indexOf(level) < machineLevels.indexOf(asked.least))
    return refuse('MACHINE', `${level}, the policy asks for ${asked.least}`)
  const { images } = asked
  const unlisted = [image, shown?.image].find((one) => one !== undefined && images?.includes(one) === false)
  return unlisted === undefined ? accept(level) : refuse('MACHINE', `${unlisted} is no image of the policy`)
}
