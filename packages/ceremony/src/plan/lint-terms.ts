import type { MachineLevel } from '../documents/ceremony/machine.ts'
import type { Domain } from '../documents/format/fields.ts'
import type { Card } from '../documents/people/card.ts'
import type { Digest, KeyLevel, Role } from './plan.ts'

/** What the policy asks for; absent when the plan is looked at without its policy. */
export type LintTerms = {
  officers: number
  witnesses: number
  evidence?: EvidenceTerms
  listed?: Listed
  /** Of the policy, as is the id of its organisation. */
  domain?: Domain
  organisation?: string
  /** The least that the machine has to show of itself. */
  machine?: MachineLevel
}

type Level = 'E0' | 'E1' | 'E2' | 'E3'

/** What a production policy says of evidence. */
export type EvidenceTerms = {
  least: Readonly<Record<'ceremony' | KeyLevel, Level>>
  roots: readonly { certificate: string; format: string }[]
  softTokens: boolean
}

/** Whom and what a policy names: people by card, servers by audience, algorithms of keys. */
export type Listed = {
  cards: Partial<Record<Role, readonly Digest[]>>
  audiences: readonly Digest[]
  /** Those of the audiences that open answers: their combiner is one of the policy’s. */
  combining: readonly { name: string; audience: Digest }[]
  algorithms: readonly string[]
  /** Signing keys of those who judge a run, seated or not. */
  judges: readonly { role: Role; name: string; keys: Card['keys'] }[]
  /** The oldest version of a person’s card that the policy accepts. */
  oldest: Card['v']
}
