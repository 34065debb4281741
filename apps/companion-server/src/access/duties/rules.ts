import { type Grant, roleMay } from '../authorize.ts'
import { type ApprovalsNeeded, approvedActions, type KeyScope, sameApprovals } from '../conditions.ts'

/** What people have to approve in a place, as a role there or of a group says it. */
export type Guard = Pick<Grant, 'organisation' | 'project'> & {
  readonly scope: KeyScope
  readonly needed: ApprovalsNeeded
}

/** What an operation does to who may do what: its own word, which the rules weigh. */
export type Touch =
  /** Whoever does it can be this identity: by a reset, a secret, a key, a certificate, a provider. */
  | { readonly takes: string }
  /** Somebody has this role from now on, himself or by a group. `to`: who, as approvers read it. */
  | { readonly gives: Grant; readonly to: string }
  /** Somebody has this role no more. */
  | { readonly ends: Grant; readonly of: string }

/** Of an operation that does none of it. */
export const nobody = (): readonly Touch[] => []

/** Whose secrets an identity comes in by, beside its own: `made` has them, `invited` gave the code that it set its own with. */
export type Hands = { readonly made: readonly string[]; readonly invited: readonly string[] }
export const ownHands: Hands = { made: [], invited: [] }

/** The rules of separated duties: each with its name, and whom it asks. docs/adr/0051 says why. */
export const duties = {
  'DUTY-OWN-APPROVER': 'Nobody resets, equips or provides for somebody whose approval he needs himself.',
  'DUTY-APPROVED':
    'Where a key has approvers, they approve what changes them, what could be one of them, and each role that would not wait for them.',
  'DUTY-TOO-FEW': 'Neither who asks nor who is changed is among those who approve it.',
  'DUTY-DEPENDENT': 'What somebody made, reset or invited never counts as independent of him.',
  'DUTY-SERVICE': 'A service approves only where the role says so.',
  'DUTY-NO-ASKER': 'What no identity asks for, a command or a provider, waits for nobody and is refused.',
  'DUTY-NONE-SPARE': 'As many approvers as approvals: the first who is away stops it. It is warned of.',
} as const satisfies Readonly<Record<string, string>>
export type Duty = keyof typeof duties

export function guardOf({ organisation, project, conditions }: Grant): Guard | null {
  const needed = conditions?.approvals
  if (needed === undefined) return null
  const { keyNames, keyAlgorithms } = conditions ?? {}
  return { organisation, project, scope: { keyNames, keyAlgorithms }, needed }
}

export const guardsOf = (grants: readonly Grant[]): readonly Guard[] =>
  grants.flatMap((grant) => guardOf(grant) ?? [])

/** DUTY-APPROVED: whose approvals it takes. `grantsOf`: the roles of who would be taken. */
export function touchedBy(
  touch: Touch,
  guards: readonly Guard[],
  grantsOf: (identity: string) => readonly Grant[],
): readonly Guard[] {
  if ('gives' in touch) return guards.filter((guard) => escapes(touch.gives, guard))
  if ('ends' in touch) return guardsOf([touch.ends])
  const grants = grantsOf(touch.takes)
  return guards.filter(
    (guard) => guard.needed.by.includes(touch.takes) || grants.some((grant) => escapes(grant, guard)),
  )
}

/** DUTY-OWN-APPROVER: what the caller's own roles wait for. */
export const isOwnApprover = (grants: readonly Grant[], identity: string): boolean =>
  guardsOf(grants).some(({ needed }) => needed.by.includes(identity))

/** The role does what others wait for there, and does not wait for the same people. */
function escapes(grant: Grant, guard: Guard): boolean {
  const held = guard.needed.actions ?? approvedActions
  if (!held.some((action) => roleMay(grant.role, action))) return false
  if (!meets(grant, guard)) return false
  const own = grant.conditions?.approvals
  if (own === undefined || !sameApprovals(own, guard.needed)) return true
  const waits = own.actions ?? approvedActions
  return !held.every((action) => waits.includes(action))
}

/** One key could be in both. */
function meets(grant: Grant, guard: Guard): boolean {
  const { organisation, project, scope } = guard
  const within = (one: string | null, other: string | null) => one === null || other === null || one === other
  if (!within(grant.organisation, organisation) || !within(grant.project, project)) return false
  const { keyNames, keyAlgorithms } = grant.conditions ?? {}
  const named = (one: string, other: string) => one.startsWith(other) || other.startsWith(one)
  const some = <T>(a: readonly T[] | undefined, b: readonly T[] | undefined, both: (a: T, b: T) => boolean) =>
    a === undefined || b === undefined || a.some((one) => b.some((other) => both(one, other)))
  return (
    some(keyNames, scope.keyNames, named) &&
    some(keyAlgorithms, scope.keyAlgorithms, (one, other) => one === other)
  )
}

/** One request that satisfies each of them: of all their people, so many that none of them lacks one. `without`: who takes no part. */
export function together(guards: readonly Guard[], without: readonly string[]): ApprovalsNeeded {
  const by = [...new Set(guards.flatMap(({ needed }) => needed.by))]
  const spare = Math.min(...guards.map(({ needed }) => needed.by.length - needed.count))
  return {
    count: by.length - spare,
    by: by.filter((one) => !without.includes(one)),
    ...(guards.every(({ needed }) => needed.services) ? { services: true as const } : {}),
  }
}

type Part = { readonly identity: string; readonly hands: Hands }

/**
 * DUTY-DEPENDENT: one hand is behind both. Who invited somebody is one with him; two whom the same person invited are not, or an organisation
 * with one admin would have no approvers.
 */
export function isDependent(one: Part, other: Part): boolean {
  const [all, its] = [new Set([one.identity, ...one.hands.made]), [other.identity, ...other.hands.made]]
  return (
    its.some((hand) => all.has(hand)) ||
    one.hands.invited.some((hand) => its.includes(hand)) ||
    other.hands.invited.some((hand) => all.has(hand))
  )
}

/** Those that count: each independent of who asks, and of those before it. */
export function independentOf<One extends Part>(asker: Part, approvals: readonly One[]): readonly One[] {
  const counted: One[] = []
  for (const one of approvals)
    if (![asker, ...counted].some((other) => isDependent(one, other))) counted.push(one)
  return counted
}

/** DUTY-NONE-SPARE: what is said when such a role is given. */
export const warningsOf = (grants: readonly Grant[]): readonly Duty[] =>
  guardsOf(grants).some(({ needed }) => needed.count === needed.by.length) ? ['DUTY-NONE-SPARE'] : []
