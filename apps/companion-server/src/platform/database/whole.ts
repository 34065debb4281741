import type { Transaction } from 'kysely'
import type { Outcome } from '../../refusal.ts'
import type { Database } from './open.ts'
import type { Tables } from './tables.ts'

/** A transaction of which a refusal leaves nothing. */
export async function whole<T>(
  database: Database,
  work: (work: Transaction<Tables>) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  try {
    return await database.transaction().execute(async (one) => {
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
