/** An expected refusal: `rule` names the check (an i18n key), `detail` says what was seen. */
export type Refusal = { readonly ok: false; readonly rule: string; readonly detail: string }

/** Accepted, or refused by a named rule. */
export type Verdict = { readonly ok: true } | Refusal

export const accepted: Verdict = { ok: true }

export function refuse(rule: string, detail: string): Refusal {
  return { ok: false, rule, detail }
}
