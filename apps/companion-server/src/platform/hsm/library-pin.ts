import { EnvironmentError } from '../../refusal.ts'
import { variable } from '../environment.ts'

/**
 * The digest that the file of the token's library must have: as people pin it now, else as `init` found it. Throws ENVIRONMENT-VARIABLE.
 */
export function libraryPin(found?: string): { librarySha256?: string } {
  const pinned = variable('HSM_LIBRARY_SHA256') ?? found
  if (pinned === undefined) return {}
  if (!/^[0-9a-f]{64}$/.test(pinned))
    throw new EnvironmentError(
      'ENVIRONMENT-VARIABLE',
      'HSM_LIBRARY_SHA256: expected 64 lower-case hex digits',
    )
  return { librarySha256: pinned }
}
