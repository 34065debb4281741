/** An expected refusal: `rule` is an UPPER-CASE code and i18n key, `detail` is for people and holds no secret. */
export type Refused = { readonly ok: false; readonly rule: string; readonly detail: string }

export type Outcome<T> = { readonly ok: true; readonly value: T } | Refused

export function accept<T>(value: T): Outcome<T> {
  return { ok: true, value }
}

export function refuse(rule: string, detail: string): Refused {
  return { ok: false, rule, detail }
}

/** Ends a switch over a closed set; reached only when a caller broke the types. */
export function unreachable(value: never): never {
  throw new TypeError(`unreachable: ${JSON.stringify(value)}`)
}
