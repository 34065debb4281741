import type { Predicate } from './predicate.ts'

/** What no file can show, in the order in which people read it. The texts are `bundles.unproved` of the locales. */
export type Unproved =
  | 'anything'
  | 'signers'
  | 'rehearsal'
  | 'hardware'
  | 'room'
  | 'clock'
  | 'shares'
  | 'signed-here'
  | 'signed-before'

/** `predicate`: null where the file could not be read as a bundle. `signedHere`: whom the workstation alone showed what they signed. */
export function unprovedOf(
  predicate: { domain: Predicate['domain']; fhe: object | null } | null,
  { isPolicyMissing, signedHere }: { isPolicyMissing: boolean; signedHere: readonly string[] },
): Unproved[] {
  if (predicate === null) return ['anything']
  return [
    ...(isPolicyMissing ? (['signers'] as const) : []),
    ...(predicate.domain === 'rehearsal' ? (['rehearsal'] as const) : []),
    'hardware',
    'room',
    'clock',
    ...(predicate.fhe === null ? [] : (['shares'] as const)),
    ...(signedHere.length > 0 ? (['signed-here'] as const) : []),
    // No file says where officers read it: always.
    'signed-before',
  ]
}
