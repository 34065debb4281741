import { Type } from '@fastify/type-provider-typebox'
import type { App } from '../platform/http/app-type.ts'
import { granted } from '../platform/http/http-error.ts'
import { count, gives, names, text, time } from '../platform/http/reply.ts'
import type { ApprovalRequest, Approvals } from './approvals.ts'
import { requireCall } from './caller.ts'
import { id } from './grant-fields.ts'
import { pageFields, pageOf } from './page-query.ts'
import type { Authentication } from './tokens.ts'

const closed = { additionalProperties: false } as const
const byRequest = Type.Object({ requestId: id }, closed)
const paged = Type.Object(
  {
    ...pageFields,
  },
  closed,
)

const approvalRequest = Type.Object({
  ...{ id: text, identity: text, operation: text, organisation: text, project: text, key: text, asked: text },
  state: Type.Enum(['waiting', 'approved', 'refused', 'used', 'expired']),
  needed: count,
  approvers: Type.Array(text),
  decisions: Type.Array(Type.Object({ identity: text, approves: Type.Boolean(), decidedAt: time })),
  names,
  createdAt: time,
  expiresAt: time,
})

/** Requests for approval: whose they are, and who decides them. */
export function approvalRoutes(
  app: App,
  { approvals, authentication }: { readonly approvals: Approvals; readonly authentication: Authentication },
): void {
  app.get(
    '/api/v1/approval-requests',
    {
      schema: {
        ...gives('List requests for approval', Type.Object({ requests: Type.Array(approvalRequest) })),
        querystring: paged,
      },
    },
    async (request) => {
      const call = await requireCall(request, authentication)
      return { requests: granted(await approvals.list(call, pageOf(request.query))).map(toView) }
    },
  )

  for (const [verb, approves] of [
    ['approve', true],
    ['refuse', false],
  ] as const)
    app.post(
      `/api/v1/approval-requests/:requestId/${verb}`,
      {
        schema: {
          ...gives(
            approves ? 'Approve a request' : 'Refuse a request',
            Type.Object({ request: approvalRequest }),
          ),
          params: byRequest,
        },
      },
      async (request) => {
        const call = await requireCall(request, authentication)
        const decided = await approvals.decide(call, { id: request.params.requestId, approves })
        return { request: toView(granted(decided)) }
      },
    )
}

function toView({ createdAt, expiresAt, decisions, ...rest }: ApprovalRequest) {
  return {
    ...rest,
    decisions: decisions.map((one) => ({ ...one, decidedAt: one.decidedAt.toISOString() })),
    ...{ createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString() },
  }
}
