import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Card, cardCodec } from '@lux/ceremony/wire'
import { fromBase64, importIdentity, openWith, type SigningIdentity } from '@lux/crypto'
import { parseShareEnvelope, type ShareEnvelope } from '@lux/crypto/fhe'

export type RehearsedPerson = { card: Card; identity: SigningIdentity; seal: string | null }
type Row = { card: unknown; identity: string; seal?: string | null }

/** Everyone who played a part in a rehearsal, with the keys that it keeps beside itself to go on after a crash. */
export function rehearsedPeople(run: string): RehearsedPerson[] {
  const rows = (name: string) => JSON.parse(readFileSync(join(run, name), 'utf8'))
  // Files of the rehearsal itself; a card is parsed.
  const all: Row[] = [...rows('stand-ins.json'), ...rows('outsiders.json').people]
  return all.map(({ card, identity, seal = null }) => {
    const parsed = cardCodec.check(card)
    if (!parsed.ok) throw new Error(parsed.detail)
    return { card: parsed.value, identity: importIdentity(fromBase64(identity)), seal }
  })
}

/** What a holder's device holds after the ceremony. */
export async function shareOf(run: string, holder: number, seal: string): Promise<ShareEnvelope> {
  const sealed = new Uint8Array(readFileSync(join(run, 'envelopes', `holder-${holder}.age`)))
  return parseShareEnvelope(await openWith(seal, sealed))
}
