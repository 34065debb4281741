import { randomUUID } from 'node:crypto'
import { canonicalString, hmacSha256, type Json, toHex, utf8 } from '@lux/crypto'
import { sql } from 'kysely'
import type { Database } from '../platform/database/open.ts'
import { failureOf } from '../platform/failure.ts'
import type { Egress } from '../platform/http/egress.ts'
import { type SealingKey, unseal } from '../platform/sealed.ts'
import { refuse } from '../refusal.ts'

export type Event = 'alert' | 'authority' | 'test'

type Parts = {
  readonly database: Database
  readonly egress: Egress
  readonly key: SealingKey
  now(): Date
}

/** "lux" and the lock's number: one process sends at a time. */
const sendLock = 0x6c757805
const atOnce = 8
/** Seconds from one try to the next: for a day and a half. */
const waits = [5, 30, 120, 600, 3600, 10_800, 21_600, 43_200, 43_200]
const keptDays = 30

/** Where a webhook's secret is sealed for. */
export const placeOf = (webhook: string): string => `webhook ${webhook}`

/** Puts an event before every webhook of an organisation, or before one. The ids of what will be sent. */
export async function enqueue(
  work: Database,
  organisation: string,
  event: Event,
  now: Date,
  data: Json,
  only?: string,
): Promise<readonly string[]> {
  let hooks = work
    .selectFrom('webhook')
    .select('id')
    .where('organisation_id', '=', organisation)
    .where('removed_at', 'is', null)
  if (only !== undefined) hooks = hooks.where('id', '=', only)
  const made: string[] = []
  for (const { id: webhook_id } of await hooks.execute()) {
    const id = randomUUID()
    const body = canonicalString({ v: 1, id, event, time: now.toISOString(), data })
    await work
      .insertInto('webhook_delivery')
      .values({ id, webhook_id, event, body, next_at: now, created_at: now })
      .execute()
    made.push(id)
  }
  return made
}

/** Sends what is due; how many were tried. A crash in the middle sends them again: receivers know a delivery by its id. */
export async function sendDue({ database, egress, key, now }: Parts): Promise<number> {
  return database.transaction().execute(async (work) => {
    const lock = await sql<{ got: boolean }>`select pg_try_advisory_xact_lock(${sendLock}) as got`.execute(
      work,
    )
    if (lock.rows[0]?.got !== true || (await key()) === null) return 0
    const at = now()
    const due = await work
      .selectFrom('webhook_delivery')
      .innerJoin('webhook', 'webhook.id', 'webhook_delivery.webhook_id')
      .select(['webhook_delivery.id', 'event', 'body', 'tries'])
      .select(['webhook.id as webhook', 'url', 'secret_sealed'])
      .where('next_at', '<=', at)
      .where('webhook.removed_at', 'is', null)
      .orderBy('next_at')
      .limit(atOnce)
      .execute()
    const sent = await Promise.all(
      due.map(async (one) => {
        try {
          const secret = await unseal(key, placeOf(one.webhook), one.secret_sealed)
          const reply = await egress.send({
            ...{ method: 'POST', url: one.url, body: Buffer.from(one.body) },
            headers: {
              'content-type': 'application/json',
              'custody-delivery': one.id,
              'custody-event': one.event,
              'custody-signature': signatureOf(secret, at, one.body),
            },
          })
          return { one, reply }
        } catch (error) {
          // It is a try like another, and the others go out.
          return { one, reply: refuse(failureOf(error)?.code ?? 'INTERNAL', 'it was not sent') }
        }
      }),
    )
    for (const { one, reply } of sent) {
      const status = reply.ok ? reply.value.status : null
      const delivered = status !== null && status >= 200 && status < 300
      const wait = waits[one.tries]
      await work
        .updateTable('webhook_delivery')
        .set({
          ...{ tries: one.tries + 1, status, failure: reply.ok ? null : reply.rule },
          ...{ delivered_at: delivered ? at : null },
          next_at: delivered || wait === undefined ? null : new Date(at.getTime() + wait * 1000),
        })
        .where('id', '=', one.id)
        .execute()
    }
    await work
      .deleteFrom('webhook_delivery')
      .where('created_at', '<', new Date(at.getTime() - keptDays * 86_400_000))
      .execute()
    return sent.length
  })
}

/** `t=<Unix seconds>,v1=<hex>`: HMAC-SHA-256, by the webhook's secret as it was shown, of the time, a dot and the body. */
export function signatureOf(secret: string, time: Date, body: string): string {
  const seconds = Math.floor(time.getTime() / 1000)
  return `t=${seconds},v1=${toHex(hmacSha256(utf8(secret), utf8(`${seconds}.${body}`)))}`
}
