import { Readable } from 'node:stream'
import { Type } from '@fastify/type-provider-typebox'
import { toBase64, toHex } from '@lux/crypto'
import type { Authentication } from '../../access/tokens.ts'
import type { AuditOperations, PlacedEntry } from '../../audit/operations.ts'
import { witnessAnswers } from '../../audit/witnesses.ts'
import { signature } from '../../keys/key-view.ts'
import type { App } from '../../platform/http/app-type.ts'
import { count, document, names, orNull, text, time } from '../../platform/http/reply.ts'
import { openRest } from './rest.ts'

const placed = {
  ...{ writer: text, seq: text, prev: text, salt: text, hash: text },
  /** Null where it is no longer kept. */
  entry: orNull(document),
}
const signedCheckpoint = Type.Object({
  payload: Type.Object({
    ...{ v: Type.Literal(1), kind: Type.Literal('audit-checkpoint'), audience: text, seq: text },
    ...{ previous: text, time },
    ranges: Type.Array(Type.Object({ writer: text, from: text, to: text, hash: text })),
    root: text,
    authority: Type.Optional(Type.Array(Type.Object({ tenant: text, counter: text, digest: text }))),
  }),
  signatures: Type.Array(signature),
})
const redeemed = Type.Object({
  ...placed,
  state: Type.Enum(['pending', 'checkpointed']),
  path: Type.Array(Type.Object({ side: Type.Enum(['left', 'right']), hash: text })),
  checkpoint: orNull(signedCheckpoint),
})
const usage = Type.Object({
  ...{ key: orNull(text), identity: orNull(text), operation: text, outcome: text, count, last: time },
})
const verdict = Type.Object({
  ...{ entries: count, dropped: count, writers: count, checkpoints: count, pending: count },
  ...{ unproved: count, named: count, witnesses: count },
  head: orNull(Type.Object({ seq: text, hash: text })),
})
const hashes = orNull(Type.Array(text))
const log = Type.Object({
  ...{ vkey: text, note: text, consistency: hashes, inclusion: hashes },
  witnesses: Type.Array(
    Type.Object({
      name: text,
      answer: Type.Enum([...witnessAnswers]),
      size: count,
      cosignedAt: orNull(time),
    }),
  ),
})
const lines = 'application/x-ndjson'

export function auditRoutes(
  app: App,
  {
    auditLog,
    authentication,
  }: { readonly auditLog: AuditOperations; readonly authentication: Authentication },
): void {
  const at = openRest(app, authentication)
  const base = '/api/v1/audit'
  at(auditLog.redeem, `GET ${base}/receipts`, {
    summary: 'Redeem a receipt',
    reply: Type.Object({ receipt: redeemed }),
    show: ({ path, ...found }) => ({
      receipt: { ...found, path: path.map(({ side, hash }) => ({ side, hash: toHex(hash) })) },
    }),
    as: { writer: 'w', seq: 's' },
  })
  at(auditLog.query, `GET ${base}`, {
    summary: 'Query the audit log',
    reply: Type.Object({
      entries: Type.Array(Type.Object(placed)),
      names,
      totalCount: count,
      isMore: Type.Boolean(),
    }),
    show: (found) => found,
  })
  at(auditLog.export, `GET ${base}/export`, {
    summary: 'Export the audit log',
    content: { [lines]: text },
    send: (entries, { reply }) => reply.type(lines).send(Readable.from(linesOf(entries))),
  })
  at(auditLog.usage, `GET ${base}/usage`, {
    summary: 'Count what was done by key and caller',
    reply: Type.Object({ usage: Type.Array(usage) }),
    show: (found) => ({ usage: found.map(({ last, ...rest }) => ({ ...rest, last: last.toISOString() })) }),
  })
  at(auditLog.days, `GET ${base}/days`, {
    summary: 'Count entries by day',
    reply: Type.Object({ days: Type.Array(Type.Object({ day: text, entries: count, refused: count })) }),
    show: (days) => ({ days }),
  })
  at(auditLog.verify, `POST ${base}/verification`, {
    summary: 'Verify the whole audit log',
    reply: Type.Object({ verdict }),
    show: (verdict) => ({ verdict }),
  })
  at(auditLog.log, `GET ${base}/log`, {
    summary: 'Read the newest note of the log, and proofs of it',
    reply: Type.Object({ log: orNull(log) }),
    show: (found) => ({
      log: found && {
        ...{ vkey: found.vkey, note: found.note },
        ...{ consistency: base64Of(found.consistency), inclusion: base64Of(found.inclusion) },
        witnesses: found.witnesses.map(({ name, answer, size, cosignedAt }) => ({
          ...{ name, answer, size, cosignedAt: cosignedAt?.toISOString() ?? null },
        })),
      },
    }),
  })
  at(auditLog.latestCheckpoint, `GET ${base}/checkpoints/latest`, {
    summary: 'Read the newest checkpoint',
    reply: Type.Object({ checkpoint: orNull(signedCheckpoint) }),
    show: (checkpoint) => ({ checkpoint }),
  })
}

const base64Of = (proof: readonly Uint8Array[] | null) => proof?.map((hash) => toBase64(hash)) ?? null

async function* linesOf(entries: AsyncGenerator<PlacedEntry>): AsyncGenerator<string> {
  for await (const entry of entries) yield `${JSON.stringify(entry)}\n`
}
