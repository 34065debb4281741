import { Type } from '@fastify/type-provider-typebox'
import { canonicalString } from '@lux/crypto'
import type { Authentication } from '../../access/tokens.ts'
import { pdfOf } from '../../compliance/document.ts'
import type { ComplianceOperations } from '../../compliance/operations.ts'
import type { App } from '../../platform/http/app-type.ts'
import { document, text } from '../../platform/http/reply.ts'
import { openRest } from './rest.ts'

export function complianceRoutes(
  app: App,
  {
    compliance,
    authentication,
  }: { readonly compliance: ComplianceOperations; readonly authentication: Authentication },
): void {
  openRest(app, authentication)(compliance.report, 'GET /api/v1/compliance/reports/:framework', {
    summary: 'Evidence and gaps for the controls of a framework',
    description:
      'Signed JSON, canonical, or its PDF. The same rows and the same period give the same payload. The audit log is walked up to the checkpoint that the report names.',
    more: { format: Type.Optional(Type.Enum(['json', 'pdf'])) },
    // Written here as bytes: no serialiser has a part in it.
    content: { 'application/json': document, 'application/pdf': text },
    send: async (report, { request, reply }) =>
      Object(request.query).format === 'pdf'
        ? reply.type('application/pdf').send(await pdfOf(report.payload))
        : reply.type('application/json').send(canonicalString(report)),
  })
}
