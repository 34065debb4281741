/** An expected "no": `rule` names the check (UPPER-CASE-WITH-DASHES, an i18n key), `detail` says what was seen. */
export type Refusal = { readonly ok: false; readonly rule: string; readonly detail: string }

export type Outcome<T> = { readonly ok: true; readonly value: T } | Refusal

export function refuse(rule: string, detail: string): Refusal {
  return { ok: false, rule, detail }
}

export function accept<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value }
}

/** The environment failed (disk, database, token), not the request: exit status 3 on the command line, 503 over HTTP. */
export class EnvironmentError extends Error {
  readonly code: string

  constructor(code: string, detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.name = 'EnvironmentError'
    this.code = code
  }
}
