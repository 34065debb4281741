import { randomBytes, randomUUID } from 'node:crypto'
import { nobody } from '../access/duties/rules.ts'
import { inOrganisation } from '../access/organisations.ts'
import { nameShape } from '../access/tokens.ts'
import type { Record } from '../audit/record.ts'
import { changesAlone, entry, reads } from '../operations/entry.ts'
import { openPipeline, operationsOf, unapproved } from '../operations/pipeline.ts'
import { Type } from '../operations/schema.ts'
import type { SealedDatabase } from '../platform/database/authority/authority.ts'
import { type SealingKey, seal } from '../platform/sealed.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { enqueue, placeOf } from './deliveries.ts'
import { type AlertRule, checkRule, mostCounted, mostMinutes } from './rules.ts'

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

type Parts = { readonly database: SealedDatabase; readonly key: SealingKey; now(): Date }

const mostRules = 32
const mostWebhooks = 8
const mostShown = 50

const closed = { additionalProperties: false } as const
const id = Type.String({ minLength: 1, maxLength: 64 })
const name = Type.String({ minLength: 1, maxLength: 64 })
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

export type AlertOperations = ReturnType<typeof openAlerts>

export const openAlerts = (parts: Parts & { readonly record: Record }) =>
  operationsOf(alertTable(parts), openPipeline({ record: parts.record, approvals: unapproved }))

/** What an organisation wants to hear of, and where it is told. */
export const alertTable = (parts: Parts) => ({
  ...readingEntries(parts),
  ...ruleEntries(parts),
  ...webhookEntries(parts),
})

const managing = (database: SealedDatabase) => ({
  ...changesAlone,
  touches: nobody,
  ...inOrganisation(database, 'alert.manage'),
})

function readingEntries({ database }: Parts) {
  return {
    /** Rules, webhooks, and the newest alerts and deliveries. */
    read: entry({
      ...reads,
      ...inOrganisation(database, 'alert.read'),
      name: 'alert.read',
      input: { organisation: id },
      async run({ found: { id: organisation } }): Promise<Outcome<Alerts>> {
        const rules = await database
          .selectFrom('alert_rule')
          .selectAll()
          .where('organisation_id', '=', organisation)
          .where('removed_at', 'is', null)
          .orderBy('created_at')
          .orderBy('id')
          .execute()
        const webhooks = await hooksOf(database, organisation).orderBy('created_at').orderBy('id').execute()
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
      },
    }),
  }
}

function ruleEntries({ database, now }: Parts) {
  return {
    /** Refuses CONDITION-MALFORMED, REQUEST-FIELDS, ALERTS-FULL. */
    addRule: entry({
      ...managing(database),
      name: 'alert.add-rule',
      input: { organisation: id, rule: Type.Unsafe<AlertRule>(rule) },
      fits: ({ input }) => checkRule(input.rule),
      async run({ found: { id: organisation }, input }) {
        const { count } = await database
          .selectFrom('alert_rule')
          .select(({ fn }) => fn.countAll<string>().as('count'))
          .where('organisation_id', '=', organisation)
          .where('removed_at', 'is', null)
          .executeTakeFirstOrThrow()
        if (Number(count) >= mostRules)
          return refuse('ALERTS-FULL', `an organisation has ${mostRules} rules at most`)
        const made = randomUUID()
        const row = { id: made, organisation_id: organisation, rule: JSON.stringify(input.rule) }
        await database
          .insertInto('alert_rule')
          .values({ ...row, created_at: now() })
          .execute()
        return accept(made)
      },
    }),

    removeRule: entry({
      ...managing(database),
      name: 'alert.remove-rule',
      input: { organisation: id, id },
      async run({ found: { id: organisation }, input }): Promise<Outcome<null>> {
        const done = await database
          .updateTable('alert_rule')
          .set({ removed_at: now() })
          .where('id', '=', input.id)
          .where('organisation_id', '=', organisation)
          .where('removed_at', 'is', null)
          .executeTakeFirst()
        return Number(done.numUpdatedRows) === 1 ? accept(null) : refuse('OBJECT-ABSENT', 'Rule not found')
      },
    }),
  }
}

function webhookEntries({ database, key, now }: Parts) {
  return {
    /** Its secret is given here once. Refuses PROVIDER-ADDRESS what is no https URL; where it leads is looked at at each call. */
    addWebhook: entry({
      ...managing(database),
      name: 'webhook.add',
      input: { organisation: id, name, url: Type.String({ minLength: 1, maxLength: 512 }) },
      fits({ input: { name, url } }) {
        if (!nameShape.test(name)) return refuse('NAME-MALFORMED', 'a name is 1 to 64 visible characters')
        const at = URL.canParse(url) ? new URL(url) : null
        // Which names may speak plain HTTP is the server’s own setting: the call itself is refused without it.
        return at === null || !/^https?:$/.test(at.protocol) || at.username !== '' || at.password !== ''
          ? refuse('PROVIDER-ADDRESS', 'the address is no https URL without a name and password')
          : accept(at.href)
      },
      async run({ found: { id: organisation }, fitting: url, input: { name } }) {
        const known = await hooksOf(database, organisation).execute()
        if (known.length >= mostWebhooks)
          return refuse('ALERTS-FULL', `an organisation has ${mostWebhooks} webhooks at most`)
        const [made, secret] = [randomUUID(), `whsec_${randomBytes(32).toString('base64url')}`]
        const webhook = { id: made, name, url, createdAt: now() }
        await database
          .insertInto('webhook')
          .values({
            ...{ id: made, organisation_id: organisation, name, url, created_at: webhook.createdAt },
            secret_sealed: await seal(key, placeOf(made), secret),
          })
          .execute()
        return accept({ webhook, secret })
      },
    }),

    /** What waits for it is not sent any more. */
    removeWebhook: entry({
      ...managing(database),
      name: 'webhook.remove',
      input: { organisation: id, id },
      run: ({ found: { id: organisation }, input }) =>
        database.transaction().execute(async (work): Promise<Outcome<null>> => {
          const done = await work
            .updateTable('webhook')
            .set({ removed_at: now() })
            .where('id', '=', input.id)
            .where('organisation_id', '=', organisation)
            .where('removed_at', 'is', null)
            .executeTakeFirst()
          if (Number(done.numUpdatedRows) !== 1) return refuse('OBJECT-ABSENT', 'Webhook not found')
          const waiting = work.updateTable('webhook_delivery').set({ next_at: null })
          await waiting.where('webhook_id', '=', input.id).execute()
          return accept(null)
        }),
    }),

    /** Sends an event that says that it is a test, as soon as the queue comes to it. Its id. */
    testWebhook: entry({
      ...managing(database),
      name: 'webhook.test',
      isChange: false,
      input: { organisation: id, id },
      repeats: 'done-again',
      async run({ found: { id: organisation }, input }) {
        const data = { organisationId: organisation }
        const [delivery] = await enqueue(database, organisation, 'test', now(), data, input.id)
        return delivery === undefined ? refuse('OBJECT-ABSENT', 'Webhook not found') : accept(delivery)
      },
    }),
  }
}

const hooksOf = (database: SealedDatabase, organisation: string) =>
  database
    .selectFrom('webhook')
    .select(['id', 'name', 'url', 'created_at'])
    .where('organisation_id', '=', organisation)
    .where('removed_at', 'is', null)
