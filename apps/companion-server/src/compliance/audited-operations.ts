type Operations = { readonly changes?: string; readonly other?: string }

/** Every operation that the audit log may name, by what it is of: which of them change what a report speaks of, and which do not. */
const table: Readonly<Record<string, Operations>> = {
  access: { changes: 'review', other: 'list list-reviews' },
  alert: { changes: 'add-rule remove-rule', other: 'read' },
  approval: { changes: 'approve refuse', other: 'list' },
  audit: { other: 'checkpoint close days export open query redeem retain start usage verify' },
  authenticator: { changes: 'add remove', other: 'begin counter list' },
  bundle: { changes: 'import', other: 'list read receipt' },
  compliance: { other: 'report' },
  credential: { changes: 'add-api-key add-secret revoke rotate-api-key', other: 'list' },
  deployment: { changes: 'set-up' },
  'external-key': {
    changes: 'change-credentials create import remove rotate',
    other: 'decrypt encrypt generate-data-key list read sign test',
  },
  identity: { changes: 'create revoke', other: 'list log-in log-out-everywhere read-own renew-token' },
  key: {
    changes:
      'activate cancel-deletion change create delete destroy destroy-due import register replace request-ceremony revoke rotate set-version-state shred',
    other:
      'decrypt decrypt-batch encrypt encrypt-batch export export-plain export-wrapped generate-data-key generate-mac list plan-request public-key read rewrap rewrap-batch sign sign-batch signing-algorithms verify verify-mac versions wrapping-key',
  },
  'kmip-client': { changes: 'register revoke', other: 'list' },
  metrics: { other: 'read' },
  organisation: { changes: 'create rotate-kek', other: 'list read-parents' },
  person: {
    changes: 'change-password enrol invite reset set-break-glass',
    other: 'begin-enrolment log-in log-in-break-glass log-out prove-anew',
  },
  project: { changes: 'create let-plain-keys rotate-kek', other: 'list read' },
  role: { changes: 'give take' },
  root: { changes: 'destroy rotate' },
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
  threshold: {
    other:
      'answer ask drop-result expire keep-ciphertext list list-requests public-part read read-ciphertext read-request read-result release remove-ciphertext',
  },
  webhook: { changes: 'add remove', other: 'test' },
}

const named = (which: keyof Operations): readonly string[] =>
  Object.entries(table).flatMap(([of, operations]) =>
    (operations[which]?.split(' ') ?? []).map((what) => `${of}.${what}`),
  )

export const changingOperations: readonly string[] = named('changes')
export const otherOperations: readonly string[] = [...named('other'), 'random', 'unauthenticated.failures']

const others = new Set(otherOperations)

/** One that is in neither list, of a later version of the server, is shown as a change. */
export const isChange = (operation: string): boolean => !others.has(operation)
