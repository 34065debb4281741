import { dirname, join, resolve } from 'node:path'
import type { Plan } from '@lux/ceremony/plan'
import type { Policy, PolicyFile } from '@lux/ceremony/policy'
import type { Header } from '@lux/ceremony/transcript'
import { type Card, type ServerCard, serverCardCodec, transportCodec } from '@lux/ceremony/wire'
import { type Entropy, type Json, parseCanonical } from '@lux/crypto'
import { ExpectedError, readBounded } from '@lux/node-files'
import type { Measurement } from '../measure.ts'
import type { KeyChildProgram } from '../runs/effects/context.ts'
import type { Clock } from '../system.ts'
import type { StandIn } from './stand-ins.ts'

export type RehearsalDestination = { name: string; card: ServerCard; transport: Json | null }

export type RehearsalRequest = {
  folder: string
  /**
   * A script of resources/scripts with its values; a plan with the policy that it names; or a plan of people with rehearsal cards,
   * under the policy that their officers signed.
   */
  of:
    | { script: Uint8Array; values: Readonly<Record<string, unknown>> }
    | { plan: Uint8Array; policy: Policy }
    | { plan: Uint8Array; signed: PolicyFile; cards: readonly Card[] }
  destinations: readonly RehearsalDestination[]
  /** Rehearsal cards of people who take part on a device of their own; nobody stands in for them. */
  ownDevices?: readonly Card[]
  library: string
  /** What every token of that library says of itself; null where they differ, or say nothing that can be written down. */
  device?: Header['tokens'][number]['device'] | null
  measurement: Measurement
  entropy: Entropy
  clock: Clock
  keyChild: KeyChildProgram
}

/** What a rehearsal begins with, made from the request: stand-ins in every seat, their policy signed. */
export type RehearsalParts = {
  planBytes: Uint8Array
  plan: Plan
  hash: string
  policy: PolicyFile
  planPolicy: string
  standIns: StandIn[]
  /** Everybody in a seat of the plan, stand-in or not. */
  seated: readonly { role: StandIn['role']; name: string; card: Card }[]
  listed: Header['standIns']
}

/** Digest of what the server signed. Refuses a file that is none. */
export function transportDigest(document: Json): string {
  const parsed = transportCodec.file.check(document)
  if (!parsed.ok) throw new ExpectedError(parsed.rule, parsed.detail)
  return transportCodec.payload.digest(parsed.value.payload)
}

const maxFile = 1 << 20

function cardBeside(path: string): Uint8Array {
  const card = join(dirname(resolve(path)), 'card.json')
  try {
    return readBounded(card, maxFile)
  } catch (error) {
    if (!(error instanceof ExpectedError) || error.code !== 'FILE-MISSING') throw error
    throw new ExpectedError(
      error.code,
      `${card}: the server’s card has to lie beside its transport file; custody-server card --card-out writes it there`,
    )
  }
}

/** transport.json, with the server's card.json beside it; or that card.json alone, for a server that gets no root. */
export function readDestination(path: string): RehearsalDestination {
  const transport = parseCanonical(readBounded(path, maxFile), { maxBytes: maxFile })
  const alone = serverCardCodec.check(transport)
  if (alone.ok) return { name: 'server', card: alone.value, transport: null }
  const card = serverCardCodec.parse(cardBeside(path))
  if (!card.ok) {
    throw new ExpectedError(card.rule, `the server’s card.json beside ${path}: ${card.detail}`)
  }
  return { name: 'server', card: card.value, transport }
}
