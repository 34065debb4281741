import type { Outcome } from '../../refusal.ts'
import type { SealedDatabase, Work } from './authority/authority.ts'

/** A transaction of which a refusal leaves nothing. */
export async function whole<T>(
  database: SealedDatabase,
  work: (work: Work) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  try {
    return await database.change(async (one) => {
      const outcome = await work(one)
      if (!outcome.ok) throw new Refused(outcome)
      return outcome
    })
  } catch (error) {
    if (error instanceof Refused) return error.outcome
    throw error
  }
}

class Refused<T> extends Error {
  readonly outcome: Extract<Outcome<T>, { ok: false }>

  constructor(outcome: Extract<Outcome<T>, { ok: false }>) {
    super('refused')
    this.outcome = outcome
  }
}
