import { readFileSync } from 'node:fs'

/** The bytes of a file under vectors/. */
export function vectorBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../vectors/${path}`, import.meta.url)))
}

/** A JSON vector file; the caller names its shape, which vectors/README.md describes. */
export function vectorJson<Shape>(path: string): Shape {
  return JSON.parse(new TextDecoder().decode(vectorBytes(path))) as Shape
}

/** A Project Wycheproof file with the members that the tests of its kind carry. */
export type Wycheproof<Group, Test> = {
  readonly testGroups: readonly (Group & {
    readonly tests: readonly (Test & {
      readonly tcId: number
      readonly comment: string
      readonly flags: readonly string[]
      readonly result: 'valid' | 'invalid' | 'acceptable'
    })[]
  })[]
}
