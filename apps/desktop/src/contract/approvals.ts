import type { ShownAct } from '@lux/ceremony/act'
import type { Domain, UnreadableRun } from './ceremonies.ts'

/**
 * Where a request to decrypt stands: approvers are asked, holders are, enough of both have said yes and the answers are combined, or it
 * waits for another step of its ceremony. The last three are over; `refused`: too many holders said no.
 */
const approvalStates = [
  'approving',
  'answering',
  'combining',
  'waiting',
  'refused',
  'expired',
  'decided',
  'lapsed',
] as const
export type ApprovalState = (typeof approvalStates)[number]

/** Somebody who decides. `at`: when the ceremony took the word in; `left`: blocks that a holder may still answer, as far as one has said. */
export type VoiceView = {
  name: string
  role: 'approver' | 'holder'
  said: 'asked' | 'approved' | 'refused'
  at: string | null
  reason: string
  standIn: boolean
  left: number | null
}

/** A request to decrypt, read from its signed bytes. */
export type ApprovalView = {
  /** Of the ceremony. */
  ceremony: string
  title: string
  domain: Domain
  /** Whether the machine plays people of it. */
  simulated: boolean
  /** Of the decryption in the plan. */
  id: string
  digest: string
  words: string[]
  /** What an approval does, told from the very bytes. */
  shown: ShownAct
  state: ApprovalState
  askedAt: string | null
  expiry: string
  /** Proved by signatures: who asks and who opens the answers, of which key, how much. */
  requester: string
  combiner: string
  key: string
  keyId: string
  epoch: number
  ciphertexts: number
  /** Blocks that each holder who answers spends. */
  budget: number
  what: string
  purpose: string
  voices: VoiceView[]
  /** How many of each have to say yes. */
  approversNeeded: number
  answersNeeded: number
  /** The request of the same key before this one. */
  before: {
    askedAt: string | null
    what: string
    purpose: string
    combiner: string
    ciphertexts: number
    budget: number
  } | null
  outcome: 'combined' | 'inconsistent' | null
}

/** Open ones first, the soonest to expire at the top. */
export type Approvals = { requests: ApprovalView[]; unreadable: UnreadableRun[] }
