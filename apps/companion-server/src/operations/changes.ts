import { entries } from './tables.ts'

type Operations = { readonly changes?: string; readonly other?: string }

/** Of operations that are in no table, by what they are of: which change what a report speaks of, and which do not. */
const untabled: Readonly<Record<string, Operations>> = {
  access: { changes: 'review', other: 'list list-reviews' },
  approval: { changes: 'approve refuse', other: 'list' },
  audit: { other: 'close open retain start' },
  authenticator: { changes: 'add remove', other: 'begin counter list' },
  credential: { changes: 'add-api-key add-secret revoke rotate-api-key', other: 'list' },
  deployment: { changes: 'set-up' },
  identity: { changes: 'create revoke', other: 'list log-in log-out-everywhere read-own renew-token' },
  key: { changes: 'destroy-due' },
  organisation: { changes: 'create', other: 'list read-parents' },
  person: {
    changes: 'change-password enrol invite reset set-break-glass',
    other: 'begin-enrolment log-in log-in-break-glass log-out prove-anew',
  },
  project: { changes: 'create let-plain-keys', other: 'list' },
  role: { changes: 'give take' },
  root: { changes: 'destroy' },
  scim: {
    changes:
      'create-group create-user delete-group delete-user patch-group patch-user replace-group replace-user',
    other: 'list-groups list-users read-group read-user',
  },
  'sign-on': {
    changes:
      'add-group-role add-provider change-provider make-scim-token remove-group-role remove-provider require revoke-scim-token',
    other: 'list-providers log-in take-token',
  },
  threshold: { other: 'drop-result expire remove-ciphertext' },
}

const named = (which: keyof Operations): readonly string[] =>
  Object.entries(untabled).flatMap(([of, operations]) =>
    (operations[which]?.split(' ') ?? []).map((what) => `${of}.${what}`),
  )
const tabled = (changes: boolean): readonly string[] => [
  ...new Set(entries().flatMap(({ name, isChange }) => (isChange === changes ? [name] : []))),
]

export const changingOperations: readonly string[] = [...tabled(true), ...named('changes')]
export const otherOperations: readonly string[] = [
  ...tabled(false),
  ...named('other'),
  'unauthenticated.failures',
]

const others = new Set(otherOperations)

/** One that is nowhere here, of a later version of the server, is shown as a change. */
export const isChange = (operation: string): boolean => !others.has(operation)
