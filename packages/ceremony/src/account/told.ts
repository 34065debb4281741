/** Who was in the room. `late`: not at the roll call, but later. */
export type Presence = 'here' | 'late' | 'away' | 'not-recorded'

export type Signed = { what: string; name: string; at: string; here: boolean }

/** Of which words, and by whom. */
export type Heard = { what: string; names: string[] }

export type AccountStep = {
  /** 1-based over the whole run. */
  number: number
  id: string
  do: string
  actor: string
  state: string
  /** Who pressed to go on; the machine names nobody. */
  by: string[]
  begun: string | null
  ended: string | null
  outcome: { label: string; value: string }[]
  /** Levels of the keys that were read here. */
  evidence: string[]
  /** First and last entry; null where the step has none. */
  entries: { first: number; last: number } | null
  /** Who heard words read aloud. `signed`: who signed that with a key. */
  heard: Heard[]
  heardSigned: Heard[]
  notes: { by: string; text: string; at: string }[]
  signed: Signed[]
  deviations: number[]
}

export type AccountDeviation = {
  id: number
  step: string
  at: string
  by: string
  expected: string
  happened: string
  /** `read-again`: of words that somebody heard differently, to go on is to have them read again. */
  decision: 'retry' | 'continue' | 'abort' | 'read-again' | null
  decidedBy: string | null
  reason: string | null
  decidedAt: string | null
  /** Officers under the decision. */
  signed: string[]
}

/**
 * A run as somebody asks who was not there: from header, plan and entries alone. Window, command and paper tell it, each in its own
 * form, so that all name and count the same.
 */
export type Account = {
  domain: 'production' | 'rehearsal'
  organisation: string
  ceremonyId: string
  title: string
  /** As the engine names it. */
  state: string
  tool: { version: string; build: string }
  machine: { kernel: string; measurement: string }
  planHash: string
  policyDigest: string
  begun: string | null
  ended: string | null
  entries: number
  /** What a bundle holds of them; later entries tell what became of it. */
  bundle: { digest: string; entries: number } | null
  tokens: {
    role: string
    label: string
    serial: string
    profile: string
    library: string
    shim: string | null
    device: { maker: string; model: string; firmware: string } | null
  }[]
  people: { name: string; roles: string[]; presence: Presence; since: string | null }[]
  standIns: { what: string; name: string; listed: string; standIn: string }[]
  /** `seconds`: of the other clock before the workstation's own. */
  clocks: { step: string; read: string; at: string; seconds: number }[]
  parts: { kind: string; begun: string | null; ended: string | null; steps: AccountStep[] }[]
  keys: {
    id: string
    /** `ceremony` or the key’s level in the plan. */
    level: string
    serial: string
    ckaId: string
    evidence: string
    /** Digest of the possession proof: what every token with this key shows. */
    proof: string | null
    /** It left the token that made it: the bundle has it, wrapped under the key above it. */
    wrapped: boolean
  }[]
  /** The threshold key of the run: any `t` of its holders, each with the share of their place. Null where there is none. */
  threshold: { keyId: string; t: number; holders: string[] } | null
  /** Servers that the bundle is for. `name`: the node that its transport document names, '' where no root goes there. */
  servers: { name: string; id: string }[]
  deviations: AccountDeviation[]
  checkpoints: { size: number; reason: string; digest: string; cosigned: string[] }[]
  signedHere: string[]
  /** What no file can show. */
  unproved: string[]
}
