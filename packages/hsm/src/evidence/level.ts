import type { AttributeReport, ProbeReport } from '../device.ts'
import type { Profile } from '../profiles/profile.ts'
import { type Said, said, sayingText } from '../sayings.ts'

/**
 * E0 attributes read back. E1 plus a passed probe and a profile that says what the vendor promises. E2 plus an attested
 * companion on the same token that signed what the host claims. E3 the vendor's attestation of the key itself.
 */
export type EvidenceLevel = 'E0' | 'E1' | 'E2' | 'E3'

export const evidenceReasons = [
  'attributes-read',
  'attributes-lacking',
  'probe-passed',
  'profile-known',
  'profile-hardware',
  'companion-signed',
  'companion-attested',
  'key-attested',
] as const

export type EvidenceReasonCode = (typeof evidenceReasons)[number]

/**
 * Why a level holds, or the next does not. `detail`: for people and logs. `said`: the same for translation; empty for a name. The code is a
 * translation key.
 */
export type EvidenceReason = {
  readonly code: EvidenceReasonCode
  readonly holds: boolean
  readonly detail: string
  readonly said: readonly Said[]
}

export type Evidence = { readonly level: EvidenceLevel; readonly reasons: readonly EvidenceReason[] }

/** A check that was made elsewhere. Null where there was nothing to check. */
export type Check = { readonly ok: boolean; readonly detail: string } | null

/** `run`: without the report, the ceremony whose log has the result. `at`: its time, in ISO 8601. */
type ProbeFacts = Pick<ProbeReport, 'passed' | 'lacking'> &
  Partial<Pick<ProbeReport, 'attacks'>> & {
    readonly at?: string
    readonly run?: { readonly rehearsal: boolean } | null
  }

const readNames = (reports: readonly AttributeReport[]): string =>
  reports.map(({ attribute, actual }) => `${attribute} ${actual}`).join(', ')

/**
 * The evidence level of a key, or, without `attributes`, the highest that any key on a token can have. Every level needs the one before it.
 * An attested key stays at E0 on a token that failed its probe, or without a compared attribute. The probe attacks a KEK, so tokens that
 * wrap by neither KW nor KWP (YubiHSM 2, TPM, SmartCard-HSM) never pass it.
 */
export function evidenceOf(facts: {
  attributes: readonly AttributeReport[] | null
  probe: ProbeFacts | null
  profile: Profile
  companion?: { readonly statement: Check; readonly attestation: Check }
  attestation?: Check
}): Evidence {
  const { attributes, probe, profile, companion, attestation } = facts
  const lacking = attributes?.filter((report) => report.lacking === true) ?? []
  const compared = attributes?.filter(({ expected, lacking: left }) => expected !== null && !left) ?? []
  const wrong = compared.filter(({ ok }) => !ok)
  const known = profile.id !== 'generic'
  const reasons = [
    ...(attributes === null
      ? []
      : [
          reason(
            'attributes-read',
            compared.length > 0 && wrong.length === 0,
            wrong.length > 0 ? readNames(wrong) : comparedSaid(attributes.length, compared.length),
          ),
          ...(lacking.length === 0 ? [] : [reason('attributes-lacking', false, readNames(lacking))]),
        ]),
    reason(
      'probe-passed',
      probe?.passed === true,
      ...(probe === null
        ? [said('not-probed')]
        : probe.passed
          ? [said('template-held')]
          : probeFaults(probe)),
      ...(probe?.passed !== true && profile.wrapCandidates.length === 0
        ? [said('never-passes', { profile: profile.name })]
        : []),
      ...whenIn(probe),
    ),
    reason('profile-known', known, known ? profile.name : said('profile-unknown')),
    reason('profile-hardware', known && !profile.soft && profile.verifiedOn !== null, hardwareSaid(profile)),
    ...checked('companion-signed', companion?.statement, said('no-companion')),
    ...checked('companion-attested', companion?.attestation, said('companion-unattested')),
    ...checked('key-attested', attestation, said('key-unattested', { how: profile.attestation.how })),
  ]
  const holds = (code: EvidenceReasonCode) => reasons.some((one) => one.code === code && one.holds)
  const e1 =
    (attributes === null || holds('attributes-read')) && holds('probe-passed') && holds('profile-known')
  const level = !e1
    ? 'E0'
    : holds('key-attested')
      ? 'E3'
      : holds('companion-signed') && holds('companion-attested')
        ? 'E2'
        : 'E1'
  return { level, reasons }
}

/** Nobody can have run a profile on what it does not know. */
function hardwareSaid({ id, soft, verifiedOn }: Profile): string | Said {
  if (soft) return said('soft-token')
  return verifiedOn ?? said(id === 'generic' ? 'profile-unknown' : 'not-on-hardware')
}

/** An attribute without an expected value proves nothing. */
const comparedSaid = (read: number, compared: number): Said =>
  compared === 0
    ? said('attributes-uncompared', { number: String(read) })
    : said('attributes-compared', { number: String(compared) })

/** A name as it is, or what is said, which may be several things. */
function reason(code: EvidenceReasonCode, holds: boolean, ...details: (string | Said)[]): EvidenceReason {
  return {
    code,
    holds,
    detail: details.map((one) => (typeof one === 'string' ? one : sayingText(one))).join('; '),
    said: details.filter((one) => typeof one !== 'string'),
  }
}

function whenIn(probe: ProbeFacts | null): Said[] {
  if (!probe?.run || probe.at === undefined) return []
  const date = probe.at.slice(0, 10)
  return [said(probe.run.rehearsal ? 'probed-in-rehearsal' : 'probed-in-ceremony', { date })]
}

/** The name of what a probe's report lacks where no mechanism wraps keys by a standard. */
export const noKeyWrap = 'a wrap mechanism with a known answer'

/** Attacks that worked on our own template come first, because they rule the token out. */
export function probeFaults({
  attacks,
  lacking,
}: {
  attacks?: ProbeReport['attacks']
  lacking: readonly string[]
}): Said[] {
  const hardened = (attacks ?? []).filter((one) => one.template === 'hardened')
  const names = (outcome: ProbeReport['attacks'][number]['outcome']) =>
    hardened.flatMap((one) => (one.outcome === outcome ? [one.name] : [])).join(', ')
  const [broken, open] = [names('broken'), names('undecided')]
  const attributes = lacking.filter((one) => one !== noKeyWrap)
  const faults = [
    ...(broken === '' ? [] : [said('attacks-worked', { attacks: broken })]),
    ...(open === '' ? [] : [said('attacks-undecided', { attacks: open })]),
    ...(lacking.includes(noKeyWrap) ? [said('lacks-wrap')] : []),
    ...(attributes.length === 0 ? [] : [said('lacks-attributes', { attributes: attributes.join(', ') })]),
  ]
  return faults.length === 0 ? [said('template-broke')] : faults
}

function checked(code: EvidenceReasonCode, check: Check | undefined, none: Said): EvidenceReason[] {
  return [reason(code, check?.ok === true, check?.detail ?? none)]
}
