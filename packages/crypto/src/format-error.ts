/**
 * Bytes or text from outside that a strict decoder refuses. `rule` is the code of the refusal (UPPER-CASE,
 * an i18n key), `detail` says what and where, and never repeats the refused content.
 */
export class FormatError extends Error {
  override readonly name = 'FormatError'
  readonly rule: string
  readonly detail: string

  constructor(rule: string, detail: string) {
    super(`${rule}: ${detail}`)
    this.rule = rule
    this.detail = detail
  }
}
