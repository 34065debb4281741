import { Readable } from 'node:stream'
import { type Static, Type } from '@fastify/type-provider-typebox'
import { toHex } from '@lux/crypto'
import type { FastifyRequest } from 'fastify'
import { requireCall } from '../access/caller.ts'
import { pageFields, pageOf } from '../access/page-query.ts'
import type { Authentication } from '../access/tokens.ts'
import { signature } from '../keys/key-view.ts'
import type { App } from '../platform/http/app-type.ts'
import { granted, misfit } from '../platform/http/http-error.ts'
import { timeIn } from '../platform/http/query.ts'
import { count, document, gives, givesContent, names, orNull, text, time } from '../platform/http/reply.ts'
import type { AuditOperations, AuditQuery, PlacedEntry, ReceiptOf } from './operations.ts'

const takesTime = { takesTime: true } as const
const closed = { additionalProperties: false } as const
const word = Type.Optional(Type.String({ minLength: 1, maxLength: 64 }))
const utc = Type.Optional(
  Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,3})?Z$' }),
)
const filters = {
  ...{ projectId: word, organisationId: word, keyId: word, identityId: word, operation: word, outcome: word },
  ...{ from: utc, to: utc },
}
const filtered = Type.Object(filters, closed)
const paged = Type.Object(
  {
    ...filters,
    ...pageFields,
  },
  closed,
)
const receipt = Type.Object(
  {
    reqId: word,
    w: Type.Optional(Type.String({ pattern: '^[0-9a-f]{24}$' })),
    s: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,17}$' })),
  },
  closed,
)

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
  head: orNull(Type.Object({ seq: text, hash: text })),
})

export function auditRoutes(
  app: App,
  {
    auditLog,
    authentication,
  }: { readonly auditLog: AuditOperations; readonly authentication: Authentication },
): void {
  const callOf = (request: FastifyRequest) => requireCall(request, authentication)
  const base = '/api/v1/audit'

  app.get(
    `${base}/receipts`,
    { schema: { ...gives('Redeem a receipt', Type.Object({ receipt: redeemed })), querystring: receipt } },
    async (request) => {
      const call = await callOf(request)
      const { path, ...found } = granted(await auditLog.redeem(call, receiptOf(request.query)))
      return { receipt: { ...found, path: path.map(({ side, hash }) => ({ side, hash: toHex(hash) })) } }
    },
  )

  app.get(
    base,
    {
      schema: {
        ...gives('Query the audit log', Type.Object({ entries: Type.Array(Type.Object(placed)), names })),
        querystring: paged,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const { offset, limit, ...rest } = request.query
      return granted(await auditLog.query(call, toQuery(rest), pageOf({ offset, limit })))
    },
  )

  app.get(
    `${base}/export`,
    {
      config: takesTime,
      schema: { ...givesContent('Export the audit log', 'application/x-ndjson'), querystring: filtered },
    },
    async (request, reply) => {
      const call = await callOf(request)
      const entries = granted(await auditLog.export(call, toQuery(request.query)))
      return reply.type('application/x-ndjson').send(Readable.from(lines(entries)))
    },
  )

  app.get(
    `${base}/usage`,
    {
      schema: {
        ...gives('Count what was done by key and caller', Type.Object({ usage: Type.Array(usage) })),
        querystring: filtered,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const found = granted(await auditLog.usage(call, toQuery(request.query)))
      return { usage: found.map(({ last, ...rest }) => ({ ...rest, last: last.toISOString() })) }
    },
  )

  app.get(
    `${base}/days`,
    {
      schema: {
        ...gives(
          'Count entries by day',
          Type.Object({ days: Type.Array(Type.Object({ day: text, entries: count, refused: count })) }),
        ),
        querystring: filtered,
      },
    },
    async (request) => {
      const call = await callOf(request)
      return { days: granted(await auditLog.days(call, toQuery(request.query))) }
    },
  )

  app.post(
    `${base}/verification`,
    { config: takesTime, schema: { ...gives('Verify the whole audit log', Type.Object({ verdict })) } },
    async (request) => {
      const call = await callOf(request)
      return { verdict: granted(await auditLog.verify(call)) }
    },
  )

  app.get(
    `${base}/checkpoints/latest`,
    {
      schema: {
        ...gives('Read the newest checkpoint', Type.Object({ checkpoint: orNull(signedCheckpoint) })),
      },
    },
    async (request) => {
      const call = await callOf(request)
      return { checkpoint: granted(await auditLog.latestCheckpoint(call)) }
    },
  )
}

async function* lines(entries: AsyncGenerator<PlacedEntry>): AsyncGenerator<string> {
  for await (const entry of entries) yield `${JSON.stringify(entry)}\n`
}

function receiptOf({ reqId, w, s }: Static<typeof receipt>): ReceiptOf {
  if (reqId !== undefined && w === undefined && s === undefined) return { reqId }
  if (reqId === undefined && w !== undefined && s !== undefined) return { writer: w, seq: s }
  throw misfit('expected reqId, or w and s')
}

function toQuery(given: Static<typeof filtered>): AuditQuery {
  const { projectId, organisationId, keyId, identityId, operation, outcome, from, to } = given
  return {
    ...{ project: projectId ?? null, organisation: organisationId ?? null },
    ...(keyId === undefined ? {} : { key: keyId }),
    ...(identityId === undefined ? {} : { identity: identityId }),
    ...(operation === undefined ? {} : { operation }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(from === undefined ? {} : { from: timeIn('from', from) }),
    ...(to === undefined ? {} : { to: timeIn('to', to) }),
  }
}
