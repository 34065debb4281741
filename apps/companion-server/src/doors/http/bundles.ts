import { Type } from '@fastify/type-provider-typebox'
import type { Authentication } from '../../access/tokens.ts'
import type { BundleOperations } from '../../imports/operations.ts'
import type { App } from '../../platform/http/app-type.ts'
import { HttpError } from '../../platform/http/http-error.ts'
import { document, orNull, text, time } from '../../platform/http/reply.ts'
import { openRest } from './rest.ts'

const digest = Type.String({ pattern: '^[0-9a-f]{64}$' })
const bundleView = Type.Object({
  ...{ digest: orNull(text), fileDigest: text, state: text, rule: orNull(text), sequence: orNull(text) },
  ...{ ceremonyId: orNull(text), receivedAt: time, finishedAt: orNull(time) },
})

/** Import, list, provenance and receipt of bundles. */
export function bundleRoutes(
  app: App,
  {
    bundles,
    authentication,
  }: { readonly bundles: BundleOperations; readonly authentication: Authentication },
): void {
  const at = openRest(app, authentication)
  const base = '/api/v1/ceremonies/bundles'
  at(bundles.take, `POST ${base}`, {
    summary: 'Import a bundle',
    reply: Type.Object({ bundleDigest: digest, receipt: document }),
    show(result) {
      if (result.state === 'imported') return { bundleDigest: result.digest, receipt: result.receipt }
      const { rule, detail, refusal } = result
      throw new HttpError(422, rule, `${rule}: ${detail}`, { error: 'BundleRefused', rule, refusal })
    },
  })
  at(bundles.list, `GET ${base}`, {
    summary: 'List bundles',
    reply: Type.Object({ bundles: Type.Array(bundleView) }),
    show: (rows) => ({
      bundles: rows.map((row) => ({
        ...{ digest: row.digest, fileDigest: row.file_digest, state: row.state, rule: row.rule },
        ...{ sequence: row.sequence, ceremonyId: row.ceremony_id },
        ...{
          receivedAt: row.created_at.toISOString(),
          finishedAt: row.finished_at?.toISOString() ?? null,
        },
      })),
    }),
  })
  at(bundles.get, `GET ${base}/:digest`, {
    summary: 'Read where a bundle comes from',
    reply: Type.Object({
      ...{ digest: orNull(digest), sequence: orNull(text), policyDigest: orNull(digest) },
      provenance: Type.Unknown(),
    }),
    show: ({ digest: its, sequence, policy_digest: policyDigest, provenance }) => ({
      ...{ digest: its, sequence, policyDigest, provenance },
    }),
  })
  at(bundles.receipt, `GET ${base}/:digest/receipt`, {
    summary: 'Read the signed receipt of a bundle',
    reply: document,
    show: (receipt) => JSON.parse(receipt),
  })
}
