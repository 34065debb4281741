import type { Account } from '@lux/ceremony/account'
import type { Domain, EnrolledKind } from './ceremonies.ts'

export type HolderView = {
  /** Card digest: SHA-256 of the canonical card, hex. */
  id: string
  name: string
  kind: EnrolledKind
  domain: Domain
  words: string[]
  recipient: string
  algorithms: string[]
  note: string | null
  /** Digest of the card of the epoch before, of one that a holder who stays made for the next. */
  renews: string | null
  enrolledAt: string
  /** How many shares the ceremonies of this store dealt to this card. */
  shares: number
}

/** A share's way, in its order: a holder is done when the proof has come back. */
export const shareStates = ['enrolled', 'dealt', 'sent', 'received', 'proved'] as const
export type ShareState = (typeof shareStates)[number]

/**
 * A holder's share of a key. That it was dealt and proved is in the ceremony's own log; `sent` is noted when its codes or files left
 * this window, `received` when somebody here said that the holder has it.
 */
export type ShareView = {
  ceremony: string
  title: string
  domain: Domain
  key: string
  epoch: number
  index: number
  name: string
  state: ShareState
  sent: { at: string; by: 'codes' | 'files' } | null
  received: { at: string } | null
}

export type BundleSummary = {
  /** Ceremony id. */
  id: string
  title: string
  domain: Domain
  digest: string
  words: string[]
  path: string
  bytes: number
  sealedAt: string
  exported: boolean
  receipted: boolean
  /** Whether its plan names servers that give one. */
  awaitsReceipt: boolean
  /** A rehearsal's own policy, which vouches for itself; null in production. */
  policy: string | null
}

export type CheckOutcome = 'passed' | 'failed' | 'not-run'
/** `name` is the check's own name, as `custody verify` prints it. */
export type CheckView = { name: string; outcome: CheckOutcome; detail: string }

/** What may lie on paper beside a bundle, by its file's name. */
export const takenPapers = ['verdict.pdf', 'policy.pdf', 'script.pdf', 'transcript.pdf'] as const
/** `papers`: of all of them as Base64, so that they fit in one call. */
export const takeAwayLimits = { papers: 4_000_000 } as const
/** The folder that leaves the room. */
export type TakenAway = { path: string; files: string[] }
/** A file of such a folder beside its checksum. */
export type TakenFile = { name: string; state: 'same' | 'changed' | 'missing' | 'added' }

export type VerifyView = {
  path: string
  /** Where a folder was given: its files beside their checksums. */
  taken: TakenFile[] | null
  /** `consistent`: all bytes agree, but no policy says whose signatures count (`POLICY-MISSING`). */
  verdict: 'accepted' | 'consistent' | 'refused'
  /** The check that refused, with its rule or `POLICY-MISSING`. */
  rule: string | null
  detail: string | null
  checks: CheckView[]
  /** To whom nothing but the workstation itself showed what they signed. */
  signedHere: string[]
  /** What no file can show, as keys of the texts. */
  unproved: string[]
  /** What the bundle has of what no check asks for; `values` are names and figures. */
  notes: {
    id: 'text' | 'heard' | 'capabilities' | 'shim' | 'device' | 'machine'
    state: 'checked' | 'signed' | 'claimed' | 'none' | 'not-recorded'
    values: string[]
  }[]
  /** By which it was judged. One of a rehearsal vouches for itself. */
  policy: {
    organisation: string
    domain: Domain
    digest: string
    words: string[]
    /** Since when it has ended, at the time of the verdict; null while it is in force. */
    ended: string | null
  } | null
  contents: {
    /** As its plan calls it; its id where no plan could be read. */
    title: string
    /** Ceremony id. */
    ceremony: string
    organisation: string
    domain: Domain
    digest: string
    words: string[]
    planHash: string
    entries: number
    checkpoints: number
    /** Officers of the given policy whose signatures were verified, and the others; null when none was. */
    signers: { signed: string[]; missing: string[] } | null
    files: { name: string; what: string; bytes: number }[]
  } | null
}

export type TranscriptEntry = {
  seq: number
  time: string
  stepId: string
  kind: string
  /** One line for the list. */
  summary: string
  /** The fact as canonical JSON. */
  fact: string
  /** Officers decided to have the words read again that somebody heard differently. */
  readAgain: boolean
  leaf: string
}

export type TranscriptPage = {
  total: number
  /** How many entries the filter keeps. */
  matching: number
  entries: TranscriptEntry[]
  kinds: string[]
  chain: { state: 'intact' | 'broken'; entries: number; node: string; words: string[]; detail: string | null }
}
/** A run as its paper tells it; `words` of the digests that people compare. */
export type TranscriptAccount = Account & {
  head: { node: string; words: string[] }
  words: { plan: string[]; policy: string[]; bundle: string[] }
}

/** A sealed backup of the store; `words`: of its digest. */
export type StoreBackupView = {
  path: string
  digest: string
  words: string[]
  bytes: number
  made: string
  runs: number
}

export type AppInfo = {
  version: string
  build: string
  node: string
  system: string
  store: string
  /** True when the store is the training store of `npm start`. */
  training: boolean
  library: { path: string; description: string; version: string; sha256: string } | null
  /** Tokens that are here and initialised: a library's own description is often empty of meaning. */
  tokens: { manufacturer: string; model: string }[]
  selfTest: { name: string; passed: boolean; detail: string }[]
  /** Interfaces that are up, loopback left out. Empty: air-gapped. */
  interfaces: string[]
  clock: string
  disk: { free: number; total: number }
}
