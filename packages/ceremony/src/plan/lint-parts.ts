import { PROOF_BITS } from '@lux/crypto/fhe'
import type { Domain } from '../documents/format/fields.ts'
import type { EvidenceTerms } from './lint-evidence.ts'
import type { Listed } from './lint-listed.ts'
import { sitsTwice } from './lint-renewals.ts'
import type { Plan, PlannedFhe, PlannedKey } from './plan.ts'
import { leavesByWindow, levelOrder, mayJoin, namesOf, stepsOf, vendorWayOf } from './queries.ts'
import { type PlanRefusal, planRefusal } from './rules.ts'

/** What the policy asks for; absent when the plan is looked at without its policy. */
export type LintTerms = {
  officers: number
  witnesses: number
  evidence?: EvidenceTerms
  listed?: Listed
  /** Of the policy. */
  domain?: Domain
}

/** PLAN-10 to PLAN-12: who sits in the room. */
export function lintPeople(plan: Plan, terms: LintTerms | undefined): PlanRefusal[] {
  const found: PlanRefusal[] = []
  for (const card of repeated(plan.people.map((person) => person.card)))
    found.push(planRefusal('PLAN-10', '', `the card ${card} is listed twice`))
  const seats = plan.people.filter(({ role, name }) => role !== 'holder' || !sitsTwice(plan, name))
  for (const seat of repeated(seats.map(({ role, name }) => `${name} as ${role}`)))
    found.push(planRefusal('PLAN-10', '', `${seat} is listed twice`))
  for (const name of new Set(plan.people.map((person) => person.name))) {
    const roles = [
      ...new Set(plan.people.filter((person) => person.name === name).map((person) => person.role)),
    ]
    if (!mayJoin(roles)) found.push(planRefusal('PLAN-11', '', `${name} is ${roles.join(' and ')}`))
  }
  const least = { officers: Math.max(1, terms?.officers ?? 1), witnesses: terms?.witnesses ?? 0 }
  const officers = namesOf(plan, 'officer').length
  const witnesses = namesOf(plan, 'witness').length
  if (officers < least.officers)
    found.push(planRefusal('PLAN-12', '', `${officers} officers are seated, ${least.officers} must sign`))
  if (witnesses < least.witnesses)
    found.push(
      planRefusal('PLAN-12', '', `${witnesses} witnesses are seated, ${least.witnesses} must cosign`),
    )
  return found
}

/** PLAN-20, PLAN-21: the tokens by themselves. */
export function lintTokens(plan: Plan): PlanRefusal[] {
  const found: PlanRefusal[] = []
  for (const role of repeated(plan.tokens.map((token) => token.role)))
    found.push(planRefusal('PLAN-20', '', `the token role ${role} is listed twice`))
  for (const serial of repeated(
    plan.tokens.map((token) => token.serial).filter((serial) => serial !== 'new'),
  ))
    found.push(planRefusal('PLAN-20', '', `the token ${serial} is listed twice`))
  if (!plan.tokens.some((token) => token.role === 'ceremony'))
    found.push(planRefusal('PLAN-20', '', 'no token has the role ceremony'))
  for (const token of plan.tokens) {
    const steps = stepsOf(plan).filter(
      ({ step }) => step.do === 'initialise-token' && (step.token ?? 'ceremony') === token.role,
    )
    if (token.serial !== 'new') {
      for (const { step } of steps)
        found.push(planRefusal('PLAN-21', step.id, `the token ${token.role} is known as ${token.serial}`))
      continue
    }
    if (token.label === undefined)
      found.push(planRefusal('PLAN-21', '', `the new token ${token.role} has no label`))
    if (steps.length !== 1)
      found.push(
        planRefusal('PLAN-21', '', `the new token ${token.role} is initialised by ${steps.length} steps`),
      )
  }
  return found
}

/** PLAN-30 to PLAN-32: the keys by themselves. */
export function lintKeys(plan: Plan): PlanRefusal[] {
  const found: PlanRefusal[] = []
  for (const id of repeated(plan.keys.map((key) => key.id)))
    found.push(planRefusal('PLAN-30', '', `the key ${id} is listed twice`))
  const roots = plan.keys.filter((key) => key.level === 'root')
  if (plan.keys.length > 0 && roots.length !== 1)
    found.push(planRefusal('PLAN-30', '', `the plan has ${roots.length} root keys`))
  for (const key of plan.keys) {
    const fault = parentFault(plan, key)
    if (fault !== null) found.push(planRefusal('PLAN-30', '', fault))
    if (key.level !== 'data' && key.algorithm !== 'AES-256')
      found.push(planRefusal('PLAN-31', '', `the ${key.level} key ${key.id} is ${key.algorithm}`))
    if (key.level !== 'root' && (key.replication !== undefined || key.existing !== undefined))
      found.push(
        planRefusal('PLAN-32', '', `${key.id} is no root, so it has no replication and is not existing`),
      )
  }
  const [root] = roots
  if (root !== undefined && vendorWayOf(root) !== null) {
    if (plan.destinations.length > 0)
      found.push(
        planRefusal('PLAN-32', '', `${root.id} goes by the vendor’s way, yet destinations are listed`),
      )
    if (!stepsOf(plan).some(({ step }) => step.do === 'replicate-root' && step.key === root.id))
      found.push(planRefusal('PLAN-34', '', `no step brings ${root.id} into another token`))
  }
  if (root !== undefined && root.existing === undefined && vendorWayOf(root) === null) {
    const window = leavesByWindow(plan, root)
    if (window && plan.destinations.length === 0)
      found.push(planRefusal('PLAN-32', '', `${root.id} has a trusted window and there is no destination`))
    if (!window && plan.destinations.length > 0)
      found.push(planRefusal('PLAN-32', '', `${root.id} stays in its token, yet destinations are listed`))
  }
  // The bundle names one audience, and its receipt shows the root in the one node that this server has.
  const count = plan.destinations.length
  if (count > 1)
    found.push(
      planRefusal(
        'PLAN-32',
        '',
        `${count} destinations are listed, and a bundle is for one server with one node`,
      ),
    )
  return found
}

function parentFault(plan: Plan, key: PlannedKey): string | null {
  if (key.level === 'root') return key.parent === undefined ? null : `the root ${key.id} has a parent`
  const parent = plan.keys.find((other) => other.id === key.parent)
  if (parent === undefined)
    return `the parent of ${key.id} is ${key.parent ?? 'not named'}, which is no key of the plan`
  if (levelOrder[parent.level] === levelOrder[key.level] - 1) return null
  return `${key.id} is a ${key.level} key under the ${parent.level} key ${parent.id}`
}

/** PLAN-40, PLAN-44: the threshold key by itself. */
export function lintFhe(plan: Plan, terms?: LintTerms): PlanRefusal[] {
  const { fhe } = plan
  if (fhe === undefined) {
    const without = [...(plan.decryptions ?? []).map(({ id }) => id), ...(plan.reshare ? ['reshare'] : [])]
    return without.map((what) => planRefusal('PLAN-41', '', `${what}: the plan has no fhe section`))
  }
  const found: PlanRefusal[] = [...lintDecryptions(plan, fhe), ...lintReshare(plan, fhe)]
  const refuse = (detail: string) => found.push(planRefusal('PLAN-40', '', detail))
  for (const detail of proofFaults(fhe)) found.push(planRefusal('PLAN-44', '', detail))
  if (fhe.t > fhe.n) refuse(`t = ${fhe.t} is more than n = ${fhe.n}`)
  if (fhe.t < 2) refuse(`t = ${fhe.t} is less than 2`)
  if (fhe.n > 15) refuse(`n = ${fhe.n} is more than 15`)
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
function isFlooded({ t, n }: { t: number; n: number }): boolean {
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

function lintDecryptions(plan: Plan, fhe: PlannedFhe): PlanRefusal[] {
  const found: PlanRefusal[] = []
  const refuse = (detail: string) => found.push(planRefusal('PLAN-41', '', detail))
  const all = plan.decryptions ?? []
  for (const id of repeated(all.map((one) => one.id))) refuse(`the decryption ${id} is listed twice`)
  const open = all.filter((one) => one.canary !== true)
  if (open.length > 0 && namesOf(plan, 'approver').length === 0) refuse('nobody is approver')
  for (const { id, answers } of open) {
    // After the next epoch is live its own quorum counts; the smaller of both is what can be said here.
    const least = Math.min(fhe.t, plan.reshare?.t ?? fhe.t)
    const most = Math.max(fhe.n, plan.reshare?.n ?? fhe.n)
    if (answers < least || answers > most)
      refuse(`${id}: ${answers} answers, ${least} to ${most} are possible`)
  }
  for (const { id, answers } of all.filter((one) => one.canary === true))
    if (answers !== plan.reshare?.n) refuse(`${id}: a canary is answered by all holders of the next epoch`)
  return found
}

function lintReshare(plan: Plan, fhe: PlannedFhe): PlanRefusal[] {
  const { reshare } = plan
  if (reshare === undefined) return []
  const { kind, t, n, holders, dealers } = reshare
  const found: PlanRefusal[] = []
  const refuse = (detail: string) => found.push(planRefusal('PLAN-42', '', detail))
  if (t < 2 || t > n || n > 15) refuse(`${t} of ${n} is no quorum`)
  if (holders.length !== n) refuse(`n = ${n}, but ${holders.length} holders are named`)
  for (const name of repeated(holders)) refuse(`the holder ${name} is named twice`)
  const seated = namesOf(plan, 'holder')
  for (const name of holders) if (!seated.includes(name)) refuse(`${name} is not a holder of the plan`)
  const numbers = dealers.map((name) => fhe.holders.indexOf(name))
  if (numbers.includes(-1)) refuse('somebody re-deals who holds no share')
  if (dealers.length !== fhe.t) refuse(`${dealers.length} re-deal, the old quorum is ${fhe.t}`)
  if (numbers.some((number, at) => at > 0 && number <= (numbers[at - 1] ?? 0)))
    refuse('the dealers are not in the order of their numbers')
  if (fhe.mode === 'F' && !isFlooded(reshare))
    refuse(
      `a key of mode F can move to 2 of 2, 2 of 3 and 3 of 3, not to ${t} of ${n}: its new shares could answer nothing`,
    )
  if (fhe.mode === 'F' && fhe.squash)
    refuse('a canary of mode F leaves the correction of the squash key untried; such a key is of mode S')
  const same = [...holders].sort().join() === [...fhe.holders].sort().join()
  if (kind === 'refresh' && (!same || t !== fhe.t)) refuse('a refresh keeps the people and the quorum')
  const fewer = holders.every((name) => fhe.holders.includes(name)) && n < fhe.n
  if (kind === 'remove' && !fewer) refuse('a removal keeps some of the people and takes others away')
  return found
}

/** Each value that stands more than once. */
export function repeated(values: readonly string[]): string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))]
}
