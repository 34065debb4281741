import { entries } from './tables.ts'

type Operations = { readonly changes?: string; readonly other?: string }

/** Of operations that are in no table, by what they are of: which change what a report speaks of, and which do not. */
const untabled: Readonly<Record<string, Operations>> = {
  approval: { other: 'sign' },
  audit: { other: 'close open retain start' },
  authenticator: { other: 'counter' },
  deployment: { changes: 'set-up' },
  identity: { other: 'log-in renew-token' },
  key: { changes: 'destroy-due' },
  person: { changes: 'enrol', other: 'begin-enrolment log-in log-in-break-glass' },
  root: { changes: 'destroy' },
  'sign-on': { other: 'log-in take-token' },
  workload: { other: 'log-in' },
  threshold: { other: 'drop-result expire remove-ciphertext' },
}

const named = (which: keyof Operations): readonly string[] =>
  Object.entries(untabled).flatMap(([of, operations]) =>
    (operations[which]?.split(' ') ?? []).map((what) => `${of}.${what}`),
  )
const tabled = (changes: boolean): readonly string[] => [
  ...new Set(entries().flatMap(({ name, isChange }) => (isChange === changes ? [name] : []))),
]

export const changingOperations: readonly string[] = [...tabled(true), ...named('changes')]
export const otherOperations: readonly string[] = [
  ...tabled(false),
  ...named('other'),
  'unauthenticated.failures',
]

const others = new Set(otherOperations)

/** One that is nowhere here, of a later version of the server, is shown as a change. */
export const isChange = (operation: string): boolean => !others.has(operation)
