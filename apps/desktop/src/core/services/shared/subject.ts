import type { SignatureRequest } from '@lux/ceremony/wire'
import { fromBase64, sha256Hex } from '@lux/crypto'
import { ExpectedError } from '@lux/node-files'

/** Digest of the very bytes that a request asks to sign. */
export function subjectOf({ subject }: SignatureRequest): string {
  return sha256Hex(fromBase64(subject))
}

/** Nobody signs what they were not shown. Errors: SIGN-OTHER. */
export function mustBeShown(stands: string | null, shown: string): void {
  if (stands !== shown)
    throw new ExpectedError('SIGN-OTHER', `${shown} was shown, ${stands ?? 'nothing'} stands`)
}
