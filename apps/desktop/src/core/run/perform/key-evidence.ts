import type { KeyEvidence } from '@lux/ceremony'
import type { AttributeReport } from '@lux/hsm'
import { CoreError } from '../../core-error.ts'
import type { RunContext } from '../run-context.ts'

/** The token's own words as evidence, E1 once its probe has passed; refuses when one attribute is not what the template asked for. */
export function toEvidence(
  run: RunContext,
  tokenRole: string,
  key: { ckaId: string; label: string },
  reports: readonly AttributeReport[],
): KeyEvidence {
  const wrong = reports.filter((report) => !report.ok)
  if (wrong.length > 0) {
    throw new CoreError(
      'KEY-TEMPLATE-MISMATCH',
      wrong
        .map(({ attribute, expected, actual }) => `${attribute}: asked ${expected}, is ${actual}`)
        .join('; '),
      'do not use this key; destroy it and check the token’s profile',
    )
  }
  const attributes: Record<string, boolean | string> = {}
  for (const { attribute, actual } of reports) {
    attributes[attribute.replace(/^CKA_/, '')] =
      actual === 'true' ? true : actual === 'false' ? false : actual
  }
  const probed = run.folder.state.tokens.find(({ role }) => role === tokenRole)?.probed ?? false
  return { ...key, level: probed ? 'E1' : 'E0', attributes }
}
