import type { Json } from '@lux/crypto'
import * as v from 'valibot'
import type { Refusal } from './commands.ts'
import type { Entry, EventKind, Facts } from './events.ts'
import { evolve } from './evolve.ts'
import { checkpointFields, effectKinds, readResult } from './kinds/result-schemas.ts'
import type { Plan, RunHeader } from './plan/plan.ts'
import { refuse } from './rules.ts'
import type { State } from './state.ts'
import { initialState } from './state-start.ts'
import { digest, hex16, line, remark } from './wire/fields.ts'
import { hybridSignature, p256Key, verificationKeys } from './wire/identity.ts'

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const positive = v.pipe(v.number(), v.safeInteger(), v.minValue(1))
const text = v.pipe(v.string(), v.maxLength(4000))
const hex16OrNone = v.union([hex16, v.literal('')])
// A fact comes out of canonical JSON, so whatever it holds is Json; what matters here is that it is there.
const json = v.custom<Json>((value) => value !== undefined)
const effect = v.picklist(effectKinds)
const choice = v.picklist(['retry', 'continue', 'abort'])
const role = v.picklist([
  'administrator',
  'operator',
  'so',
  'officer',
  'holder',
  'approver',
  'witness',
  'recorder',
])
const reason = v.picklist(['opening', 'key', 'exception', 'pause', 'planned', 'sealing'])

const seat = v.strictObject({
  role,
  name: line,
  card: digest,
  signer: digest,
  keys: verificationKeys,
  recipient: v.exactOptional(text),
})

const destination = v.strictObject({
  audience: digest,
  card: digest,
  transport: digest,
  node: line,
  serial: line,
  transportKey: text,
  recipient: text,
  receiptSigner: digest,
  receiptKey: p256Key,
})

/** Shape of each fact; a fact with more or less is refused. */
const factSchemas: { [K in EventKind]: v.GenericSchema<unknown, Facts[K]> } = {
  'run.started': v.strictObject({
    v: v.literal(1),
    by: line,
    planHash: digest,
    policyDigest: digest,
    terms: v.strictObject({ officers: count, witnesses: count }),
    seats: v.array(seat),
    destinations: v.array(destination),
    tokens: v.array(v.strictObject({ role: line, serial: text })),
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
    what: v.picklist(['opening', 'bundle']),
    subject: digest,
    name: line,
    signer: digest,
    signature: hybridSignature,
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
  }),
  'holder.acknowledged': v.strictObject({
    name: line,
    index: positive,
    payload: json,
    signature: hybridSignature,
  }),
  'exception.opened': v.strictObject({
    id: positive,
    about: v.picklist(['failed', 'ambiguous', 'mismatch', 'reported']),
    expected: text,
    happened: text,
    by: line,
    scope: v.picklist(['step', 'checkpoint', 'log-in']),
    choices: v.array(choice),
  }),
  'exception.decided': v.strictObject({ id: positive, decision: choice, by: line, reason: remark }),
  'run.paused': v.strictObject({ by: line, cause: v.picklist(['person', 'restart']), reason: remark }),
  'run.resumed': v.strictObject({ by: line }),
  'run.aborted': v.strictObject({ by: line, reason: remark }),
  'run.sealed': v.strictObject({ digest, sha256: digest, size: count }),
  'run.exported': v.strictObject({ medium: text, sha256: digest }),
  'run.receipted': v.strictObject({ audience: digest, digest, payload: json, signature: hybridSignature }),
  'run.closed': v.strictObject({ closeout: digest }),
}

/** An entry as a transcript holds it; salt and other fields of the transcript are not looked at. */
export type StoredEntry = { seq: string; time: string; stepId: string; kind: string; fact: Json }

/** A stored entry to one that `evolve` takes. HISTORY-01 for an unknown kind or a fact of another shape. */
export function readEntry(stored: StoredEntry): { ok: true; entry: Entry } | Refusal {
  const { seq, time, stepId, kind } = stored
  if (!isEventKind(kind)) return refuse('HISTORY-01', `entry ${seq} is of the unknown kind ${kind}`)
  const parsed = v.safeParse(factSchemas[kind], stored.fact)
  if (!parsed.success) {
    const [issue] = parsed.issues
    return refuse('HISTORY-01', `entry ${seq}, ${kind}: ${v.getDotPath(issue) ?? 'fact'}: ${issue.message}`)
  }
  // The schema was looked up by `kind`, so the fact is that kind's; the compiler does not follow the pairing.
  const entry = { seq, time, stepId, kind, fact: parsed.output } as Entry
  const fault = resultFault(entry)
  return fault === null ? { ok: true, entry } : refuse('HISTORY-01', `entry ${seq}, ${kind}: ${fault}`)
}

function resultFault(entry: Entry): string | null {
  const carries =
    entry.kind === 'step.performed' || (entry.kind === 'step.reconciled' && entry.fact.found === 'adopted')
  if (!carries) return null
  const read = readResult(entry.fact.effect, entry.fact.result)
  return read.ok ? null : read.detail
}

function isEventKind(kind: string): kind is EventKind {
  return Object.hasOwn(factSchemas, kind)
}

/**
 * Loads a run: its state from header, plan and entries alone. HISTORY-01 for an entry that cannot be read,
 * HISTORY-02 for one that is missing or out of place.
 */
export function replay(
  header: RunHeader,
  plan: Plan,
  entries: Iterable<StoredEntry>,
): { ok: true; state: State } | Refusal {
  let state = initialState(header, plan)
  for (const stored of entries) {
    const read = readEntry(stored)
    if (!read.ok) return read
    if (stored.seq !== String(state.size))
      return refuse('HISTORY-02', `entry ${stored.seq} stands at ${state.size}`)
    if ((stored.kind === 'run.started') !== (state.size === 0))
      return refuse('HISTORY-02', `entry ${stored.seq} is ${stored.kind}`)
    state = evolve(state, read.entry)
  }
  return { ok: true, state }
}
