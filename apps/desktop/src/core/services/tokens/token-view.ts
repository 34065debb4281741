import {
  evidenceOf,
  type InventoryObject,
  initialisation,
  type PinState,
  type ProbeReport,
  profileOf,
  type Said,
  type TokenInfo,
} from '@lux/hsm'
import type * as contract from '../../../contract/index.ts'
import { type KnownProbe, newestProbe } from './token-probes.ts'

export function pinStateOf(state: PinState): contract.PinState {
  const states = {
    ok: 'ok',
    low: 'low',
    final: 'final',
    locked: 'locked',
    'must-change': 'must-change',
    'not-set': 'unset',
  } as const
  return { state: states[state], left: null }
}

export function tokenViewOf(
  info: TokenInfo,
  known: {
    probe: { at: string; report: ProbeReport } | null
    /** Newer or older than `probe`, from the log of a run. */
    inRuns: readonly KnownProbe[]
    ceremonies: readonly string[]
    padMs: number
  },
): contract.TokenView {
  const profile = profileOf(info.manufacturer, info.model)
  const byHand = known.probe === null ? [] : [{ ...known.probe.report, at: known.probe.at, run: null }]
  const probe = newestProbe([...byHand, ...known.inRuns])
  const evidence = evidenceOf({ attributes: null, probe, profile })
  return {
    serial: info.serial,
    label: info.label,
    manufacturer: info.manufacturer,
    model: info.model,
    firmware: info.firmware,
    profile: info.profile,
    profileName: profile.name,
    soft: profile.soft,
    replication: profile.replication,
    verifiedOn: profile.verifiedOn,
    initialised: info.initialised,
    initialises: initialisation(info),
    pinRules: { userTries: profile.pin.userTries, showsState: profile.pin.showsState },
    userPin: pinStateOf(info.pin.user),
    soPin: pinStateOf(info.pin.so),
    padSeconds: info.pinPad ? Math.round(known.padMs / 1000) : null,
    session: info.loggedIn ?? 'none',
    capabilities: capabilitiesOf(info, known.probe?.report ?? null),
    evidence: evidence.level,
    evidenceReasons: evidence.reasons.map((reason) => ({ ...reason, said: reason.said.map(saidView) })),
    probe: known.probe === null ? null : probeViewOf(known.probe.at, known.probe.report),
    ceremonies: [...known.ceremonies],
  }
}

/** What the token lists; what a list cannot tell is known after a probe. */
function capabilitiesOf(info: TokenInfo, report: ProbeReport | null): contract.Capability[] {
  const lists = (ability: TokenInfo['abilities'][number]) =>
    info.abilities.includes(ability) ? 'listed' : 'no'
  // A token that makes no AES key was not attacked at all, which says nothing of what it would enforce.
  const attacked = report?.attacks.some(({ outcome }) => outcome !== 'not-applicable') ?? false
  const probed = (yes: boolean) => (attacked ? (yes ? 'yes' : 'no') : 'unknown')
  const lacks = (word: string) => report?.lacking.some((one) => one.toLowerCase().includes(word)) ?? false
  const wraps = report?.knownAnswers.chosen?.standard === 'KWP-RFC5649'
  return [
    { id: 'aes-generate', state: lists('aes-generate') },
    { id: 'aes-wrap-kwp', state: info.abilities.includes('aes-wrap') ? probed(wraps) : 'no' },
    { id: 'aes-gcm', state: lists('aes-gcm') },
    { id: 'rsa-oaep-wrap', state: lists('rsa-oaep-wrap') },
    { id: 'rsa-generate', state: lists('rsa-generate') },
    { id: 'ec-generate', state: lists('ec-generate') },
    { id: 'ecdsa-sign', state: lists('ecdsa-sign') },
    { id: 'hmac', state: lists('hmac') },
    { id: 'random', state: lists('random') },
    { id: 'unwrap-template', state: probed(!lacks('unwrap_template')) },
    { id: 'allowed-mechanisms', state: probed(!lacks('allowed_mechanisms')) },
    {
      id: 'trusted-wrap',
      state: attacked ? (lacks('wrap_with_trusted') ? 'no' : trustKept(report)) : 'unknown',
    },
  ]
}

/** Kept to or not as the probe found; taken, and no more is known, where it did not attack an open root, as older ones did not. */
function trustKept(report: ProbeReport | null): contract.Capability['state'] {
  const outcome = report?.attacks.find(
    ({ name, template }) => name === 'wrap-to-untrusted' && template === 'hardened',
  )?.outcome
  if (outcome === 'held') return 'yes'
  return outcome === 'broken' || outcome === 'not-applicable' ? 'no' : 'listed'
}

const saidView = ({ id, values }: Said): contract.Said => ({ id, values: { ...values } })

export function probeViewOf(at: string, report: ProbeReport): contract.ProbeView {
  const outcomes = {
    held: 'held',
    broken: 'broken',
    undecided: 'undecided',
    'not-applicable': 'unsupported',
  } as const
  return {
    at,
    passed: report.passed,
    checks: [
      ...report.attacks.map(({ name, template, outcome, detail, said }) => ({
        id: name,
        template,
        outcome: outcomes[outcome],
        detail,
        said: said === undefined ? [] : [saidView(said)],
      })),
      ...report.knownAnswers.tried.map(({ name, result, said }) => ({
        id: 'known-answer',
        template: null,
        outcome: name === report.knownAnswers.chosen?.name ? ('held' as const) : ('unsupported' as const),
        detail: result,
        said: said === undefined ? [] : [saidView(said)],
        mechanism: name,
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
    unreadable: object.unreadable.map((one) => ({ ...one })),
    ceremony,
  }
}
