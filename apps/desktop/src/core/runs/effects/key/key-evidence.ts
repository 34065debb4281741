import type { KeyEvidence } from '@lux/ceremony'
import {
  type AttributeReport,
  evidenceOf,
  isAbsent,
  profileById,
  type KeyEvidence as ReadKey,
  sayAttribute,
} from '@lux/hsm'
import { ExpectedError } from '@lux/node-files'
import type { RunContext } from '../context.ts'

/** Booleans as booleans, the one number as a number. A token that keeps no length of an unwrapped key may give none. */
const attributeValue = (name: string, actual: string): boolean | number | string => {
  if (name === 'VALUE_LEN' && /^\d{1,9}$/.test(actual)) return Number(actual)
  return actual === 'true' ? true : actual === 'false' ? false : actual
}

/**
 * The token's own words as evidence; refuses when one attribute is not what the template asked for. An attribute that the
 * token does not take at all, or that was only shown and is absent, stands in the evidence as what it reads. What was read without
 * being compared here the engine compares with the plan's template before it believes the result, so the level is what the token
 * allows: E1; an attest step brings more.
 */
export function toEvidence(
  run: RunContext,
  tokenRole: string,
  key: { ckaId: string; label: string },
  reports: readonly AttributeReport[],
): KeyEvidence {
  const wrong = reports.filter((report) => !report.ok && report.lacking !== true && !isShownAbsent(report))
  if (wrong.length > 0) {
    throw new ExpectedError(
      'KEY-TEMPLATE-MISMATCH',
      wrong
        .map(({ attribute, expected, actual }) => {
          const asked = expected === null ? '' : `asked ${expected}, `
          return `${attribute}: ${asked}is ${sayAttribute(actual)}`
        })
        .join('; '),
    )
  }
  const attributes: KeyEvidence['attributes'] = {}
  for (const { attribute, actual } of reports) {
    const name = attribute.replace(/^CKA_/, '')
    attributes[name] = attributeValue(name, actual)
  }
  const { state } = run.folder
  const planned = state.plan.tokens.find(({ role }) => role === tokenRole)
  const probed = state.tokens.find(({ role }) => role === tokenRole)?.probed === true
  // The plan asks a measured token for what its probe has shown, so that nothing is left for a profile to promise.
  if (planned?.profile === 'measured') return { ...key, level: probed ? 'E1' : 'E0', attributes }
  const profile = profileById(planned?.profile ?? 'generic')
  if (profile === null) throw new Error(`no profile ${planned?.profile}`)
  const probe = probed ? { passed: true, lacking: [] } : null
  return { ...key, level: evidenceOf({ attributes: null, probe, profile }).level, attributes }
}

const isShownAbsent = ({ expected, actual }: AttributeReport): boolean =>
  expected === null && isAbsent(actual)

/** A key that this token made itself as planned and never showed: what no import can claim. */
export function bornHere(key: ReadKey | undefined, generatedBy: string): boolean {
  return (
    key?.local === true &&
    key.generatedBy === generatedBy &&
    key.alwaysSensitive &&
    key.attributes.every(({ ok, lacking }) => ok || lacking === true)
  )
}
