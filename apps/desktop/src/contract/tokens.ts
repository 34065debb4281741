/** `left` is a number of tries only where the token gives one. */
export type PinState = { state: 'ok' | 'low' | 'final' | 'locked' | 'unset'; left: number | null }

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
export type Capability = { id: CapabilityId; state: 'yes' | 'no' | 'unknown' }

export type EvidenceLevel = 'E0' | 'E1' | 'E2' | 'E3'

/** One attack of the probe. `held`: the token resisted; `broken`: the attack worked; `unsupported`: could not be tried. */
export type ProbeCheck = { id: string; outcome: 'held' | 'broken' | 'unsupported'; detail: string }
export type ProbeView = { at: string; passed: boolean; checks: ProbeCheck[] }

export type TokenView = {
  /** Serial as printed by the token; empty for one that was never initialised. */
  serial: string
  label: string
  manufacturer: string
  model: string
  firmware: string
  profile: string
  initialised: boolean
  userPin: PinState
  soPin: PinState
  session: 'none' | 'user' | 'so'
  capabilities: Capability[]
  evidence: EvidenceLevel
  probe: ProbeView | null
  /** Ceremonies that this token takes part in, by id. */
  ceremonies: string[]
}

export type SlotView = { slot: number; description: string; token: TokenView | null }

export type LibraryView = { path: string; description: string; version: string; sha256: string }

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
  /** Title of the ceremony that made it, null when no ceremony here names it. */
  ceremony: string | null
}
