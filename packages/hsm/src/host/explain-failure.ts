import { HsmError } from '../device.ts'
import { hsmError } from '../hsm-errors.ts'
import { softTokenFolder, softTokenStore, storeProblem } from '../pkcs11/library/soft-store.ts'
import type { Tokens } from '../pkcs11/session/tokens.ts'

/** Failures that a missing token, a lost session or a full disk can stand behind. */
const vague: ReadonlySet<string> = new Set([
  'HSM-DEVICE-ERROR',
  'HSM-KEY-ABSENT',
  'HSM-MEMORY',
  'HSM-READ-ONLY',
  'HSM-SESSION-LOST',
  'HSM-TOKEN-ABSENT',
  'HSM-TOKEN-DAMAGED',
  'HSM-TOKEN-FULL',
  'HSM-UNKNOWN',
])

/** Finds the cause of a vague return code. SoftHSM answers CKR_GENERAL_ERROR both for a full disk and for a vanished token. */
export function explainFailure(tokens: Tokens, serial: string, error: HsmError): HsmError {
  const store = tokens.soft ? softTokenStore() : null
  if (!vague.has(error.code) || serial === 'new' || serial === '') {
    return error.code === 'HSM-DEVICE-ERROR' ? (explainStore(store, error) ?? error) : error
  }
  const folder = store === null ? null : softTokenFolder(serial)
  const lost = store === null ? !stillPresent(tokens, serial) : folder === null
  // Sessions on a token that went away are worthless when it comes back.
  if (lost || error.code === 'HSM-SESSION-LOST' || error.code === 'HSM-TOKEN-ABSENT') forget(tokens, serial)
  if (lost) return hsmError('HSM-TOKEN-ABSENT', `token ${serial} is gone: ${error.detail}`, error.ckr)
  if (error.code === 'HSM-SESSION-LOST') return error
  if (error.code === 'HSM-KEY-ABSENT') return error
  return explainStore(folder, error) ?? error
}

/** Closing a session on a token that is gone fails; it is forgotten all the same. */
function forget(tokens: Tokens, serial: string): void {
  try {
    tokens.forget(serial)
  } catch (error) {
    if (!(error instanceof HsmError)) throw error
  }
}

function stillPresent(tokens: Tokens, serial: string): boolean {
  try {
    return tokens.present(serial)
  } catch (error) {
    if (error instanceof HsmError) return false
    throw error
  }
}

function explainStore(folder: string | null, error: HsmError): HsmError | null {
  const problem = folder ? storeProblem(folder) : null
  return problem
    ? hsmError('HSM-DISK', `the token store ${folder} cannot be written (${problem})`, error.ckr)
    : null
}
