type Row = {
  /** Exit codes: 1 refused · 2 wrong use · 3 the environment failed. */
  readonly exit?: 1 | 2 | 3
  /** Status of an HTTP reply. */
  readonly status?: number
}

const environment = { exit: 3 } as const
/** An argument names no file, an existing one, or the wrong kind. */
const argument = { exit: 2 } as const
/** A rule about the name or the PIN that somebody chose. Token, disk and library are well. */
const chosen = { exit: 1 } as const
const absent = { status: 404 } as const
const conflict = { status: 409 } as const
const tooLarge = { status: 413 } as const

/** For all programs, the exit code and HTTP status of the codes that alone decide them. */
const rows: Readonly<Record<string, Row>> = {
  'DISK-FULL': environment,
  'FOLDER-READ-ONLY': environment,
  'STORE-LOCKED': environment,
  'HOLDER-BUSY': environment,
  'STORE-NEWER': environment,
  'STORE-DAMAGED': environment,
  'KEY-CHILD-CRASHED': environment,
  'APP-RELEASE-UNREACHABLE': environment,
  'APP-RELEASE-MISSING': argument,
  'KEY-CHILD-CANCELLED': environment,
  INTERNAL: { exit: 3, status: 500 },
  'STORE-ABSENT': argument,
  'FILE-MISSING': argument,
  'FILE-EXISTS': argument,
  'FILE-WRONG-KIND': argument,
  'FOLDER-IN-USE': argument,
  'FOLDER-MISSING': argument,
  'CEREMONY-UNKNOWN': argument,
  'HSM-LABEL-LENGTH': argument,
  'HSM-DUPLICATE-LABEL': chosen,
  'HSM-PIN-INVALID': chosen,
  'HSM-PIN-SAME': chosen,
  'HSM-PIN-TRIVIAL': chosen,
  'ACCESS-REFUSED': { status: 401 },
  'LOGIN-REFUSED': { status: 401 },
  'ENROLMENT-ABSENT': { status: 401 },
  'SETUP-REFUSED': { status: 401 },
  'SIGN-ON-STATE': { status: 401 },
  'WORKLOAD-RULE': { status: 401 },
  'WORKLOAD-ISSUER': { status: 401 },
  'WORKLOAD-AUDIENCE': { status: 401 },
  'WORKLOAD-SUBJECT': { status: 401 },
  'WORKLOAD-TIME': { status: 401 },
  'WORKLOAD-SIGNATURE': { status: 401 },
  'WORKLOAD-TOKEN': { status: 401 },
  'WORKLOAD-REPLAYED': { status: 401 },
  'WORKLOAD-CERTIFICATE': { status: 401 },
  'WORKLOAD-KEYS': { status: 502 },
  'WORKLOAD-SETTINGS': { status: 422 },
  'CONDITION-UNMET': { status: 403 },
  'CONDITION-UNREADABLE': { status: 403 },
  'SECOND-FACTOR-ANEW': { status: 403 },
  'SECOND-FACTOR-WRONG': { status: 403 },
  'APPROVAL-NEEDED': { status: 403 },
  'APPROVAL-REFUSED': { status: 403 },
  'APPROVAL-CLOSED': conflict,
  'ROLE-REFUSED': { status: 403 },
  'CONSOLE-ABSENT': absent,
  'IMPORT-KEY-ABSENT': absent,
  'KMIP-CLIENT-ABSENT': absent,
  'OBJECT-ABSENT': absent,
  'REQUEST-ABSENT': absent,
  'ROUTE-ABSENT': absent,
  'SIGN-ON-PROVIDER': absent,
  'ANSWER-TWICE': conflict,
  'CIPHERTEXTS-FULL': conflict,
  'IMPORT-RUNNING': conflict,
  'CREDENTIALS-FULL': conflict,
  'KEY-NAME-TAKEN': conflict,
  'KEY-STATE': conflict,
  'IDEMPOTENCY-DIFFERS': { status: 422 },
  'IDEMPOTENCY-OPEN': conflict,
  'BREAK-GLASS-LAST': conflict,
  'DUTY-DEPENDENT': { status: 403 },
  'DUTY-NO-ASKER': { status: 403 },
  'DUTY-OWN-APPROVER': { status: 403 },
  'DUTY-SERVICE': { status: 400 },
  'DUTY-TOO-FEW': conflict,
  'OVERRIDE-OTHER': { status: 400 },
  'BREAK-GLASS-NONE': conflict,
  'SCIM-UNIQUE': conflict,
  'SIGN-ON-NAME-TAKEN': conflict,
  'USERNAME-TAKEN': conflict,
  'ACCESS-CHANGED': conflict,
  'ALERTS-FULL': conflict,
  'AUTHENTICATOR-TAKEN': conflict,
  'AUTHENTICATORS-FULL': conflict,
  'AUTHENTICATOR-REFUSED': { status: 422 },
  'REQUEST-BUDGET': conflict,
  'REQUEST-EXPIRED': conflict,
  'REQUEST-REPLAYED': conflict,
  'REQUEST-STATE': conflict,
  'BODY-TOO-LONG': tooLarge,
  'CIPHERTEXT-TOO-LARGE': tooLarge,
  'REQUEST-TOO-LARGE': tooLarge,
  'PROVIDER-SETTINGS': { status: 422 },
  'PROVIDER-KEY-ABSENT': conflict,
  'PROVIDER-KEY-DISABLED': conflict,
  'PROVIDER-KEY-DELETED': conflict,
  'PROVIDER-ANSWER': { status: 502 },
  'PROVIDER-DENIED': { status: 502 },
  'PROVIDER-REFUSED': { status: 502 },
  'PROVIDER-THROTTLED': { status: 503 },
  'PROVIDER-UNREACHABLE': { status: 503 },
  'PROVIDER-TIMEOUT': { status: 504 },
  'REPORT-TOO-LARGE': tooLarge,
  'KEY-NAME': { status: 422 },
  'KEY-LABEL': { status: 422 },
  'NAME-MALFORMED': { status: 422 },
  'CONDITION-MALFORMED': { status: 422 },
  'PASSWORD-WEAK': { status: 422 },
  'PASSWORD-WRONG': { status: 422 },
  'SIGN-ON-SETTINGS': { status: 422 },
  'REQUEST-FIELDS': { status: 422 },
  'RATE-LIMITED': { status: 429 },
}

/** The row of a code. A token's failure counts as the environment's. `otherwise`: for a code without a row. */
export function exitOf(code: string, otherwise: 1 | 3): 1 | 2 | 3 {
  return rowOf(code).exit ?? (code.startsWith('HSM-') ? 3 : otherwise)
}

/** 400 for a code without a row. */
export function statusOf(code: string): number {
  return rowOf(code).status ?? 400
}

function rowOf(code: string): Row {
  return (Object.hasOwn(rows, code) ? rows[code] : undefined) ?? {}
}
