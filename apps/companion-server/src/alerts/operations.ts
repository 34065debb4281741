import { randomBytes, randomUUID } from 'node:crypto'
import { absent, authorize } from '../access/authorize.ts'
import { nameShape } from '../access/tokens.ts'
import type { Call, Record, Subject } from '../audit/record.ts'
import type { Database } from '../platform/database/open.ts'
import { type SealingKey, seal } from '../platform/sealed.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { enqueue, placeOf } from './deliveries.ts'
import { type AlertRule, checkRule } from './rules.ts'

export type Webhook = {
  readonly id: string
  readonly name: string
  readonly url: string
  readonly createdAt: Date
}

export type Delivery = {
  readonly id: string
  readonly webhook: string
  readonly event: string
  readonly state: 'waiting' | 'delivered' | 'given-up'
  readonly tries: number
  readonly status: number | null
  readonly failure: string | null
  readonly createdAt: Date
  readonly nextAt: Date | null
}

export type Alerts = {
  readonly rules: readonly { readonly id: string; readonly rule: AlertRule; readonly createdAt: Date }[]
  readonly webhooks: readonly Webhook[]
  readonly alerts: readonly {
    readonly id: string
    readonly rule: AlertRule
    readonly identity: string
    readonly name: string | null
    readonly at: Date
    readonly seen: number
  }[]
  readonly deliveries: readonly Delivery[]
}

type Parts = { readonly database: Database; readonly record: Record; readonly key: SealingKey; now(): Date }

const mostRules = 32
const mostWebhooks = 8
const mostShown = 50

export type AlertOperations = ReturnType<typeof openAlerts>

/** What an organisation wants to hear of, and where it is told. */
export function openAlerts({ database, record, key, now }: Parts) {
  return {
    /** Rules, webhooks, and the newest alerts and deliveries. */
    read(call: Call, organisation: string): Promise<Outcome<Alerts>> {
      return record(call, 'alert.read', async (subject) => {
        const allowed = await may(call, subject, 'alert.read', organisation)
        if (!allowed.ok) return allowed
        const rules = await database
          .selectFrom('alert_rule')
          .selectAll()
          .where('organisation_id', '=', organisation)
          .where('removed_at', 'is', null)
          .orderBy('created_at')
          .orderBy('id')
          .execute()
        const webhooks = await hooksOf(organisation).orderBy('created_at').orderBy('id').execute()
        const alerts = await database
          .selectFrom('alert')
          .innerJoin('alert_rule', 'alert_rule.id', 'alert.rule_id')
          .leftJoin('identity', 'identity.id', 'alert.identity_id')
          .select(['alert.id', 'rule', 'identity_id', 'identity.name', 'at', 'seen'])
          .where('alert.organisation_id', '=', organisation)
          .orderBy('at', 'desc')
          .limit(mostShown)
          .execute()
        const deliveries = await database
          .selectFrom('webhook_delivery')
          .innerJoin('webhook', 'webhook.id', 'webhook_delivery.webhook_id')
          .select(['webhook_delivery.id', 'webhook.name', 'event', 'tries', 'status', 'failure', 'next_at'])
          .select(['delivered_at', 'webhook_delivery.created_at'])
          .where('webhook.organisation_id', '=', organisation)
          .orderBy('webhook_delivery.created_at', 'desc')
          .limit(mostShown)
          .execute()
        return accept({
          // What is stored was looked at when it was stated.
          rules: rules.map((one) => ({
            ...{ id: one.id, rule: one.rule as AlertRule, createdAt: one.created_at },
          })),
          webhooks: webhooks.map(({ created_at, ...one }) => ({ ...one, createdAt: created_at })),
          // As above.
          alerts: alerts.map(({ identity_id, rule, ...one }) => ({
            ...{ ...one, identity: identity_id, rule: rule as AlertRule },
          })),
          deliveries: deliveries.map((one) => ({
            ...{ id: one.id, webhook: one.name, event: one.event, tries: one.tries, status: one.status },
            ...{ failure: one.failure, createdAt: one.created_at, nextAt: one.next_at },
            state: one.delivered_at !== null ? 'delivered' : one.next_at === null ? 'given-up' : 'waiting',
          })),
        })
      })
    },

    /** Refuses CONDITION-MALFORMED, REQUEST-FIELDS, ALERTS-FULL. */
    addRule(
      call: Call,
      { organisation, rule }: { readonly organisation: string; readonly rule: AlertRule },
    ): Promise<Outcome<string>> {
      return record(call, 'alert.add-rule', async (subject) => {
        const allowed = await may(call, subject, 'alert.manage', organisation)
        if (!allowed.ok) return allowed
        const sound = checkRule(rule)
        if (!sound.ok) return sound
        const { count } = await database
          .selectFrom('alert_rule')
          .select(({ fn }) => fn.countAll<string>().as('count'))
          .where('organisation_id', '=', organisation)
          .where('removed_at', 'is', null)
          .executeTakeFirstOrThrow()
        if (Number(count) >= mostRules)
          return refuse('ALERTS-FULL', `an organisation has ${mostRules} rules at most`)
        const id = randomUUID()
        await database
          .insertInto('alert_rule')
          .values({ id, organisation_id: organisation, rule: JSON.stringify(rule), created_at: now() })
          .execute()
        return accept(id)
      })
    },

    removeRule(
      call: Call,
      { organisation, id }: { readonly organisation: string; readonly id: string },
    ): Promise<Outcome<null>> {
      return record(call, 'alert.remove-rule', async (subject) => {
        const allowed = await may(call, subject, 'alert.manage', organisation)
        if (!allowed.ok) return allowed
        const done = await database
          .updateTable('alert_rule')
          .set({ removed_at: now() })
          .where('id', '=', id)
          .where('organisation_id', '=', organisation)
          .where('removed_at', 'is', null)
          .executeTakeFirst()
        return Number(done.numUpdatedRows) === 1 ? accept(null) : refuse('OBJECT-ABSENT', 'Rule not found')
      })
    },

    /** Its secret is given here once. Refuses PROVIDER-ADDRESS what is no https URL; where it leads is looked at at each call. */
    addWebhook(
      call: Call,
      {
        organisation,
        name,
        url,
      }: { readonly organisation: string; readonly name: string; readonly url: string },
    ): Promise<Outcome<{ readonly webhook: Webhook; readonly secret: string }>> {
      return record(call, 'webhook.add', async (subject) => {
        const allowed = await may(call, subject, 'alert.manage', organisation)
        if (!allowed.ok) return allowed
        if (!nameShape.test(name)) return refuse('NAME-MALFORMED', 'a name is 1 to 64 visible characters')
        const at = URL.canParse(url) ? new URL(url) : null
        // Which names may speak plain HTTP is the server’s own setting: the call itself is refused without it.
        if (at === null || !/^https?:$/.test(at.protocol) || at.username !== '' || at.password !== '')
          return refuse('PROVIDER-ADDRESS', 'the address is no https URL without a name and password')
        const known = await hooksOf(organisation).execute()
        if (known.length >= mostWebhooks)
          return refuse('ALERTS-FULL', `an organisation has ${mostWebhooks} webhooks at most`)
        const [id, secret] = [randomUUID(), `whsec_${randomBytes(32).toString('base64url')}`]
        const webhook = { id, name, url: at.href, createdAt: now() }
        await database
          .insertInto('webhook')
          .values({
            ...{ id, organisation_id: organisation, name, url: at.href, created_at: webhook.createdAt },
            secret_sealed: await seal(key, placeOf(id), secret),
          })
          .execute()
        return accept({ webhook, secret })
      })
    },

    /** What waits for it is not sent any more. */
    removeWebhook(
      call: Call,
      { organisation, id }: { readonly organisation: string; readonly id: string },
    ): Promise<Outcome<null>> {
      return record(call, 'webhook.remove', async (subject) => {
        const allowed = await may(call, subject, 'alert.manage', organisation)
        if (!allowed.ok) return allowed
        return database.transaction().execute(async (work) => {
          const done = await work
            .updateTable('webhook')
            .set({ removed_at: now() })
            .where('id', '=', id)
            .where('organisation_id', '=', organisation)
            .where('removed_at', 'is', null)
            .executeTakeFirst()
          if (Number(done.numUpdatedRows) !== 1) return refuse('OBJECT-ABSENT', 'Webhook not found')
          await work
            .updateTable('webhook_delivery')
            .set({ next_at: null })
            .where('webhook_id', '=', id)
            .execute()
          return accept(null)
        })
      })
    },

    /** Sends an event that says that it is a test, as soon as the queue comes to it. Its id. */
    testWebhook(
      call: Call,
      { organisation, id }: { readonly organisation: string; readonly id: string },
    ): Promise<Outcome<string>> {
      return record(call, 'webhook.test', async (subject) => {
        const allowed = await may(call, subject, 'alert.manage', organisation)
        if (!allowed.ok) return allowed
        const data = { organisationId: organisation }
        const [delivery] = await enqueue(database, organisation, 'test', now(), data, id)
        return delivery === undefined ? refuse('OBJECT-ABSENT', 'Webhook not found') : accept(delivery)
      })
    },
  }

  function hooksOf(organisation: string) {
    return database
      .selectFrom('webhook')
      .select(['id', 'name', 'url', 'created_at'])
      .where('organisation_id', '=', organisation)
      .where('removed_at', 'is', null)
  }

  async function may(
    call: Call,
    subject: Subject,
    action: 'alert.read' | 'alert.manage',
    organisation: string,
  ): Promise<Outcome<null>> {
    const row = await database
      .selectFrom('organisation')
      .select('id')
      .where('id', '=', organisation)
      .executeTakeFirst()
    if (!row) return absent('organisation')
    subject.organisation = organisation
    return authorize(call.caller, action, { kind: 'organisation', organisation })
  }
}
