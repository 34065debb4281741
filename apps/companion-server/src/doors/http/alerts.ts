import { Type } from '@fastify/type-provider-typebox'
import type { Authentication } from '../../access/tokens.ts'
import type { AlertOperations, Webhook } from '../../alerts/operations.ts'
import type { App } from '../../platform/http/app-type.ts'
import { count, document, orNull, text, time } from '../../platform/http/reply.ts'
import { openRest } from './rest.ts'

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
const gone = { reply: Type.Object({ removed: Type.Boolean() }), show: () => ({ removed: true }) }

/** Rules, alerts and webhooks of an organisation. */
export function alertRoutes(
  app: App,
  { alerts, authentication }: { readonly alerts: AlertOperations; readonly authentication: Authentication },
): void {
  const at = openRest(app, authentication)
  const here = '/api/v1/organisations/:organisationId'
  at(alerts.read, `GET ${here}/alerts`, {
    summary: 'List rules, webhooks, alerts and deliveries',
    reply: everything,
    show: (found) => ({
      rules: found.rules.map(({ createdAt, ...one }) => ({ ...one, createdAt: createdAt.toISOString() })),
      webhooks: found.webhooks.map(toWebhook),
      alerts: found.alerts.map(({ identity, at: time, ...one }) => ({
        ...{ ...one, identityId: identity, at: time.toISOString() },
      })),
      deliveries: found.deliveries.map(({ createdAt, nextAt, ...one }) => ({
        ...{ ...one, createdAt: createdAt.toISOString(), nextAt: nextAt?.toISOString() ?? null },
      })),
    }),
  })
  at(alerts.addRule, `POST ${here}/alert-rules`, {
    summary: 'State what is out of the ordinary',
    reply: Type.Object({ rule: Type.Object({ id: text, rule: document }) }),
    show: (id, { rule }) => ({ rule: { id, rule } }),
  })
  at(alerts.removeRule, `DELETE ${here}/alert-rules/:ruleId`, {
    summary: 'Remove a rule',
    ...gone,
    as: { id: 'ruleId' },
  })
  at(alerts.addWebhook, `POST ${here}/webhooks`, {
    summary: 'Add a webhook',
    reply: Type.Object({ webhook, secret: text }),
    show: ({ webhook, secret }) => ({ webhook: toWebhook(webhook), secret }),
  })
  at(alerts.removeWebhook, `DELETE ${here}/webhooks/:webhookId`, {
    summary: 'Remove a webhook',
    ...gone,
    as: { id: 'webhookId' },
  })
  at(alerts.testWebhook, `POST ${here}/webhooks/:webhookId/test`, {
    summary: 'Send a test to a webhook',
    reply: Type.Object({ deliveryId: text }),
    show: (deliveryId) => ({ deliveryId }),
    as: { id: 'webhookId' },
  })
}

const toWebhook = ({ createdAt, ...rest }: Webhook) => ({ ...rest, createdAt: createdAt.toISOString() })
