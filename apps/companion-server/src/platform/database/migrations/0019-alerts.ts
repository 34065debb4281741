import { type Kysely, sql } from 'kysely'
import { applicationRole } from './0001-first.ts'

type Past = Kysely<Record<string, never>>

const up19 = [
  `create table alert_rule (
    id text primary key,
    organisation_id text not null references organisation,
    rule jsonb not null,
    created_at timestamptz not null,
    removed_at timestamptz)`,
  `create table alert (
    id text primary key,
    rule_id text not null references alert_rule,
    organisation_id text not null references organisation,
    identity_id text not null,
    at timestamptz not null,
    seen integer not null)`,
  `create index alert_last on alert (rule_id, identity_id, at)`,
  // Up to which checkpoint of the audit log the rules have been applied.
  `create table alert_watch (only_one boolean primary key default true check (only_one), checkpoint bigint not null)`,
  `create table webhook (
    id text primary key,
    organisation_id text not null references organisation,
    name text not null,
    url text not null,
    secret_sealed bytea not null,
    created_at timestamptz not null,
    removed_at timestamptz)`,
  // A durable queue: what waits has a time of its next try.
  `create table webhook_delivery (
    id text primary key,
    webhook_id text not null references webhook,
    event text not null,
    body text not null,
    tries integer not null default 0,
    next_at timestamptz,
    status integer,
    failure text,
    delivered_at timestamptz,
    created_at timestamptz not null)`,
  `create index webhook_delivery_due on webhook_delivery (next_at) where next_at is not null`,
]

export async function up(database: Past): Promise<void> {
  for (const statement of up19) await sql.raw(statement).execute(database)
  await sql
    .raw(
      `grant select, insert, update, delete on alert_rule, alert, alert_watch, webhook, webhook_delivery to ${applicationRole}`,
    )
    .execute(database)
}

export async function down(database: Past): Promise<void> {
  await sql.raw('drop table webhook_delivery, webhook, alert_watch, alert, alert_rule').execute(database)
}
