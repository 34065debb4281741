import { newest } from '../documents/format/versions.ts'
import { type Card, cardCodec } from '../documents/people/card.ts'
import { type ServerCard, serverCardCodec } from '../documents/people/server-card.ts'
import { type Policy, type PolicyMember, signatureSchemes } from './schema.ts'

/** The policy's line for a person's card. */
export function memberOf(card: Card): PolicyMember {
  return {
    name: card.name,
    card: cardCodec.digest(card),
    keys: card.keys,
    algorithms: signatureSchemes.filter((scheme) => card.keys[scheme] !== undefined),
  }
}

/** The policy's line for a server's card. */
export function audienceOf(card: ServerCard, name: string): Policy['audiences'][number] {
  const { receiptKey, requesterKey, combinerRecipient } = card
  return { audience: serverCardCodec.digest(card), name, receiptKey, requesterKey, combinerRecipient }
}

/** Production deals no TFHE_BINARY key: no ceremony recovers one. */
const keyAlgorithms = ['AES-128', 'AES-256', 'RSA-2048', 'RSA-4096', 'EC-P256', 'EC-P384', 'TFHE_INTEGER']

/** What a new policy is made of. What is left out takes the strict default. */
export type PolicyDraft = Pick<Policy, 'organisation' | 'domain' | 'expiry'> & {
  readonly officers: readonly Card[]
  readonly officerQuorum: number
  readonly witnesses?: readonly Card[]
  readonly witnessQuorum?: number
  readonly approvers?: readonly Card[]
  readonly approverThreshold?: number
  readonly requesters?: readonly Card[]
  readonly evaluators?: readonly Card[]
  readonly encryptors?: readonly Card[]
  /** Who may open holders' answers beside the servers. */
  readonly combiners?: Policy['combiners']
  /** Rounded squashed ciphertexts: always or never, the default. */
  readonly carrying?: 'always' | 'never'
  /** Vendors' root certificates that may vouch for keys. */
  readonly attestationRoots?: NonNullable<Policy['attestationRoots']>
  readonly servers?: readonly { readonly name: string; readonly card: ServerCard }[]
} & Partial<
    Pick<
      Policy,
      | 'version'
      | 'previous'
      | 'leastEvidence'
      | 'softTokens'
      | 'acceptedTools'
      | 'fhe'
      | 'phone'
      | 'hardware'
      | 'changes'
      | 'oldest'
      | 'machine'
    >
  >

/** A policy with nothing left open, unsigned. */
export function newPolicy(draft: PolicyDraft): Policy {
  const servers = draft.servers ?? []
  const members = (cards: readonly Card[] | undefined) => (cards ?? []).map(memberOf)
  return {
    v: newest,
    // Holders and custodians are in no list, and what a policy once refuses it refuses for good: old cards stay welcome.
    oldest: draft.oldest ?? { card: 1, run: newest },
    ...(draft.machine === undefined ? {} : { machine: draft.machine }),
    kind: 'policy',
    version: draft.version ?? 1,
    previous: draft.previous ?? null,
    organisation: draft.organisation,
    domain: draft.domain,
    expiry: draft.expiry,
    officers: draft.officers.map(memberOf),
    officerQuorum: draft.officerQuorum,
    approvers: members(draft.approvers),
    approverThreshold: draft.approverThreshold ?? 0,
    witnesses: members(draft.witnesses),
    witnessQuorum: draft.witnessQuorum ?? 0,
    requesters: members(draft.requesters),
    evaluators: members(draft.evaluators),
    encryptors: members(draft.encryptors),
    combiners: [
      ...servers.map(({ name, card }) => ({ name, recipient: card.combinerRecipient })),
      ...(draft.combiners ?? []),
    ],
    audiences: servers.map(({ name, card }) => audienceOf(card, name)),
    leastEvidence: draft.leastEvidence ?? {
      ceremony: 'E1',
      root: 'E1',
      organisation: 'E1',
      project: 'E1',
      data: 'E1',
    },
    ...(draft.attestationRoots === undefined ? {} : { attestationRoots: draft.attestationRoots }),
    ...(draft.phone === undefined ? {} : { phone: draft.phone }),
    ...(draft.hardware === undefined ? {} : { hardware: draft.hardware }),
    ...(draft.changes === undefined ? {} : { changes: draft.changes }),
    softTokens: draft.softTokens ?? false,
    acceptedTools: draft.acceptedTools ?? [],
    algorithms: {
      signatures: [...signatureSchemes],
      keys: [...keyAlgorithms, ...(draft.domain === 'rehearsal' ? ['TFHE_BINARY'] : [])],
    },
    fhe: {
      ...(draft.fhe ?? { floorBits: 20, blockFloorBits: 40, budgets: { k64: 1 << 20, k128: 1 << 20 } }),
      ...(draft.carrying === undefined ? {} : { carrying: draft.carrying }),
    },
  }
}

export type PolicyCounts = Pick<Policy, 'officerQuorum' | 'witnessQuorum' | 'approverThreshold'>

/** Counts that fit these people: more than half of the officers and of the approvers, and two witnesses where there are as many. */
export function proposeCounts(people: readonly Pick<Card, 'kind'>[]): PolicyCounts {
  const count = (kind: Card['kind']) => people.filter((one) => one.kind === kind).length
  const majority = (of: number) => (of === 0 ? 0 : Math.floor(of / 2) + 1)
  return {
    officerQuorum: Math.max(1, majority(count('officer'))),
    witnessQuorum: Math.min(2, count('witness')),
    approverThreshold: majority(count('approver')),
  }
}

/** The end of the year after `now`, ISO-8601 UTC. */
export function proposeExpiry(now: string): string {
  return `${Number(now.slice(0, 4)) + 1}-12-31T23:59:59.999Z`
}
