import { encodeCanonical, FormatError, type Json } from '@lux/crypto'
import * as v from 'valibot'
import { dealtBackup } from '../documents/backup/dealt-backup.ts'
import { exceptionCodec } from '../documents/ceremony/exception.ts'
import { heard, hearingCodec } from '../documents/ceremony/hearing.ts'
import {
  digest,
  hex16,
  hybridSignature,
  line,
  p256Key,
  remark,
  verificationKeys,
} from '../documents/format/fields.ts'
import { issuePath, issueText } from '../documents/format/issue-text.ts'
import { newest, version } from '../documents/format/versions.ts'
import type { EventKind, Facts, NewEvent } from '../model/events.ts'
import { planTerms } from '../plan/schema.ts'
import { effectKinds } from '../steps/facts.ts'
import { checkpointFields, count, json, positive } from '../steps/result-fields.ts'
import { entryModules, type FamilyEntry, readResult } from '../steps/run.ts'
import { cards } from './compare.ts'

const text = v.pipe(v.string(), v.maxLength(4000))

const hex16OrNone = v.union([hex16, v.literal('')])

const effect = v.picklist(effectKinds)

const choice = v.picklist(['retry', 'continue', 'abort'])

const role = v.picklist(planTerms[newest].roles)

const reason = v.picklist(['opening', 'key', 'exception', 'pause', 'planned', 'sealing'])

const seat = v.strictObject({
  role,
  name: line,
  card: digest,
  signer: digest,
  keys: verificationKeys,
  recipient: v.exactOptional(text),
})

const server = { audience: digest, card: digest, receiptSigner: digest, receiptKey: p256Key }

const destination = v.union([
  v.strictObject({
    ...server,
    transport: digest,
    node: line,
    serial: line,
    transportKey: text,
    recipient: text,
  }),
  v.strictObject(server),
])

const keysOfMany = v.pipe(v.array(verificationKeys), v.maxLength(64))

const authorities = v.strictObject({
  requesters: keysOfMany,
  combiners: v.pipe(v.array(text), v.maxLength(64)),
  evaluators: keysOfMany,
  encryptors: keysOfMany,
})

const epoch = v.strictObject({ keyId: digest, epochId: digest, epoch: count, public: digest })

/** Shape of each fact that no family knows; a fact with more or less is refused. */
const ownSchemas: { [K in Exclude<EventKind, FamilyEntry>]: v.GenericSchema<unknown, Facts[K]> } = {
  'run.started': v.strictObject({
    v: version,
    by: line,
    planHash: digest,
    policyDigest: digest,
    terms: v.strictObject({ officers: count, witnesses: count, approvers: count }),
    seats: v.array(seat),
    destinations: v.array(destination),
    tokens: v.array(v.strictObject({ role: line, serial: text })),
    authorities,
    epoch: v.nullable(epoch),
    backup: v.exactOptional(dealtBackup),
  }),
  'step.confirmed': v.strictObject({ stage: count, by: line, input: v.record(v.string(), text) }),
  'step.intended': v.strictObject({
    attempt: positive,
    effect,
    nonce: hex16,
    rootId: hex16OrNone,
    ckaId: hex16OrNone,
    sealCkaId: hex16OrNone,
  }),
  'step.performed': v.strictObject({ attempt: positive, effect, again: v.boolean(), result: json }),
  'step.failed': v.strictObject({
    attempt: positive,
    effect,
    again: v.boolean(),
    failure: v.strictObject({ code: text, detail: text }),
  }),
  'step.reconciled': v.strictObject({
    attempt: positive,
    effect,
    found: v.picklist(['absent', 'adopted', 'ambiguous']),
    detail: text,
    result: json,
  }),
  'signature.accepted': v.strictObject({
    what: v.picklist(['opening', 'bundle', 'exception', 'decryption-approval', 'policy']),
    subject: digest,
    name: line,
    signer: digest,
    signature: hybridSignature,
    here: v.exactOptional(v.literal(true)),
  }),
  'checkpoint.made': v.strictObject({
    ...checkpointFields,
    reason,
    live: v.boolean(),
    signature: hybridSignature,
  }),
  'checkpoint.cosigned': v.strictObject({
    size: count,
    digest,
    name: line,
    signer: digest,
    signature: hybridSignature,
    here: v.exactOptional(v.literal(true)),
  }),
  'exception.opened': v.strictObject({
    id: positive,
    about: v.picklist(['failed', 'ambiguous', 'mismatch', 'reported']),
    expected: text,
    happened: text,
    by: line,
    scope: v.picklist(['step', 'checkpoint', 'log-in']),
    choices: v.array(choice),
    compared: v.exactOptional(
      v.strictObject({ what: line, digest, card: v.pipe(positive, v.maxValue(cards)) }),
    ),
  }),
  'exception.proposed': v.strictObject({ document: digest, payload: exceptionCodec.payload.schema }),
  'exception.decided': v.strictObject({
    id: positive,
    decision: choice,
    by: line,
    reason: remark,
    document: v.nullable(digest),
  }),
  'note.made': v.strictObject({ by: line, text: v.pipe(remark, v.minLength(1)) }),
  'reading.heard': heard,
  'reading.signed': v.strictObject({
    payload: hearingCodec.payload.schema,
    signature: hybridSignature,
    here: v.exactOptional(v.literal(true)),
  }),
  'run.paused': v.strictObject({ by: line, cause: v.picklist(['person', 'restart']), reason: remark }),
  'run.resumed': v.strictObject({ by: line }),
  'run.aborted': v.strictObject({ by: line, reason: remark }),
  'run.sealed': v.strictObject({ digest, sha256: digest, size: count }),
  'run.exported': v.strictObject({ medium: text, sha256: digest }),
  'run.receipted': v.strictObject({ audience: digest, digest, payload: json, signature: hybridSignature }),
  'run.closed': v.strictObject({ closeout: digest }),
}

// Every module has the schema of its own kind; the compiler does not follow the pairing through the entries of an object.
const entrySchemas = Object.fromEntries(
  Object.entries(entryModules).map(([kind, { schema }]) => [kind, schema]),
) as { [K in FamilyEntry]: v.GenericSchema<unknown, Facts[K]> }

/** Shape of each fact. */
export const factSchemas: { [K in EventKind]: v.GenericSchema<unknown, Facts[K]> } = {
  ...ownSchemas,
  ...entrySchemas,
}

/** A kind and a fact from outside to an event, or what is wrong with them. */
export function readFact(
  kind: string,
  fact: unknown,
): { ok: true; event: NewEvent } | { ok: false; detail: string } {
  if (!isEventKind(kind)) return { ok: false, detail: 'the kind is unknown' }
  const parsed = v.safeParse(factSchemas[kind], fact)
  if (!parsed.success) {
    const [issue] = parsed.issues
    return { ok: false, detail: `${issuePath(issue) ?? 'fact'}: ${issueText(issue)}` }
  }
  // The schema was looked up by `kind`, so the fact is that kind's; the compiler does not follow the pairing.
  const event = { kind, fact: parsed.output, stepId: 'run' } as NewEvent
  const fault = resultFault(event)
  return fault === null ? { ok: true, event } : { ok: false, detail: fault }
}

/** Why an event could not be written and read again, or null: what is appended must always open. */
export function eventFault(event: NewEvent): string | null {
  try {
    // Facts are built of JSON's values by their type; the encoder refuses the strings and numbers that it cannot write.
    encodeCanonical(event.fact as Json)
  } catch (error) {
    if (error instanceof FormatError) return error.detail
    throw error
  }
  const read = readFact(event.kind, event.fact)
  return read.ok ? null : read.detail
}

function resultFault(event: NewEvent): string | null {
  const carries =
    event.kind === 'step.performed' || (event.kind === 'step.reconciled' && event.fact.found === 'adopted')
  if (!carries) return null
  const read = readResult(event.fact.effect, event.fact.result)
  return read.ok ? null : read.detail
}

function isEventKind(kind: string): kind is EventKind {
  return Object.hasOwn(factSchemas, kind)
}
