import type { Json } from '@lux/crypto'
import * as v from 'valibot'
import { codec } from '../documents/format/codec.ts'
import { counter, digest, domain, hex16, id, line, time, toolBuild } from '../documents/format/fields.ts'

const standIn = v.strictObject({
  what: v.picklist(['card', 'token', 'destination']),
  name: line,
  /** What the plan lists: a card digest, a token serial, a server's audience. */
  listed: line,
  /** What this rehearsal uses in its place. */
  standIn: line,
})

const headerSchema = v.pipe(
  v.strictObject({
    /** That of the plan; facts of version 2 may stand in a transcript of version 2 alone. */
    v: v.picklist([1, 2]),
    ceremonyId: hex16,
    created: time,
    domain,
    planHash: digest,
    /** Digest of the policy that the plan names. */
    planPolicy: digest,
    /** Digest of the policy in force: the same in production, the derived one in a rehearsal. */
    policyDigest: digest,
    tool: v.strictObject({ version: line, build: toolBuild }),
    machine: v.strictObject({ measurement: digest, kernel: line, tpmQuote: line }),
    tokens: v.pipe(
      v.array(v.strictObject({ role: id, profile: id, library: digest, serial: line })),
      v.maxLength(64),
    ),
    roster: v.pipe(v.array(v.strictObject({ role: id, name: line, card: digest })), v.maxLength(256)),
    standIns: v.pipe(v.array(standIn), v.maxLength(512)),
  }),
  v.check(
    (header) =>
      header.domain === 'rehearsal' ||
      (header.standIns.length === 0 && header.planPolicy === header.policyDigest),
    'production has no stand-ins and runs under the policy of its plan',
  ),
)

/** First line of a transcript; node_0 = SHA-256(0x11 || JCS(header)). */
export type Header = v.InferOutput<typeof headerSchema>

export const headerCodec = codec<Header>('HEADER', headerSchema, 1 << 20)

const fact = v.pipe(
  v.custom<{ [key: string]: Json }>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  ),
)

const place = { seq: counter, time, stepId: id, kind: id }

const entrySchema = v.union([
  v.strictObject({ ...place, salt: hex16, fact }),
  v.strictObject({ ...place, factHash: digest }),
])

/** An entry as it was written: the salt hides a fact that is later redacted. */
export type FullEntry = {
  seq: string
  time: string
  stepId: string
  kind: string
  salt: string
  fact: { [key: string]: Json }
}

/** An entry whose fact was taken out; its digest keeps the chain whole. */
export type RedactedEntry = { seq: string; time: string; stepId: string; kind: string; factHash: string }

export type Entry = FullEntry | RedactedEntry

export const entryCodec = codec<Entry>('ENTRY', entrySchema, 1 << 20)
