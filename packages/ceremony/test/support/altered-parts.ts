import type { CheckId, Predicate } from '../../src/exports/bundle.ts'
import { makePerson } from './people.ts'
import type { Alterations, SampleOptions } from './sample-bundle.ts'

/** The check that must refuse the bundle, what is wrong with it, and how that is made. */
export type Altered = [CheckId, string, SampleOptions]

export const predicate = (change: (predicate: Predicate) => Partial<Predicate>): Alterations => ({
  predicate: (before) => ({ ...before, ...change(before) }),
})
export const stranger = makePerson('officer', 'Mallory', 'production').identity
export const other = '0f'.repeat(32)
