import { type Outcome, refuse } from '../documents/format/outcome.ts'
import { newest } from '../documents/format/versions.ts'
import type { Card } from '../documents/people/card.ts'
import { type ServerCard, serverCardCodec } from '../documents/people/server-card.ts'
import { audienceOf, memberOf } from './make.ts'
import { type Policy, type PolicyMember, policyDocument } from './schema.ts'

/** Who plays whom: stand-in cards by the digest that the policy lists. */
export type StandIns = {
  readonly cards: ReadonlyMap<string, Card>
  readonly servers: ReadonlyMap<string, ServerCard>
  /**
   * Who asks, computes, encrypts and combines in the rehearsal, of whom nobody sits in the room: one for each list of the policy
   * that names somebody. Absent where the plan and the policy have nothing to do with a threshold key.
   */
  readonly outsiders?: { readonly cards: readonly Card[]; readonly combiner: string }
  /** Build of the tool that rehearses, accepted beside the listed ones. */
  readonly tool: string
  /** The root that stands in for every vendor's; absent where the plan has nothing attested. */
  readonly attestationRoot?: NonNullable<Policy['attestationRoots']>[number]
}

/**
 * The policy of a rehearsal: every key replaced by its stand-in, quorums and counts kept, a software token and E0
 * allowed because a rehearsal runs on nothing better. Of the newest version, as all that is made. Refuses STAND-IN-MISSING,
 * STAND-IN-DOMAIN, POLICY-MALFORMED.
 */
export function deriveRehearsalPolicy(policy: Policy, standIns: StandIns): Outcome<Policy> {
  const absent: string[] = []
  const foreign: string[] = []
  // What is already of a rehearsal may stand for itself.
  const itself = policy.domain === 'rehearsal'

  function replace(members: readonly PolicyMember[]): PolicyMember[] {
    return members.flatMap((member) => {
      const card = standIns.cards.get(member.card)
      if (card?.domain === 'production') foreign.push(member.name)
      if (card) return [memberOf(card)]
      if (!itself) absent.push(member.name)
      return itself ? [member] : []
    })
  }

  function outside(kind: Card['kind'], members: readonly PolicyMember[]): PolicyMember[] {
    const { outsiders } = standIns
    if (outsiders === undefined || members.length === 0) return replace(members)
    const cards = outsiders.cards.filter((card) => card.kind === kind)
    for (const { name, domain } of cards) if (domain === 'production') foreign.push(name)
    return cards.map(memberOf)
  }

  const audiences = policy.audiences.flatMap((listed) => {
    const card = standIns.servers.get(listed.audience)
    if (card?.domain === 'production') foreign.push(listed.name)
    if (card) return [audienceOf(card, listed.name)]
    return itself ? [listed] : []
  })
  // A server that the plan does not list may be rehearsed with; a listed one that nobody plays is left out.
  for (const [listed, card] of standIns.servers) {
    if (policy.audiences.some(({ audience }) => audience === listed)) continue
    if (card.domain === 'production') foreign.push(serverCardCodec.digest(card))
    audiences.push(audienceOf(card, 'rehearsal server'))
  }
  // A rehearsal shows nothing of the machine that production will run on.
  const { attestationRoots: _vendors, changes: _before, machine: _shown, ...kept } = policy
  const derived: Policy = {
    ...kept,
    v: newest,
    oldest: { card: policy.oldest?.card ?? 1, run: newest },
    version: 1,
    previous: null,
    domain: 'rehearsal',
    officers: replace(policy.officers),
    approvers: replace(policy.approvers),
    witnesses: replace(policy.witnesses),
    requesters: outside('requester', policy.requesters),
    evaluators: outside('evaluator', policy.evaluators),
    encryptors: outside('encryptor', policy.encryptors),
    combiners: [
      ...audiences.map(({ name, combinerRecipient }) => ({ name, recipient: combinerRecipient })),
      ...(standIns.outsiders ? [{ name: 'rehearsal', recipient: standIns.outsiders.combiner }] : []),
    ],
    audiences,
    leastEvidence: { ceremony: 'E0', root: 'E0', organisation: 'E0', project: 'E0', data: 'E0' },
    ...(standIns.attestationRoot === undefined ? {} : { attestationRoots: [standIns.attestationRoot] }),
    softTokens: true,
    acceptedTools: [...new Set([...policy.acceptedTools, standIns.tool])],
  }
  if (absent.length > 0) return refuse('STAND-IN-MISSING', `nobody stands in for ${absent.join(', ')}`)
  if (foreign.length > 0)
    return refuse('STAND-IN-DOMAIN', `a production card stands in for ${foreign.join(', ')}`)
  // What an earlier version let stand in a name, this one may not.
  return policyDocument.payload.check(derived)
}
