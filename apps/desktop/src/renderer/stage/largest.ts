import type { Fact, StepView } from '../../contract/index.ts'

/** What is shown largest, the first of these that a step has. */
const large = ['attacks-held', 'serial', 'objects', 'shares', 'attributes', 'evidence-level', 'bytes']

/** The one value of a result; none where words are read aloud. */
export function largestOf({ results }: Pick<StepView, 'results'>): Fact | undefined {
  if (results.some(({ words }) => words !== undefined)) return undefined
  return large.flatMap((name) => results.filter((fact) => fact.name === name))[0]
}

/** As it is read aloud. */
export function readAloud({ name, value }: Pick<Fact, 'name' | 'value'>): string {
  return name === 'serial' ? inFours(value) : value
}

/** `d1c95aa0b2a6f0e4` as `d1c9 5aa0 b2a6 f0e4`: four at a time are read aloud. */
export function inFours(text: string): string {
  return /^[0-9A-Za-z]{8,}$/.test(text) ? (text.match(/.{1,4}/g) ?? []).join(' ') : text
}
