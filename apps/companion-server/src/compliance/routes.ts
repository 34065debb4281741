import { type TUnsafe, Type } from '@fastify/type-provider-typebox'
import { canonicalString } from '@lux/crypto'
import { requireCall } from '../access/caller.ts'
import type { Authentication } from '../access/tokens.ts'
import type { App } from '../platform/http/app-type.ts'
import { granted } from '../platform/http/http-error.ts'
import { timeIn } from '../platform/http/query.ts'
import { document } from '../platform/http/reply.ts'
import { pdfOf } from './document.ts'
import { frameworkIds } from './frameworks.ts'
import type { ComplianceOperations } from './operations.ts'

const closed = { additionalProperties: false } as const
const time = Type.Optional(
  Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,3})?Z$' }),
)
const wanted = Type.Object({ framework: Type.Union(frameworkIds.map((one) => Type.Literal(one))) }, closed)
const asked = Type.Object(
  { from: time, to: time, format: Type.Optional(Type.Union([Type.Literal('json'), Type.Literal('pdf')])) },
  closed,
)

export function complianceRoutes(
  app: App,
  {
    compliance,
    authentication,
  }: { readonly compliance: ComplianceOperations; readonly authentication: Authentication },
): void {
  const schema = {
    summary: 'Evidence and gaps for the controls of a framework',
    // Written here as bytes: no serialiser has a part in it.
    response: {
      200: {
        description: 'Done',
        content: {
          'application/json': { schema: document },
          'application/pdf': { schema: Type.String() },
        },
      } as unknown as TUnsafe<unknown>,
    },
    description:
      'Signed JSON, canonical, or its PDF. The same rows and the same period give the same payload. The audit log is walked up to the checkpoint that the report names.',
    params: wanted,
    querystring: asked,
  }
  app.get(
    '/api/v1/compliance/reports/:framework',
    { config: { takesTime: true }, schema },
    async (request, reply) => {
      const call = await requireCall(request, authentication)
      const { from, to, format } = request.query
      const period = {
        ...(from === undefined ? {} : { from: timeIn('from', from) }),
        ...(to === undefined ? {} : { to: timeIn('to', to) }),
      }
      const report = granted(await compliance.report(call, request.params.framework, period))
      return format === 'pdf'
        ? reply.type('application/pdf').send(await pdfOf(report.payload))
        : reply.type('application/json').send(canonicalString(report))
    },
  )
}
