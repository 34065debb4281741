import { accept, type Outcome, refuse } from '../refusal.ts'

/** Most rows of a list in one answer. */
export const maxPage = 100
export const maxOffset = 1e9

export type Page = { readonly offset: number; readonly limit: number }

/** Refuses REQUEST-FIELDS. */
export function checkPage({ offset, limit }: Page): Outcome<null> {
  if (!Number.isInteger(offset) || offset < 0 || offset > maxOffset)
    return refuse('REQUEST-FIELDS', `offset: expected 0 to ${maxOffset}`)
  if (!Number.isInteger(limit) || limit < 1 || limit > maxPage)
    return refuse('REQUEST-FIELDS', `limit: expected 1 to ${maxPage}`)
  return accept(null)
}
