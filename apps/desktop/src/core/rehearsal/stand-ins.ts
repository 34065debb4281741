import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Person } from '@lux/ceremony'
import { holderBefore } from '@lux/ceremony/plan'
import { type Policy, type PolicyFile, policyDocument } from '@lux/ceremony/policy'
import { type Card, cardCodec } from '@lux/ceremony/wire'
import {
  type Entropy,
  encodeCanonical,
  exportIdentity,
  fromBase64,
  importIdentity,
  type Json,
  parseCanonical,
  type SigningIdentity,
  toBase64,
} from '@lux/crypto'
import { readBounded, writeDurably } from '@lux/node-files'
import { enrol, renewKey } from '@lux/people'
import { accepted } from './accepted.ts'

const maxFile = 1 << 20

/** Someone who plays a person of the plan in a rehearsal: keys made for this run alone, worth nothing outside it. */
export type StandIn = {
  role: Person['role']
  name: string
  card: Card
  identity: SigningIdentity
  /** The age identity of a holder, to open the share; null for others. */
  seal: string | null
}

export async function makeStandIns(
  people: readonly Pick<Person, 'role' | 'name'>[],
  entropy: Entropy,
): Promise<StandIn[]> {
  const all: StandIn[] = []
  for (const { role, name } of people) {
    const before = role === 'holder' ? holderBefore(all, name) : undefined
    // Who stays is in the next epoch with an envelope key of its own.
    const { key } = accepted(
      before === undefined
        ? await enrol({ kind: role, domain: 'rehearsal', name, note: 'stand-in' }, entropy)
        : await renewKey(before, entropy),
    )
    all.push({ role, name, ...key })
  }
  return all
}

/** Keeps the stand-ins with the rehearsal (0600), so that it can be resumed. */
export function saveStandIns(folder: string, standIns: readonly StandIn[]): void {
  const rows: Json = standIns.map(({ role, card, identity, seal }) => ({
    role,
    // A card is JSON by its codec.
    card: card as unknown as Json,
    identity: toBase64(exportIdentity(identity)),
    seal,
  }))
  writeDurably(join(folder, 'stand-ins.json'), encodeCanonical(rows))
}

/** None in a production run. */
export function loadStandIns(folder: string): StandIn[] {
  const path = join(folder, 'stand-ins.json')
  if (!existsSync(path)) return []
  const rows = parseCanonical(readBounded(path, maxFile), { maxBytes: maxFile })
  if (!Array.isArray(rows)) return []
  return rows.map((row) => {
    // Written by saveStandIns alone.
    const saved = row as { role: Person['role']; card: Json; identity: string; seal: string | null }
    const card = cardCodec.check(saved.card)
    if (!card.ok) throw new Error(`${path}: ${card.detail}`)
    return {
      role: saved.role,
      name: card.value.name,
      card: card.value,
      identity: importIdentity(fromBase64(saved.identity)),
      seal: saved.seal,
    }
  })
}

/** k stand-in officers sign, as k real ones would. */
export function signedBy(policy: Policy, standIns: readonly StandIn[]): PolicyFile {
  const signers = new Set(policy.officers.map(({ card }) => card))
  const officers = standIns
    .filter(({ card }) => signers.has(cardCodec.digest(card)))
    .slice(0, policy.officerQuorum)
  return {
    policy,
    signatures: officers.map(({ identity }) => policyDocument.sign(identity, policy, 'rehearsal')),
  }
}
