import { readFileSync } from 'node:fs'
import { casesOf, type Difference, suiteNames } from './wycheproof-run.ts'

/** What a token, behind our driver, does otherwise than the vectors: each difference with who makes it and why. */
type Triage = {
  readonly token: string
  /** Vectors of which the token refuses every valid case, because it has no such mechanism or takes no such key. */
  readonly lacking: readonly { readonly file: string; readonly reason: string }[]
  readonly differences: readonly {
    readonly file: string
    readonly what: Difference['what']
    /** Case numbers and ranges. */
    readonly cases: readonly string[]
    readonly by: 'driver' | 'token'
    readonly reason: string
  }[]
}

export function readTriage(name: string): Triage {
  const file = new URL(`./vectors/${name}-differences.json`, import.meta.url)
  // Written by hand; the tests fail where it is not as they expect.
  return JSON.parse(readFileSync(file, 'utf8')) as Triage
}

const numbers = (cases: readonly string[]) =>
  cases.flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })

/** One line for each, also where a case is refused both ways. */
export const shown = (found: readonly Difference[]): string[] =>
  [...new Set(found.map(({ what, tcId }) => `${what} ${tcId}`))].sort()

/**
 * Whether a token did what its triage says. Of another version than the triaged one nothing is known but what holds of every token:
 * it takes nothing that is invalid, and makes nothing else.
 */
export function asTriaged(
  triage: Triage,
  version: string,
  found: Readonly<Record<string, readonly Difference[]>>,
): { readonly found: string[]; readonly expected: string[] } {
  const known = triage.token.includes(` ${version}`)
  const lines = Object.entries(found).flatMap(([file, differences]) =>
    shown(known ? differences : differences.filter(({ what }) => what !== 'refused')).map(
      (line) => `${file}: ${line}`,
    ),
  )
  const expected = suiteNames.flatMap((file) => expectedOf(triage, file).map((line) => `${file}: ${line}`))
  return { found: lines, expected: known ? expected : [] }
}

/** What the triage says of one file of vectors. */
export function expectedOf({ lacking, differences }: Triage, file: string): string[] {
  if (lacking.some((one) => one.file === file))
    return shown(
      casesOf(file).flatMap(({ tcId, result }) => (result === 'valid' ? [{ tcId, what: 'refused' }] : [])),
    )
  return differences
    .filter((one) => one.file === file)
    .flatMap(({ what, cases }) => numbers(cases).map((tcId) => `${what} ${tcId}`))
    .sort()
}
