import type { Outcome } from '../../documents/format/outcome.ts'
import { type CheckId, catalogue, checkIds } from '../checks.ts'

/** One line of a verdict. `ok` is null where the check was not run, because one that it needs did not pass. */
export type Check = {
  readonly id: CheckId
  readonly title: string
  readonly ok: boolean | null
  readonly detail: string
}

/** Collects what each check found. */
export class Ledger {
  readonly #found = new Map<CheckId, { ok: boolean; detail: string }>()

  passed(id: CheckId): boolean {
    return this.#found.get(id)?.ok === true
  }

  /** Records a check that was made in passing. The first failure of a check stays. */
  record(id: CheckId, result: Outcome<string>): void {
    if (this.#found.get(id)?.ok === false) return
    this.#found.set(id, result.ok ? { ok: true, detail: result.value } : result)
  }

  /** Runs a check when everything it needs has passed. */
  async run(id: CheckId, check: () => Outcome<string> | Promise<Outcome<string>>): Promise<void> {
    if (catalogue[id].needs.every((need) => this.passed(need))) this.record(id, await check())
  }

  checks(): Check[] {
    return checkIds.map((id) => {
      const { title, needs } = catalogue[id]
      const found = this.#found.get(id)
      if (found) return { id, title, ok: found.ok, detail: found.detail }
      const blocking = needs.filter((need) => !this.passed(need))
      return { id, title, ok: null, detail: `not run: needs ${blocking.join(', ')}` }
    })
  }
}
