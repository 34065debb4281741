/** What a verdict says besides its checks, in this order: SPEC.md 13.6. */
export const noteIds = ['text', 'heard', 'capabilities', 'shim', 'device', 'machine'] as const

/**
 * `checked`: a check holds it. `signed`: people signed it. `claimed`: the workstation or a token says it. `none`: nobody said anything.
 * `not-recorded`: the bundle is of a version that has no place for it. `values` are names and figures, no sentences.
 */
export type Note = {
  readonly id: (typeof noteIds)[number]
  readonly state: 'checked' | 'signed' | 'claimed' | 'none' | 'not-recorded'
  readonly values: readonly string[]
}
