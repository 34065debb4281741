import type { InventoryObject, PinState, ProbeReport, TokenInfo } from '@lux/hsm'
import type * as contract from '../../contract/index.ts'

export function pinStateOf(state: PinState): contract.PinState {
  const states = {
    ok: 'ok',
    low: 'low',
    final: 'final',
    locked: 'locked',
    'must-change': 'unset',
    'not-set': 'unset',
  } as const
  return { state: states[state], left: null }
}

export function tokenViewOf(
  info: TokenInfo,
  known: { probe: { at: string; report: ProbeReport } | null; ceremonies: readonly string[] },
): contract.TokenView {
  return {
    serial: info.serial,
    label: info.label,
    manufacturer: info.manufacturer,
    model: info.model,
    firmware: info.firmware,
    profile: info.profile,
    initialised: info.initialised,
    userPin: pinStateOf(info.pin.user),
    soPin: pinStateOf(info.pin.so),
    session: info.loggedIn ?? 'none',
    capabilities: capabilitiesOf(known.probe?.report ?? null),
    evidence: known.probe?.report.passed === true ? 'E1' : 'E0',
    probe: known.probe === null ? null : probeViewOf(known.probe.at, known.probe.report),
    ceremonies: [...known.ceremonies],
  }
}

/** What the probe has seen this token do; before a probe nothing is claimed. */
function capabilitiesOf(report: ProbeReport | null): contract.Capability[] {
  const seen = (yes: boolean): contract.Capability['state'] =>
    report === null ? 'unknown' : yes ? 'yes' : 'no'
  const lacks = (word: string) => report?.lacking.some((one) => one.toLowerCase().includes(word)) ?? false
  return [
    { id: 'aes-generate', state: seen((report?.attacks.length ?? 0) > 0) },
    { id: 'aes-wrap-kwp', state: seen(report?.knownAnswers.chosen?.standard === 'KWP-RFC5649') },
    { id: 'unwrap-template', state: seen(!lacks('unwrap')) },
    { id: 'allowed-mechanisms', state: seen(!lacks('mechanism')) },
  ]
}

export function probeViewOf(at: string, report: ProbeReport): contract.ProbeView {
  const outcomes = { held: 'held', broken: 'broken', 'not-applicable': 'unsupported' } as const
  return {
    at,
    passed: report.passed,
    checks: [
      ...report.attacks.map(({ name, template, outcome, detail }) => ({
        id: `${template}-${name}`,
        outcome: outcomes[outcome],
        detail,
      })),
      ...report.knownAnswers.tried.map(({ name, result }) => ({
        id: 'known-answer',
        outcome: name === report.knownAnswers.chosen?.name ? ('held' as const) : ('unsupported' as const),
        detail: `${name}: ${result}`,
      })),
    ],
  }
}

const classes = {
  secret: 'secret-key',
  private: 'private-key',
  public: 'public-key',
  data: 'data',
  certificate: 'certificate',
  other: 'other',
} as const

export function objectViewOf(object: InventoryObject, ceremony: string | null): contract.ObjectView {
  const flags: Record<string, boolean | null> = {}
  for (const [name, value] of Object.entries(object.attributes)) {
    if (value === 'true' || value === 'false')
      flags[name.toLowerCase().replaceAll('_', '-')] = value === 'true'
  }
  for (const { attribute } of object.unreadable) flags[attribute.toLowerCase().replaceAll('_', '-')] = null
  return {
    id: object.id,
    label: object.label,
    class: classes[object.class],
    type: object.keyType,
    flags,
    ceremony,
  }
}
