import { required, type Verification } from '../bundle/verification.ts'
import type { Card } from '../documents/people/card.ts'
import { mayJoin } from '../plan/queries.ts'

type Seated = { role: string; name: string; digest: string; card: Card }

/** CEREMONY.md "Roles": nobody sits twice in a set, nor in two roles that may not join, by name or by any single key. */
export function seatsFault(v: Verification): string | null {
  const seats = v.run.header.roster.map(
    ({ role, name, card }): Seated => ({
      role,
      name,
      digest: card,
      card: required(v.people.get(card) ?? null),
    }),
  )
  for (const [index, one] of seats.entries()) {
    for (const other of seats.slice(0, index)) {
      const fault = pairFault(one, other)
      if (fault !== null) return `${one.name} (${one.role}) and ${other.name} (${other.role}): ${fault}`
    }
  }
  return null
}

function pairFault(one: Seated, other: Seated): string | null {
  const { recipient } = one.card
  if (recipient !== undefined && one.digest !== other.digest && recipient === other.card.recipient)
    return 'one envelope key'
  const shared = sharesKey(one.card.keys, other.card.keys)
  if (one.name !== other.name && !shared) return null
  const what = shared ? 'one key' : 'one name'
  if (one.role !== other.role) return mayJoin([one.role, other.role]) ? null : `${what} in two roles`
  // Of a holder who stays for the next epoch both seats have the same keys, and the second card renews the first.
  const stays = one.role === 'holder' && one.name === other.name && one.digest !== other.digest
  return stays ? null : `${what} in two seats`
}

/** A hybrid identity is shared by either half. */
export function sharesKey(one: Card['keys'], other: Card['keys']): boolean {
  const keys: string[] = Object.values(other)
  return Object.values(one).some((key) => keys.includes(key))
}
