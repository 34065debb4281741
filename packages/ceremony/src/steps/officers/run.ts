import { sha256Hex } from '@lux/crypto'
import * as v from 'valibot'
import { digest, line } from '../../documents/format/fields.ts'
import type { Submit } from '../../model/commands.ts'
import type { Decision } from '../../model/events.ts'
import { refuse } from '../../model/rules.ts'
import type { State, StepProgress } from '../../model/state.ts'
import { namesOf } from '../../plan/queries.ts'
import { positive } from '../result-fields.ts'
import { madeHere, signerOf, verify } from '../signers.ts'
import { currentStep, stageOf } from '../stages.ts'
import { differs, type EffectModules } from '../step-module.ts'
import { stillToSign } from './queries.ts'

/** An officer of the policy under which the run goes signs the next one, whether he stays or leaves. */
function takePolicySignature(state: State, command: Submit): Decision {
  const progress = currentStep(state)
  const stage = progress && stageOf(progress)
  const { nextPolicy } = state
  if (progress === null || stage?.kind !== 'signatures' || stage.what !== 'policy' || nextPolicy === null)
    return refuse('SUBMIT-01', 'no policy is being signed')
  const subject = nextPolicy.policy
  if (sha256Hex(command.payload) !== subject) return refuse('SUBMIT-02', `expected the policy ${subject}`)
  const seat = signerOf(state, 'officer', command.signature)
  if (seat === null) return refuse('SUBMIT-03', `${command.signature.signer} is no officer of this run`)
  if (nextPolicy.signers.includes(seat.name)) return refuse('SUBMIT-05', `${seat.name} has signed`)
  const invalid = verify(state, 'policy', seat.keys, command)
  if (invalid !== null) return invalid
  const { signature } = command
  const what = 'policy' as const
  const fact = { what, subject, name: seat.name, signer: seat.signer, signature, ...madeHere(state, command) }
  return { ok: true, events: [{ kind: 'signature.accepted', stepId: progress.step.id, fact }] }
}

/** True when both versions' officers have signed. */
export function policySigned(state: State, progress: StepProgress, name: string): boolean {
  if (state.nextPolicy === null) return false
  state.nextPolicy.signers.push(name)
  progress.summary.push({ label: 'policy-signed', value: name })
  return stillToSign(state) === 0
}

export const effects = {
  'read-policy': {
    schema: v.strictObject({
      policy: digest,
      version: positive,
      quorum: positive,
      staying: v.pipe(v.array(line), v.maxLength(32)),
      ahead: v.pipe(v.array(line), v.maxLength(32)),
    }),
    effect: ({ state, base }) => ({ ...base, kind: 'read-policy', policy: plannedPolicy(state) }),
    verify(state, effect, { policy, quorum, staying, ahead }) {
      if (effect.policy !== null && policy !== effect.policy)
        return differs(`the policy ${effect.policy}`, `the policy ${policy}`)
      const here = namesOf(state.plan, 'officer').filter((name) => staying.includes(name)).length
      return here + ahead.length >= quorum
        ? null
        : differs(
            `${quorum} officers of the next policy`,
            `${here} in the room and ${ahead.length} beforehand`,
          )
    },
    apply(state, _progress, result, show) {
      state.nextPolicy = { ...result, signers: [] }
      show('next-policy', result.policy)
    },
  },
} satisfies EffectModules<'read-policy'>

/** A rehearsal has a stand-in's in the place of the planned one. */
function plannedPolicy({ domain, plan }: State): string | null {
  return domain === 'production' ? (plan.nextPolicy ?? '') : null
}

export const submissions = { policy: takePolicySignature }
