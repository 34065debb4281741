import type { Json } from '@lux/crypto'
import * as v from 'valibot'
import { device } from '../documents/ceremony/machine.ts'
import { codec } from '../documents/format/codec.ts'
import {
  counter,
  digest,
  domain,
  hex16,
  id,
  type Texts,
  time,
  toolBuild,
} from '../documents/format/fields.ts'
import { type AnyVersion, textsOf, version, versions } from '../documents/format/versions.ts'

const standIn = ({ line }: Texts) =>
  v.strictObject({
    what: v.picklist(['card', 'token', 'destination']),
    name: line,
    /** What the plan lists: a card digest, a token serial, a server's audience. */
    listed: line,
    /** What this rehearsal uses in its place. */
    standIn: line,
  })

const token = ({ line }: Texts) => ({ role: id, profile: id, library: digest, serial: line })

const machine = ({ line }: Texts) => ({ measurement: digest, kernel: line, tpmQuote: line })

const common = (of: Texts) => ({
  /** That of the plan; facts of a later version stand in no transcript of an earlier one. */
  v: version,
  ceremonyId: hex16,
  created: time,
  domain,
  planHash: digest,
  /** Digest of the policy that the plan names. */
  planPolicy: digest,
  /** Digest of the policy in force: the same in production, the derived one in a rehearsal. */
  policyDigest: digest,
  tool: v.strictObject({ version: of.line, build: toolBuild }),
  roster: v.pipe(v.array(v.strictObject({ role: id, name: of.line, card: digest })), v.maxLength(256)),
  standIns: v.pipe(v.array(standIn(of)), v.maxLength(512)),
})

const tokens = <T extends v.GenericSchema>(one: T) => v.pipe(v.array(one), v.maxLength(64))

const [earlier, now] = [textsOf[1], textsOf[3]]
const header1 = v.strictObject({
  ...common(earlier),
  machine: v.strictObject(machine(earlier)),
  tokens: tokens(v.strictObject(token(earlier))),
})

const header3 = v.strictObject({
  ...common(now),
  /** The medium from which the workstation started, as it says. */
  machine: v.strictObject({ ...machine(now), image: v.exactOptional(digest) }),
  tokens: tokens(
    v.strictObject({
      ...token(now),
      /** The library that stands in front of the vendor's. */
      shim: v.exactOptional(digest),
      /** What the token says of itself. */
      device: v.exactOptional(v.strictObject({ ...device(now), firmware: now.line })),
    }),
  ),
})

const headerSchema = v.pipe(
  versions<Header>({ 1: header1, 2: header1, 3: header3 }),
  v.check(
    (header) =>
      header.domain === 'rehearsal' ||
      (header.standIns.length === 0 && header.planPolicy === header.policyDigest),
    'production has no stand-ins and runs under the policy of its plan',
  ),
)

/** First line of a transcript; node_0 = SHA-256(0x11 || JCS(header)). */
export type Header = AnyVersion<v.InferOutput<typeof header3>>

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
