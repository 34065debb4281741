/** Why a run pauses by itself, as core writes it into the log, and the key of its sentence. What is in brackets is `{{serial}}`. */
const forms: readonly (readonly [RegExp, string])[] = [
  [/^the program was started again$/, 'restarted'],
  [/^the token’s host process /, 'host'],
  [/^the token (.*) was pulled out$/, 'pulled-out'],
  [/^the token (.*) was logged out when the window was locked$/, 'locked'],
]

/** Null: a person’s own words, or an error, which is told as such. */
export function pauseReason(reason: string): { key: string; serial: string } | null {
  for (const [form, key] of forms) {
    const found = form.exec(reason)
    if (found !== null) return { key, serial: found[1] ?? '' }
  }
  return null
}
