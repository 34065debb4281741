/**
 * An expected refusal. `rule` is an UPPER-CASE code and the i18n key of its text; `detail` says what was seen, for people, and holds no
 * secret. `file` and `option` name what it is about, where there is one.
 */
export type Refusal = {
  readonly ok: false
  readonly rule: string
  readonly detail: string
  readonly file?: string
  readonly option?: string
}

/** A value, or the rule that refuses it: the one form of expected failure, from here upward. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | Refusal

/** Accepted, or refused by a named rule. */
export type Verdict = { readonly ok: true } | Refusal

export const accepted: Verdict = { ok: true }

export function accept<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value }
}

export function refuse(rule: string, detail: string, about: Pick<Refusal, 'file' | 'option'> = {}): Refusal {
  return { ok: false, rule, detail, ...about }
}
