/** What the token itself answered: the standard's name, or one made from the number where the standard has none. */
export type CkrCode = { readonly name: string; readonly number: number }

/** A typed failure: `code` is stable and a translation key, `ckr` is what the token itself answered. */
export class HsmError extends Error {
  override readonly name = 'HsmError'
  readonly code: string
  readonly ckr: CkrCode | null
  readonly detail: string
  /** What to do here, where that is more than the locales say of the code. */
  readonly remedy: string | null
  /** The detail, and what the token itself answered. */
  get answered(): string {
    return this.ckr === null ? this.detail : `${this.detail} (${this.ckr.name})`
  }

  constructor(error: { code: string; ckr?: CkrCode | null; detail: string; remedy?: string | null }) {
    super(`${error.code}: ${error.detail}${error.ckr ? ` (${error.ckr.name})` : ''}`)
    this.code = error.code
    this.ckr = error.ckr ?? null
    this.detail = error.detail
    this.remedy = error.remedy ?? null
  }
}
