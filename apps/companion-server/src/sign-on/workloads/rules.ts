import { randomUUID } from 'node:crypto'
import { absentIdentity, holdIdentity } from '../../access/appointing.ts'
import { governing } from '../../access/credentials.ts'
import { makersOf } from '../../access/duties/hands.ts'
import { nobody } from '../../access/duties/rules.ts'
import { id, name } from '../../access/fields.ts'
import { maxWorkloadTtl, minTokenTtl, nameShape } from '../../access/tokens.ts'
import { changesAlone, entry, reads } from '../../operations/entry.ts'
import { Type } from '../../operations/schema.ts'
import type { SealedDatabase } from '../../platform/database/authority/authority.ts'
import { accept, type Outcome, refuse } from '../../refusal.ts'
import { checkRule, type RuleSettings, ruleSettings } from './settings.ts'

/** Who may log in as a service without a secret of its own. */
export type WorkloadRule = {
  readonly id: string
  readonly identity: string
  readonly name: string
  readonly settings: RuleSettings
  readonly ttlSeconds: number
  readonly createdAt: Date
}

type Parts = {
  readonly database: SealedDatabase
  /** That its issuer's keys can be had. */
  checkKeys(settings: RuleSettings): Promise<Outcome<null>>
  now(): Date
}

const maxRules = 16
const usualTtl = 900

/** Workload rules of an identity, for whoever governs it. */
export const workloadTable = ({ database, checkKeys, now }: Parts) => ({
  /** Asks the issuer for its keys first. Refuses WORKLOAD-SETTINGS, WORKLOAD-KEYS, CREDENTIALS-FULL. */
  addRule: entry({
    ...changesAlone,
    ...governing(database),
    name: 'workload-rule.add',
    input: {
      ...{ identity: id, name, settings: ruleSettings },
      ttlSeconds: Type.Optional(Type.Integer({ minimum: minTokenTtl, maximum: maxWorkloadTtl })),
    },
    secondFactor: true,
    touches: ({ identity }, { call }) => (call.caller.identity === identity ? [] : [{ takes: identity }]),
    fits: ({ input: { name, settings } }) =>
      nameShape.test(name)
        ? checkRule(settings)
        : refuse('NAME-MALFORMED', 'a name is 1 to 64 visible characters'),
    async run({ call, input: { identity, name, settings, ttlSeconds = usualTtl } }) {
      const usable = await checkKeys(settings)
      if (!usable.ok) return usable
      return database.change(async (work): Promise<Outcome<WorkloadRule>> => {
        const service = await holdIdentity(work, identity)
        // People come in by what they have themselves.
        if (!service?.client_id) return absentIdentity()
        const there = await work
          .selectFrom('workload_rule')
          .select('id')
          .where('identity_id', '=', identity)
          .where('revoked_at', 'is', null)
          .execute()
        if (there.length >= maxRules)
          return refuse('CREDENTIALS-FULL', `an identity has at most ${maxRules} workload rules`)
        const made = { id: randomUUID(), name, created_at: now() }
        await work.authority.insert('workload_rule', {
          ...{ ...made, identity_id: identity, kind: settings.kind, settings: JSON.stringify(settings) },
          token_ttl_seconds: ttlSeconds,
          made_by: await makersOf(work, call.caller.identity, identity),
        })
        return accept({ id: made.id, identity, name, settings, ttlSeconds, createdAt: made.created_at })
      })
    },
  }),

  listRules: entry({
    ...reads,
    ...governing(database, { orOwn: true }),
    name: 'workload-rule.list',
    input: { identity: id },
    async run({ input: { identity } }): Promise<Outcome<readonly WorkloadRule[]>> {
      const rows = await database
        .selectFrom('workload_rule')
        .selectAll()
        .where('identity_id', '=', identity)
        .where('revoked_at', 'is', null)
        .orderBy('created_at')
        .execute()
      return accept(
        rows.map((row) => ({
          ...{ id: row.id, identity, name: row.name, settings: settingsOf(row) },
          ...{ ttlSeconds: row.token_ttl_seconds, createdAt: row.created_at },
        })),
      )
    },
  }),

  /** Its tokens end with it, known to every request within a second. Again, it changes nothing. */
  endRule: entry({
    ...changesAlone,
    ...governing(database),
    name: 'workload-rule.end',
    input: { identity: id, id },
    touches: nobody,
    run: ({ input: { identity, id } }) =>
      database.change(async (work) => {
        const revoked_at = now()
        const open = { identity_id: identity, revoked_at: null }
        await work.authority.update('workload_rule', { ...open, id }, { revoked_at })
        await work.authority.update('token', { ...open, workload_rule_id: id }, { revoked_at })
        return accept(null)
      }),
  }),
})

// Checked when it was made, and covered by the row's MAC.
export const settingsOf = ({ settings }: { settings: unknown }): RuleSettings => settings as RuleSettings
