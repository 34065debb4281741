import { accept, type Outcome, refuse } from '../refusal.ts'
import {
  type ApprovalsNeeded,
  type Circumstances,
  type Conditions,
  type KeyFacts,
  type KeyScope,
  sameApprovals,
  unmet,
} from './conditions.ts'
import type { Role } from './role-names.ts'

/** A role and where it holds: in one project, in one organisation, or, where both are null, in the whole deployment. */
export type Grant = {
  readonly role: Role
  readonly organisation: string | null
  readonly project: string | null
  readonly conditions?: Conditions | null
}

/** What shows who somebody is beside what he came in with. `step-up-`: later than at his log-in; `unnamed`: of before it was kept. */
export type Factor = 'totp' | 'webauthn' | 'step-up-totp' | 'step-up-webauthn' | 'provider'
export type Proved = { readonly at: Date; readonly by: Factor | 'unnamed' }

/** As audit entries say it, by ids and never by a secret. */
export type CameBy = { readonly credential: string; readonly proved: Proved | null }

/** `api-key:<id>` and its like. */
export const cameBy = (
  kind:
    | 'api-key'
    | 'certificate'
    | 'client-secret'
    | 'enrolment-code'
    | 'officer-key'
    | 'password'
    | 'provider'
    | 'session'
    | 'setup-code'
    | 'state-folder'
    | 'token'
    | 'workload',
  id: string | null = null,
  proved: Proved | null = null,
): CameBy => ({ credential: id === null ? kind : `${kind}:${id}`, proved })

export type Caller = {
  readonly identity: string
  readonly grants: readonly Grant[]
  /** By what it came in; absent of the server's own. */
  readonly by?: CameBy
  /** Of whoever came by a bearer token: its row. */
  readonly token?: string
  /** How this call came; absent where it did not come from outside. */
  readonly circumstances?: Circumstances
  /** Of a person, by whatever secret: when a second factor was last shown for it. Programs have none. `token`: of what he logged in to. */
  readonly session?: { readonly provedAt: Date; readonly token?: string }
  /** Of an identity provider's own token, by SCIM: it has no role, and its own members alone. */
  readonly provider?: { readonly id: string; readonly organisation: string | null }
  /** What this call was let do: filled as it is asked, so that a reply that is given again is asked for again. */
  readonly granted?: Granted[]
}

/** One permission that a call had: an action, or a second factor of the last minutes. */
export type Granted =
  | { readonly action: Action; readonly resource: Resource; readonly approvals: ApprovalsNeeded | null }
  | 'proved'

export type Action =
  | 'organisation.read'
  | 'organisation.create'
  | 'organisation.appoint'
  | 'project.read'
  | 'project.create'
  | 'project.appoint'
  | 'key.read'
  | 'key.use'
  | 'key.create'
  | 'key.manage'
  | 'key.export'
  | 'threshold.read'
  | 'threshold.use'
  | 'threshold.carry'
  | 'threshold.limit'
  | 'kek.rotate'
  | 'root.rotate'
  | 'audit.read'
  | 'access.review'
  | 'alert.read'
  | 'alert.manage'
  | 'metrics.read'
  | 'bundle.read'
  | 'bundle.import'

/** What is asked for, as its own row says: never as the request does. */
export type Resource =
  | { readonly kind: 'deployment' }
  | { readonly kind: 'organisation'; readonly organisation: string }
  | { readonly kind: 'project'; readonly organisation: string; readonly project: string }
  | {
      readonly kind: 'key'
      readonly organisation: string
      readonly project: string
      readonly name: string
      readonly algorithm: string
    }
  | {
      readonly kind: 'threshold'
      readonly organisation: string | null
      /** That of the record which asked for it; null of one that nobody asked for. */
      readonly project: string | null
      readonly key: KeyFacts
    }

const using: readonly Action[] = [
  'project.read',
  'key.read',
  'key.use',
  'threshold.read',
  'threshold.use',
  'threshold.carry',
]

/** Everything that is not here is refused. No role that governs people or machines uses a key. */
const may: Readonly<Record<Role, readonly Action[]>> = {
  'server-admin': [
    'organisation.read',
    'organisation.create',
    'organisation.appoint',
    'access.review',
    'root.rotate',
    'threshold.limit',
    'metrics.read',
    'bundle.read',
    'bundle.import',
  ],
  'organisation-admin': [
    'organisation.read',
    'project.read',
    'project.create',
    'project.appoint',
    'access.review',
    'alert.read',
    'alert.manage',
    'kek.rotate',
  ],
  'crypto-officer': [
    'organisation.read',
    'project.read',
    'key.read',
    'key.create',
    'key.manage',
    'key.export',
    'kek.rotate',
    'threshold.read',
  ],
  operator: ['threshold.read', 'threshold.carry', 'bundle.read', 'bundle.import'],
  service: using,
  user: using,
  auditor: [
    'organisation.read',
    'project.read',
    'key.read',
    'threshold.read',
    'audit.read',
    'alert.read',
    'metrics.read',
  ],
}

export const roleMay = (role: Role, action: Action): boolean => may[role].includes(action)

const readingOf = {
  organisation: 'organisation.read',
  project: 'project.read',
  key: 'key.read',
  threshold: 'threshold.read',
} as const

const nounOf = { organisation: 'Organisation', project: 'Project', key: 'Key', threshold: 'Key' } as const

/**
 * The one question of permission, whatever door a call came by. Refuses OBJECT-ABSENT what the caller may not even see, in
 * the words for what is not there, ROLE-REFUSED what he sees and may not do, CONDITION-UNREADABLE what a role says nothing readable of, and CONDITION-UNMET what he may at another time, from
 * another place or with another key.
 */
export function authorize(caller: Caller, action: Action, resource: Resource): Outcome<null> {
  const here = caller.grants.filter((grant) => covers(grant, resource))
  const able = here.filter(({ role }) => may[role].includes(action))
  const lacking = able.map((grant) => lackOf(caller, grant, resource, action))
  if (lacking.includes(null)) {
    caller.granted?.push({ action, resource, approvals: null })
    return accept(null)
  }
  if (lacking.length > 0 && lacking.every((one) => one === 'unreadable'))
    return refuse('CONDITION-UNREADABLE', 'what is stored as the conditions of a role is none')
  if (lacking.length > 0)
    return refuse('CONDITION-UNMET', `the condition ${lacking.join(', ')} does not hold`)
  if (resource.kind !== 'deployment') {
    const reading = readingOf[resource.kind]
    if (!here.some(({ role }) => may[role].includes(reading))) return absent(resource.kind)
  }
  const roles = [...new Set((here.length > 0 ? here : caller.grants).map(({ role }) => role))].join(', ')
  return refuse('ROLE-REFUSED', `${roles || 'no role'} may not do ${action}`)
}

const provedFor = 10 * 60_000
/** What clocks of several servers may differ by. */
const skew = 60_000

/** Of what a person left with a program: an API key, a certificate. */
export const neverProved = new Date(0)

/**
 * What lets a key out, ends it, approves, gives a role, or makes, replaces or removes what somebody comes in with, wants a second factor of
 * the last ten minutes. Refuses SECOND-FACTOR-ANEW.
 */
export function provedLately({ session, circumstances, granted }: Caller): Outcome<null> {
  const age = (circumstances?.time ?? new Date()).getTime() - (session?.provedAt.getTime() ?? 0)
  if (session !== undefined && (age > provedFor || age < -skew))
    return refuse('SECOND-FACTOR-ANEW', 'no second factor was shown in the last ten minutes')
  granted?.push('proved')
  return accept(null)
}

/** Whether the caller still has every permission that a call of his had. Refuses as the operation itself would. */
export function stillGranted(caller: Caller, before: readonly Granted[]): Outcome<null> {
  for (const one of before) {
    if (one === 'proved') {
      const proved = provedLately(caller)
      if (!proved.ok) return proved
      continue
    }
    const waits = approvalsBefore(caller, one.action, one.resource)
    if (!waits.ok) return waits
    // People who approved that call approved this reply.
    if (waits.value !== null && !(one.approvals && sameApprovals(one.approvals, waits.value)))
      return refuse('APPROVAL-NEEDED', 'it waits for approvals that the first call did not have')
  }
  return accept(null)
}

/** The caller's grants that let him do this now. */
export function grantsFor(caller: Caller, action: Action, resource: Resource): readonly Grant[] {
  const able = caller.grants.filter(
    (grant) =>
      covers(grant, resource) &&
      may[grant.role].includes(action) &&
      lackOf(caller, grant, resource, action) === null,
  )
  if (able.length > 0) caller.granted?.push({ action, resource, approvals: null })
  return able
}

/** Which keys of a place a list shows a caller: those within any of these. What is no key's own condition has to hold now. */
export function scopesWhere(caller: Caller, action: Action, resource: Resource): readonly KeyScope[] {
  return grantsFor(caller, action, resource).map(({ conditions }) => scopeOf(conditions))
}

export const scopeOf = (conditions: Conditions | null | undefined): KeyScope => ({
  keyNames: conditions?.keyNames,
  keyAlgorithms: conditions?.keyAlgorithms,
})

/** What people have to approve before the caller may do this; null: nothing. Refuses as `authorize` what no approval lets him do. */
export function approvalsBefore(
  caller: Caller,
  action: Action,
  resource: Resource,
): Outcome<ApprovalsNeeded | null> {
  const allowed = authorize(caller, action, resource)
  if (allowed.ok) return accept(null)
  const needed = approvalsFor(caller, action, resource)
  if (needed === null) return allowed
  caller.granted?.push({ action, resource, approvals: needed })
  return accept(needed)
}

/** What approvals would let the caller do this: of the first grant that lacks nothing else. Null where none does. */
function approvalsFor(caller: Caller, action: Action, resource: Resource): ApprovalsNeeded | null {
  const waiting = caller.grants.find(
    (grant) =>
      covers(grant, resource) &&
      may[grant.role].includes(action) &&
      lackOf(caller, grant, resource, action) === 'approvals',
  )
  return waiting?.conditions?.approvals ?? null
}

function lackOf(
  caller: Caller,
  { conditions }: Grant,
  resource: Resource,
  action: Action,
): keyof Conditions | null {
  if (!conditions) return null
  const key = resource.kind === 'key' ? resource : resource.kind === 'threshold' ? resource.key : null
  return unmet(conditions, caller.circumstances, key, action)
}

/** Who may manage a key may give it this name only if the same grant, and the same approvals, reach it by that name too. */
export function mayRename(caller: Caller, key: Resource & { kind: 'key' }, name: string): Outcome<null> {
  const action = 'key.manage'
  const renamed = { ...key, name }
  const allowed = authorize(caller, action, renamed)
  if (allowed.ok || authorize(caller, action, key).ok) return allowed
  return approvalsFor(caller, action, renamed) === approvalsFor(caller, action, key) ? accept(null) : allowed
}

/** As `authorize` says it of what the caller may not see. */
export function absent(kind: keyof typeof nounOf) {
  return refuse('OBJECT-ABSENT', `${nounOf[kind]} not found`)
}

/** The caller's grants that let him do this now, wherever that is; conditions on keys are for who looks at one. */
export function grantsAnywhere(caller: Caller, action: Action): readonly Grant[] {
  return caller.grants.filter(
    (grant) =>
      may[grant.role].includes(action) && lackOf(caller, grant, { kind: 'deployment' }, action) === null,
  )
}

/** The organisations in which a caller may do this somewhere; `all` where a role holds in the whole deployment. */
export function organisationsWhere(caller: Caller, action: Action): readonly string[] | 'all' {
  const places = grantsAnywhere(caller, action).map(({ organisation }) => organisation)
  const named = places.filter((one) => one !== null)
  return named.length < places.length ? 'all' : [...new Set(named)]
}

/** The caller with his roles in one project alone: what a door lets him do that stands for that project and no other. */
export function withinProject(
  { grants, ...rest }: Caller,
  place: { readonly organisation: string; readonly project: string },
): Caller {
  const here = grants.filter((grant) => covers(grant, { kind: 'project', ...place }))
  return { ...rest, grants: here.map((grant) => ({ ...grant, ...place })) }
}

function covers({ organisation, project }: Grant, resource: Resource): boolean {
  if (organisation === null) return true
  if (resource.kind === 'deployment') return false
  if (organisation !== resource.organisation) return false
  if (project === null) return true
  // A threshold key that no project asked for belongs to its organisation, and is used from each of its projects.
  if (resource.kind === 'threshold' && resource.project === null) return true
  return resource.kind !== 'organisation' && resource.project === project
}
