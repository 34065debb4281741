import type { Json } from '../../canonical-json.ts'
import { FormatError } from '../../format-error.ts'
import { parseVerificationKeys, type VerificationKeys } from '../../sign/verification-keys.ts'

/** Who may ask a holder, open the answer, and vouch for ciphertexts; fixed at dealing, never widened later. */
export type Authorities = {
  readonly requesters: readonly VerificationKeys[]
  /** `age1pq1…` recipients. */
  readonly combiners: readonly string[]
  readonly evaluators: readonly VerificationKeys[]
  readonly encryptors: readonly VerificationKeys[]
}

export const NO_AUTHORITIES: Authorities = { requesters: [], combiners: [], evaluators: [], encryptors: [] }
/** As many requesters as a policy can name with its servers, SPEC 3.3 and 6.5. */
export const MAX_AUTHORITIES = 64

/** Throws RangeError: nobody could read what has more. */
export function mustFit(authorities: Authorities): void {
  for (const [name, list] of Object.entries(authorities))
    if (list.length > MAX_AUTHORITIES)
      throw new RangeError(`authorities: ${list.length} ${name}, at most ${MAX_AUTHORITIES}`)
}

/** Throws FormatError FHE-AUTHORITIES. */
export function readAuthorities(value: Json | undefined): Authorities {
  const members = new Map(Object.entries(asObject(value)))
  if (members.size !== 4) throw new FormatError('FHE-AUTHORITIES', 'members are missing or unknown')
  const list = (name: string): readonly Json[] => {
    const found = members.get(name)
    if (!Array.isArray(found) || found.length > MAX_AUTHORITIES) {
      throw new FormatError('FHE-AUTHORITIES', `${name}: expected a list of at most ${MAX_AUTHORITIES}`)
    }
    return found
  }
  const keys = (name: string): VerificationKeys[] =>
    list(name).map((entry) => {
      try {
        return parseVerificationKeys(entry)
      } catch {
        throw new FormatError('FHE-AUTHORITIES', `${name}: not verification keys`)
      }
    })
  const combiners = list('combiners').map((entry) => {
    if (typeof entry !== 'string' || !/^age1pq1[a-z0-9]{1952}$/.test(entry)) {
      throw new FormatError('FHE-AUTHORITIES', 'combiners: not an age hybrid recipient')
    }
    return entry
  })
  return {
    requesters: keys('requesters'),
    combiners,
    evaluators: keys('evaluators'),
    encryptors: keys('encryptors'),
  }
}

function asObject(value: Json | undefined): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new FormatError('FHE-AUTHORITIES', 'not an object')
  }
  return value
}
