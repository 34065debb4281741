const ABORT = 'abort the run: the old epoch stays, and its shares with it'

/**
 * What to do where "custody fhe audit" is refused by a rule. Only a canary that was answered in full and came out wrong decides
 * against the epoch; any other refusal is of the files.
 */
export function auditRemedy(rule: string): string {
  switch (rule) {
    case 'FHE-CANARY-VALUE':
      return `check the --value given first; if it is what was encrypted, ${ABORT}`
    case 'FHE-INCONSISTENT':
    case 'FHE-PADDING':
    case 'FHE-NOISE':
    case 'FHE-BOOL-RANGE':
      return ABORT
    default:
      return 'give the missing or the right files and audit again: nothing was decided about the epoch'
  }
}
