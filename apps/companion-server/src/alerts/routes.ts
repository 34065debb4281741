import { Type } from '@fastify/type-provider-typebox'
import { requireCall } from '../access/caller.ts'
import { id, name } from '../access/grant-fields.ts'
import type { Authentication } from '../access/tokens.ts'
import type { App } from '../platform/http/app-type.ts'
import { granted } from '../platform/http/http-error.ts'
import { count, document, gives, orNull, text, time } from '../platform/http/reply.ts'
import type { AlertOperations, Webhook } from './operations.ts'
import { mostCounted, mostMinutes } from './rules.ts'

const closed = { additionalProperties: false } as const
const hour = Type.Integer({ minimum: 0, maximum: 24 })
const counted = {
  most: Type.Integer({ minimum: 1, maximum: mostCounted }),
  minutes: Type.Integer({ minimum: 1, maximum: mostMinutes }),
}
const rule = Type.Union([
  Type.Object({ kind: Type.Literal('volume'), ...counted }, closed),
  Type.Object({ kind: Type.Literal('failures'), ...counted }, closed),
  Type.Object(
    {
      kind: Type.Literal('unusual-hour'),
      hours: Type.Object({ from: hour, until: hour }, closed),
      days: Type.Optional(
        Type.Array(Type.Integer({ minimum: 0, maximum: 6 }), { minItems: 1, maxItems: 7, uniqueItems: true }),
      ),
    },
    closed,
  ),
  Type.Object(
    { kind: Type.Literal('source'), networks: Type.Array(name, { minItems: 1, maxItems: 32 }) },
    closed,
  ),
])

const webhook = Type.Object({ id: text, name: text, url: text, createdAt: time })
const everything = Type.Object({
  rules: Type.Array(Type.Object({ id: text, rule: document, createdAt: time })),
  webhooks: Type.Array(webhook),
  alerts: Type.Array(
    Type.Object({
      ...{ id: text, rule: document, identityId: text, name: orNull(text), at: time, seen: count },
    }),
  ),
  deliveries: Type.Array(
    Type.Object({
      ...{ id: text, webhook: text, event: text, state: text, tries: count, status: orNull(count) },
      ...{ failure: orNull(text), createdAt: time, nextAt: orNull(time) },
    }),
  ),
})
const removed = Type.Object({ removed: Type.Boolean() })

/** Rules, alerts and webhooks of an organisation. */
export function alertRoutes(
  app: App,
  { alerts, authentication }: { readonly alerts: AlertOperations; readonly authentication: Authentication },
): void {
  const at = '/api/v1/organisations/:organisationId'
  const here = Type.Object({ organisationId: id }, closed)

  app.get(
    `${at}/alerts`,
    { schema: { ...gives('List rules, webhooks, alerts and deliveries', everything), params: here } },
    async (request) => {
      const call = await requireCall(request, authentication)
      const found = granted(await alerts.read(call, request.params.organisationId))
      return {
        rules: found.rules.map(({ createdAt, ...one }) => ({ ...one, createdAt: createdAt.toISOString() })),
        webhooks: found.webhooks.map(toWebhook),
        alerts: found.alerts.map(({ identity, at: time, ...one }) => ({
          ...{ ...one, identityId: identity, at: time.toISOString() },
        })),
        deliveries: found.deliveries.map(({ createdAt, nextAt, ...one }) => ({
          ...{ ...one, createdAt: createdAt.toISOString(), nextAt: nextAt?.toISOString() ?? null },
        })),
      }
    },
  )

  const stated = Type.Object({ rule }, closed)
  app.post(
    `${at}/alert-rules`,
    {
      schema: {
        ...gives(
          'State what is out of the ordinary',
          Type.Object({ rule: Type.Object({ id: text, rule: document }) }),
        ),
        params: here,
        body: stated,
      },
    },
    async (request) => {
      const call = await requireCall(request, authentication)
      const wanted = { organisation: request.params.organisationId, rule: request.body.rule }
      return { rule: { id: granted(await alerts.addRule(call, wanted)), rule: request.body.rule } }
    },
  )

  const oneRule = Type.Object({ organisationId: id, ruleId: id }, closed)
  app.delete(
    `${at}/alert-rules/:ruleId`,
    { schema: { ...gives('Remove a rule', removed), params: oneRule } },
    async (request) => {
      const call = await requireCall(request, authentication)
      const { organisationId: organisation, ruleId } = request.params
      granted(await alerts.removeRule(call, { organisation, id: ruleId }))
      return { removed: true }
    },
  )

  const wanted = Type.Object({ name, url: Type.String({ minLength: 1, maxLength: 512 }) }, closed)
  app.post(
    `${at}/webhooks`,
    {
      schema: {
        ...gives('Add a webhook', Type.Object({ webhook, secret: text })),
        params: here,
        body: wanted,
      },
    },
    async (request) => {
      const call = await requireCall(request, authentication)
      const asked = { organisation: request.params.organisationId, ...request.body }
      const { webhook, secret } = granted(await alerts.addWebhook(call, asked))
      return { webhook: toWebhook(webhook), secret }
    },
  )

  const oneHook = Type.Object({ organisationId: id, webhookId: id }, closed)
  app.delete(
    `${at}/webhooks/:webhookId`,
    { schema: { ...gives('Remove a webhook', removed), params: oneHook } },
    async (request) => {
      const call = await requireCall(request, authentication)
      const { organisationId: organisation, webhookId } = request.params
      granted(await alerts.removeWebhook(call, { organisation, id: webhookId }))
      return { removed: true }
    },
  )

  app.post(
    `${at}/webhooks/:webhookId/test`,
    { schema: { ...gives('Send a test to a webhook', Type.Object({ deliveryId: text })), params: oneHook } },
    async (request) => {
      const call = await requireCall(request, authentication)
      const { organisationId: organisation, webhookId } = request.params
      return { deliveryId: granted(await alerts.testWebhook(call, { organisation, id: webhookId })) }
    },
  )
}

const toWebhook = ({ createdAt, ...rest }: Webhook) => ({ ...rest, createdAt: createdAt.toISOString() })
