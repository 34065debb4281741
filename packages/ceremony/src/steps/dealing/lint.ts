import { PROOF_BITS } from '@lux/crypto/fhe'
import { MAX_HOLDERS } from '@lux/crypto/sharing'
import type { LintTerms } from '../../plan/lint-terms.ts'
import type { Plan, PlannedFhe } from '../../plan/plan.ts'
import { holdersOf, namesOf, repeated } from '../../plan/queries.ts'
import { type PlanRefusal, planRefusal } from '../../plan/rules.ts'
import type { PlanProgress, Refuse, StepLint } from '../plan-progress.ts'

/** PLAN-40, PLAN-44: the threshold key by itself. */
export function lintFhe(plan: Plan, terms?: LintTerms): PlanRefusal[] {
  const { fhe } = plan
  if (fhe === undefined) return []
  const found: PlanRefusal[] = []
  const refuse = (detail: string) => found.push(planRefusal('PLAN-40', '', detail))
  for (const detail of proofFaults(fhe)) found.push(planRefusal('PLAN-44', '', detail))
  if (fhe.t > fhe.n) refuse(`t = ${fhe.t} is more than n = ${fhe.n}`)
  if (fhe.t < 2) refuse(`t = ${fhe.t} is less than 2`)
  if (fhe.n > MAX_HOLDERS) refuse(`n = ${fhe.n} is more than ${MAX_HOLDERS}`)
  if (fhe.holders.length !== fhe.n) refuse(`n = ${fhe.n}, but ${fhe.holders.length} holders are named`)
  const binary = fhe.type === 'TFHE_BINARY'
  for (const detail of binary ? binaryFaults(plan, fhe, terms) : []) refuse(detail)
  if (fhe.mode === 'S' && !fhe.squash && !binary)
    refuse('mode S decrypts squashed ciphertexts, and no squash key is made; fheSquash=true makes one')
  if (fhe.mode === 'F' && !isFlooded(fhe))
    refuse(
      `mode F holds at 2 of 2, 2 of 3 and 3 of 3, not at ${fhe.t} of ${fhe.n}; mode S does, with fheSquash=true`,
    )
  for (const name of repeated(fhe.holders)) refuse(`the holder ${name} is named twice`)
  const seated = namesOf(plan, 'holder')
  for (const name of fhe.holders) if (!seated.includes(name)) refuse(`${name} is not a holder of the plan`)
  return found
}

/** The pairs at which fresh 64-bit ciphertexts leave 40 bits of flooding. */
export function isFlooded({ t, n }: { t: number; n: number }): boolean {
  return ['2 2', '2 3', '3 3'].includes(`${t} ${n}`)
}

/** A new key for proven inputs gets a reference string; no other does. */
function proofFaults({ id, inputs, mode, proofBits, existing }: PlannedFhe): string[] {
  if (inputs === 'signed' || existing !== undefined)
    return proofBits === undefined ? [] : [`${id} is no new key for proven inputs, yet proofBits is there`]
  const { least, most } = PROOF_BITS
  const faults: string[] = []
  if (proofBits === undefined) faults.push(`${id} is for proven inputs, and proofBits is not there`)
  else if (proofBits < least || proofBits > most)
    faults.push(`proofBits is ${proofBits}, expected ${least} to ${most}`)
  if (mode === 'F') faults.push('what comes of a proven list has more noise than mode F hides; mode S does')
  return faults
}

/** Shares of a TFHE_BINARY key answer nothing, a canary neither; and what its shares are for, no ceremony does yet. */
function binaryFaults({ decryptions = [], reshare }: Plan, fhe: PlannedFhe, terms?: LintTerms): string[] {
  const faults: string[] = []
  if (fhe.mode !== 'S' || fhe.squash || fhe.inputs !== 'signed')
    faults.push('a TFHE_BINARY key is of mode S with signed inputs and without a squash key')
  if (decryptions.length > 0) faults.push('the shares of a TFHE_BINARY key decrypt nothing')
  if (reshare !== undefined || fhe.existing !== undefined)
    faults.push('no ceremony of this version moves a TFHE_BINARY key, which no canary can prove')
  if (terms?.domain === 'production')
    faults.push(
      'a TFHE_BINARY key is dealt in rehearsals only: no ceremony of this version recovers or moves it afterwards',
    )
  return faults
}

/** Every holder of the key, as it was before the run moves it, has a share. */
export function sharesKnown(plan: Plan, at: PlanProgress): boolean {
  return at.dealt && (plan.fhe?.holders ?? []).every((name) => at.acknowledged.has(name))
}

export const lints = {
  'fhe-deal': {
    opening: true,
    checkpoint: true,
    check(plan, _step, at, refuse) {
      if (plan.fhe === undefined) refuse('PLAN-57', 'the plan has no fhe section')
      if (plan.fhe?.existing !== undefined) refuse('PLAN-57', 'the key was dealt in an earlier ceremony')
      else if (at.dealt) refuse('PLAN-57', 'the key is dealt a second time')
    },
    change(_plan, _step, at) {
      at.dealt = true
    },
  },
  'acknowledge-holder': {
    uses: { holder: true },
    opening: true,
    check(plan, step, at, refuse) {
      if (at.fhe.assembled) return
      if (!at.dealt) refuse('PLAN-57', 'nothing is dealt yet')
      const again = holdersOf(plan, step).filter((name) => at.acknowledged.has(name))
      if (again.length > 0) refuse('PLAN-60', `${again.join(', ')} would acknowledge twice`)
    },
    change(plan, step, at) {
      if (at.fhe.assembled) return
      for (const name of holdersOf(plan, step)) at.acknowledged.add(name)
    },
  },
} satisfies Record<'fhe-deal' | 'acknowledge-holder', StepLint>

/** Before the seal every holder has proved the share. */
export function checkProved(plan: Plan, at: PlanProgress, refuse: Refuse): void {
  if (plan.fhe === undefined) return
  const missing = plan.fhe.holders.filter((name) => !at.acknowledged.has(name))
  if (missing.length > 0) refuse('PLAN-58', `not proved by ${missing.join(', ')}`)
}

export function undealt({ fhe }: Plan, at: PlanProgress, refuse: Refuse): void {
  if (fhe !== undefined && !at.dealt) refuse('PLAN-57', `no step deals the key ${fhe.id}`)
}
