import { type PolicyFile, policyFileCodec } from '@lux/ceremony/policy'
import {
  type Card,
  cardCodec,
  type ServerCard,
  type SignatureAnswer,
  serverCardCodec,
  signatureAnswerCodec,
} from '@lux/ceremony/wire'
import type { Json } from '@lux/crypto'
import { ExpectedError } from '@lux/node-files'
import * as v from 'valibot'
import { setupDomains } from '../../../contract/index.ts'
import type { ServiceContext } from '../shared/service-context.ts'

const hexId = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/))
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(200))
const text = v.pipe(v.string(), v.maxLength(2000))
const count = v.nullable(v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(32)))

/** What a person changes of a set-up by itself, as it is stored; people, signatures and the rest come as documents. */
const changeable = {
  title: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  organisation: v.strictObject({
    id: v.pipe(v.string(), v.maxLength(64)),
    name: v.pipe(v.string(), v.maxLength(200)),
  }),
  expiry: v.pipe(v.string(), v.isoTimestamp()),
  officerQuorum: count,
  witnessQuorum: count,
  approverThreshold: count,
  softTokens: v.boolean(),
  leastEvidence: v.picklist(['E0', 'E1', 'E2', 'E3']),
  otherTools: v.pipe(v.array(v.pipe(v.string(), v.maxLength(64))), v.maxLength(16)),
  script: v.nullable(name),
  values: v.record(v.pipe(v.string(), v.maxLength(64)), text),
}

/** A document by its codec: what is stored is read as strictly as what comes from outside. */
const document = <T>(codec: { schema: v.GenericSchema<unknown, T> }) => codec.schema

/** A ceremony that is being set up: what people chose and brought. Whatever follows from it is worked out when it is looked at. */
export type Setup = {
  v: 1
  /** `rehearsal`: everybody who is to act takes part with a rehearsal's card of their own, and nobody is simulated. */
  domain: 'production' | 'rehearsal'
  title: string
  organisation: { id: string; name: string }
  expiry: string
  /** null: as it is proposed for the people who are here. */
  officerQuorum: number | null
  witnessQuorum: number | null
  approverThreshold: number | null
  softTokens: boolean
  leastEvidence: 'E0' | 'E1' | 'E2' | 'E3'
  otherTools: string[]
  script: string | null
  values: Record<string, string>
  cards: Card[]
  servers: { name: string; card: ServerCard; transport: Json | null }[]
  /** One that was brought, signed; null: the one that is made here. */
  adopted: PolicyFile | null
  /** The policy that is made here, from the first signature under it: nothing that this machine knows changes it any more. */
  signed: PolicyFile | null
  rehearsal: string | null
  approvals: SignatureAnswer[]
  run: string | null
}

const schema: v.GenericSchema<unknown, Setup> = v.strictObject({
  v: v.literal(1),
  // One that was begun before there was a choice is of production.
  domain: v.optional(v.picklist(setupDomains), 'production'),
  ...changeable,
  cards: v.pipe(v.array(document<Card>(cardCodec)), v.maxLength(128)),
  servers: v.pipe(
    v.array(
      v.strictObject({
        name,
        card: document<ServerCard>(serverCardCodec),
        transport: v.nullable(v.custom<Json>((value) => typeof value === 'object')),
      }),
    ),
    v.maxLength(16),
  ),
  adopted: v.nullable(document<PolicyFile>(policyFileCodec)),
  signed: v.nullable(document<PolicyFile>(policyFileCodec)),
  rehearsal: v.nullable(hexId),
  approvals: v.pipe(v.array(document<SignatureAnswer>(signatureAnswerCodec)), v.maxLength(64)),
  run: v.nullable(hexId),
})

/** Errors: SETUP-UNKNOWN; STORE-DAMAGED where what is stored is none. */
export function loadSetup({ store }: ServiceContext, id: string): Setup {
  const row = store.setups().find((one) => one.id === id)
  if (row === undefined) throw new ExpectedError('SETUP-UNKNOWN', id)
  const read = v.safeParse(schema, parse(row.state))
  if (!read.success) throw new ExpectedError('STORE-DAMAGED', `set-up ${id}: ${v.getDotPath(read.issues[0])}`)
  return read.output
}

function parse(state: string): unknown {
  try {
    return JSON.parse(state)
  } catch {
    return null
  }
}

/** In one commit: a window that is closed at any moment has the old one or the new one. */
export function saveSetup({ store, clock }: ServiceContext, id: string, setup: Setup): void {
  store.setSetup({ id, state: JSON.stringify(setup), changed: clock.now() })
}
