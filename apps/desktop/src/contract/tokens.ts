import type { Failure } from './result.ts'

/** `left` is a number of tries only where the token gives one. */
export type PinState = {
  state: 'ok' | 'low' | 'final' | 'locked' | 'must-change' | 'unset'
  left: number | null
}

/** What a token can do, asked of the token itself; the UI has a sentence for each id. */
export const capabilityIds = [
  'aes-generate',
  'aes-wrap-kwp',
  'aes-gcm',
  'rsa-oaep-wrap',
  'rsa-generate',
  'ec-generate',
  'ecdsa-sign',
  'hmac',
  'random',
  'unwrap-template',
  'allowed-mechanisms',
  'trusted-wrap',
] as const
export type CapabilityId = (typeof capabilityIds)[number]
/** `listed`: the token says so of itself, and nobody has tried; `yes`: the probe showed it. */
export type Capability = { id: CapabilityId; state: 'yes' | 'listed' | 'no' | 'unknown' }

/** E0 read back, E1 and probed, E2 and vouched for by an attested companion, E3 attested itself. Never "attested: yes". */
export const evidenceLevels = ['E0', 'E1', 'E2', 'E3'] as const
export type EvidenceLevel = (typeof evidenceLevels)[number]

export const evidenceReasonCodes = [
  'attributes-read',
  'attributes-lacking',
  'probe-passed',
  'profile-known',
  'profile-hardware',
  'companion-signed',
  'companion-attested',
  'key-attested',
] as const
export type EvidenceReasonCode = (typeof evidenceReasonCodes)[number]

/** What the driver says of a token, as keys below `said` with the names that are the same in every language; empty: `detail` is a name. */
export type Said = { id: string; values: Record<string, string> }

/** Why the level holds, or why the next one does not; in the order of the levels. `detail` is what `said` says, in English. */
export type EvidenceReason = { code: EvidenceReasonCode; holds: boolean; detail: string; said: Said[] }

/**
 * One attack of the probe. `held`: the token resisted; `broken`: the attack worked; `undecided`: the token fails at the like that
 * is allowed too; `unsupported`: could not be tried.
 */
export type ProbeCheck = {
  /** The attack, or `known-answer`. */
  id: string
  /** What was attacked: our `hardened` template, which must hold, or the token's `default`; null for a known answer. */
  template: 'hardened' | 'default' | null
  outcome: 'held' | 'broken' | 'undecided' | 'unsupported'
  /** Of a known answer without the mechanism's name, which is `mechanism`. */
  detail: string
  said: Said[]
  mechanism?: string
}
export type ProbeView = { at: string; passed: boolean; checks: ProbeCheck[] }

export const trialGroups = ['generate', 'cipher', 'sign', 'wrap', 'derive', 'random'] as const

/**
 * One thing that was tried with scratch session keys. `proved`: other software agrees with the result; `wrong`: it does not;
 * `unsupported`: the token does not list or refuses it; `untried`: a key would have had to stay on the token. `name` and
 * `mechanism` are the same in every language; `detail` is the driver’s own word on why not, empty where it was proved.
 */
export type TrialResult = {
  group: (typeof trialGroups)[number]
  name: string
  mechanism: string
  state: 'proved' | 'wrong' | 'unsupported' | 'untried'
  detail: string
}
export type TrialView = { at: string; results: TrialResult[] }

/** A line of what a token can be. `label`: below `said`; `able`: of a role. */
export type ExaminationRow = { label: string; able: 'yes' | 'no' | 'unproved' | null; text: Said[] }
export type ExaminationView = { at: string; rows: ExaminationRow[] }

export type TokenView = {
  /** Serial as printed by the token; empty for one that was never initialised. */
  serial: string
  label: string
  manufacturer: string
  model: string
  firmware: string
  profile: string
  /** The profile's name for people, e.g. `Thales Luna 7`. */
  profileName: string
  /** A program: it protects nothing from whoever has its files and the PIN. */
  soft: boolean
  /** How a root comes from it into other tokens, by its profile. */
  replication: 'trusted-window' | 'vendor-clone' | 'vendor-wrap' | 'none'
  /** What the profile was run on; null: from the vendor's documents only, "not run on hardware". */
  verifiedOn: string | null
  initialised: boolean
  /**
   * Whether this program erases it and initialises it again, or for the first time; `once`: its library does neither a second time, `finish`: of such a one, what an
   * interrupted initialisation left out,
   * `vendor-tool`: the vendor's own tool does both.
   */
  initialises: 'again' | 'once' | 'finish' | 'vendor-tool'
  /** Wrong tries before the user PIN locks, null where the profile does not say; whether the token shows low and final. */
  pinRules: { userTries: number | null; showsState: boolean }
  userPin: PinState
  soPin: PinState
  /** Seconds that a person has at the token's own PIN pad; null: it has none, and PINs are typed here. */
  padSeconds: number | null
  session: 'none' | 'user' | 'so'
  capabilities: Capability[]
  /** The most that may be said of a key on this token today. */
  evidence: EvidenceLevel
  evidenceReasons: EvidenceReason[]
  probe: ProbeView | null
  /** Ceremonies that this token takes part in, by id. */
  ceremonies: string[]
}

/** How many characters of a serial a second officer reads from the token before anything on it is destroyed. */
export const serialEndLength = 4

/** `slot`: the library's own number of it, which may be larger than a JavaScript number holds. */
export type SlotView = {
  slot: string
  token: TokenView | null
  /** Why the token that is there does not say what it is; null where `token` says it. */
  failure: Failure | null
}

/** `maker`, `description` and `version` are the library's own words. */
export type LibraryView = {
  path: string
  maker: string
  description: string
  version: string
  sha256: string
}

/** `environment`: LUX_PKCS11 names it. `own`: the soft tokens of this store. */
export type LibrarySource = 'environment' | 'chosen' | 'own'

/** A library of a known kind at one of its usual places; `failure`: why this computer could not load its file. */
export type FoundLibrary = {
  path: string
  profile: string
  name: string
  sha256: string | null
  failure: Failure | null
}

export type LibraryState = {
  source: LibrarySource
  loaded: LibraryView | null
  /** Why nothing is loaded. */
  failure: Failure | null
  /** What is remembered: `sha256` is what its file had when it was chosen, `variables` are NAME=VALUE. */
  chosen: { path: string; sha256: string; variables: string[]; initString: string } | null
  found: FoundLibrary[]
}

export type ObjectClass =
  | 'secret-key'
  | 'private-key'
  | 'public-key'
  | 'data'
  | 'certificate'
  | 'damaged'
  | 'other'

export type ObjectView = {
  /** CKA_ID, hex. */
  id: string
  label: string
  class: ObjectClass
  /** For example `AES-256`, `RSA-3072`, `P-256`. */
  type: string
  /** null: the token did not say. Keys are lower-case attribute names such as `sensitive`, `extractable`, `trusted`. */
  flags: Record<string, boolean | null>
  /** Attributes that the token refused to give, each with its reason. */
  unreadable: { attribute: string; reason: string }[]
  /** Title of the ceremony that made it, null when no ceremony here names it. */
  ceremony: string | null
}
