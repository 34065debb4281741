import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Card, cardCodec, newest } from '@lux/ceremony/wire'
import {
  type Entropy,
  encodeCanonical,
  exportIdentity,
  fromBase64,
  generateIdentity,
  generateSealIdentity,
  importIdentity,
  type Json,
  parseCanonical,
  type SigningIdentity,
  toBase64,
} from '@lux/crypto'
import { ExpectedError, readBounded, writeDurably } from '@lux/node-files'
import * as v from 'valibot'

const maxFile = 1 << 20
const file = 'outsiders.json'
const roles = ['requester', 'evaluator', 'encryptor'] as const
const saved = v.strictObject({
  people: v.array(v.strictObject({ card: v.unknown(), identity: v.string() })),
  combiner: v.strictObject({ identity: v.string(), recipient: v.string() }),
})

/** Who plays a server and the machines around it in a rehearsal: nobody of them sits in the room. */
export type Outsiders = {
  readonly people: readonly { role: (typeof roles)[number]; card: Card; identity: SigningIdentity }[]
  readonly combiner: { readonly identity: string; readonly recipient: string }
}

export async function makeOutsiders(entropy: Entropy): Promise<Outsiders> {
  const people = roles.map((role) => {
    const identity = generateIdentity(entropy, ['ed25519', 'mlDsa65'])
    const card: Card = {
      v: newest,
      kind: role,
      domain: 'rehearsal',
      name: `Rehearsal ${role}`,
      keys: { ...identity.keys },
      note: 'stand-in',
    }
    return { role, card, identity }
  })
  return { people, combiner: await generateSealIdentity() }
}

/** Keeps them with the rehearsal (0600), so that it can be resumed. */
export function saveOutsiders(folder: string, { people, combiner }: Outsiders): void {
  const rows: Json = {
    people: people.map(({ card, identity }) => ({
      // A card is JSON by its codec.
      card: card as unknown as Json,
      identity: toBase64(exportIdentity(identity)),
    })),
    combiner: { identity: combiner.identity, recipient: combiner.recipient },
  }
  writeDurably(join(folder, file), encodeCanonical(rows))
}

/** Errors: STAND-IN-ONLY where the run has none, FILE-DAMAGED. */
export function loadOutsiders(folder: string): Outsiders {
  const path = join(folder, file)
  if (!existsSync(path))
    throw new ExpectedError('STAND-IN-ONLY', 'nobody stands in for requester and encryptor')
  const read = v.safeParse(saved, parseCanonical(readBounded(path, maxFile), { maxBytes: maxFile }))
  if (!read.success) throw new ExpectedError('FILE-DAMAGED', path)
  const { people, combiner } = read.output
  return {
    people: people.flatMap(({ card: given, identity }) => {
      const card = cardCodec.check(given)
      const role = card.ok ? roles.find((one) => one === card.value.kind) : undefined
      if (!card.ok || role === undefined) throw new ExpectedError('FILE-DAMAGED', path)
      return [{ role, card: card.value, identity: importIdentity(fromBase64(identity)) }]
    }),
    combiner,
  }
}

export function outsider({ people }: Outsiders, role: (typeof roles)[number]): Outsiders['people'][number] {
  const found = people.find((one) => one.role === role)
  if (found === undefined) throw new ExpectedError('STAND-IN-ONLY', `nobody stands in as ${role}`)
  return found
}
