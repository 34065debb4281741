/**
 * An expected refusal. `rule` is an UPPER-CASE code and the i18n key of its text; `detail` says what was seen, for people, and holds no
 * secret. `file` and `option` name what it is about: `File` is what a caller calls its files by, and where nothing names one there is none.
 */
export type Refusal<File extends string = never> = {
  readonly ok: false
  readonly rule: string
  readonly detail: string
  readonly file?: File
  readonly option?: string
}

/** A value, or the rule that refuses it: the one form of expected failure, from here upward. */
export type Outcome<T, File extends string = never> = { readonly ok: true; readonly value: T } | Refusal<File>

/** Accepted, or refused by a named rule. */
export type Verdict = { readonly ok: true } | Refusal

export const accepted: Verdict = { ok: true }

export function accept<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value }
}

export function refuse<File extends string = never>(
  rule: string,
  detail: string,
  about: { readonly file?: File; readonly option?: string } = {},
): Refusal<File> {
  return { ok: false, rule, detail, ...about }
}
