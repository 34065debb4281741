import { hash, randomUUID, type X509Certificate } from 'node:crypto'
import { cameBy } from '../../access/authorize.ts'
import { countFailure, isLocked } from '../../access/lockout.ts'
import { issue, type LoggedIn, living } from '../../access/tokens.ts'
import type { Call, Record } from '../../audit/record.ts'
import { type Attempt, knownBy, type Strangers } from '../../audit/strangers.ts'
import type { SealedDatabase } from '../../platform/database/authority/authority.ts'
import type { Egress } from '../../platform/http/egress.ts'
import { accept, type Outcome, refuse } from '../../refusal.ts'
import { proveCertificate } from './certificates.ts'
import { openIssuers, saidBy, type Workload } from './issuers.ts'
import { settingsOf } from './rules.ts'
import type { RuleSettings } from './settings.ts'
import { type Pod, review } from './token-review.ts'

type Parts = {
  readonly database: SealedDatabase
  readonly record: Record
  readonly strangers: Strangers
  readonly egress: Egress
  readonly pod: Pod | null
  now(): Date
}

/** What a workload shows. `kind`: where its door serves one kind of rule alone. */
export type Shown = {
  readonly rule: string
  readonly token: string | null
  readonly certificate: X509Certificate | null
  readonly kind?: RuleSettings['kind']
}

/** Log-in of services without a secret, by rules. */
export function openWorkloadLogIn({ database, record, strangers, egress, pod, now }: Parts) {
  const issuers = openIssuers({ egress })

  async function prove(settings: RuleSettings, { token, certificate }: Shown): Promise<Outcome<Workload>> {
    if (settings.kind === 'certificate') return proveCertificate(settings, certificate, now())
    if (token === null) return refuse('WORKLOAD-TOKEN', 'the rule takes a token, and none was shown')
    if (settings.kind === 'jwt' || !settings.review) return issuers.prove(settings, token)
    // What is another's, by its own word, is not shown to the cluster.
    const said = saidBy(settings, token)
    if (!said.ok) return said
    const taken = await review(pod, settings, token)
    return taken.ok ? said : taken
  }

  return {
    async checkKeys(settings: RuleSettings): Promise<Outcome<null>> {
      if (settings.kind === 'certificate') return accept(null)
      if (settings.kind === 'jwt' || !settings.review) return issuers.check(settings)
      return pod === null
        ? refuse('WORKLOAD-KEYS', 'this server runs in no Kubernetes cluster')
        : accept(null)
    },

    /** Refuses WORKLOAD-RULE, and what proves nobody by its own name. Of a rule that is there a refusal is entered. */
    async logInWorkload(
      shown: Shown,
      asked: Attempt,
    ): Promise<Outcome<{ readonly token: LoggedIn; readonly call: Call }>> {
      const found = await ruleOf(shown)
      if (found === null)
        return strangers.counted(asked, refuse('WORKLOAD-RULE', 'there is no such rule for this log-in'))
      const { row, identity } = found
      const settings = settingsOf(row)
      const id = randomUUID()
      const proven = await prove(settings, shown)
      const who = proven.ok ? ` ${proven.value.issuer} ${proven.value.subject}` : ''
      const call = knownBy(asked, identity.id, cameBy('workload', `${row.id}:${id}${who}`))
      const enter = () =>
        record(call, 'workload.log-in', async () => {
          if (!proven.ok) return proven
          if (proven.value.jti !== null && !(await isFirst(row.id, proven.value.jti, proven.value.until)))
            return refuse('WORKLOAD-REPLAYED', 'jti: this token has logged in before')
          const token = await issue(database, identity.id, row.token_ttl_seconds, { id, rule: row.id })
          return accept({ token, call })
        })
      if (proven.ok) return strangers.counted(asked, await enter())
      // Rules are no secrets: who knows one does not make the log grow.
      const isQuiet =
        (await isLocked(database, row.id, asked.source)) ||
        (await countFailure(database, row.id, asked.source)) === 'locked'
      return strangers.counted(asked, isQuiet ? proven : await enter())
    },
  }

  async function ruleOf({ rule, kind }: Shown) {
    const row = await database
      .selectFrom('workload_rule')
      .selectAll()
      .where('id', '=', rule)
      .where('revoked_at', 'is', null)
      .executeTakeFirst()
    if (!row || (kind !== undefined && row.kind !== kind)) return null
    await database.authority.vouch('workload_rule', [row], { id: rule, revoked_at: null })
    const identity = await living(database, row.identity_id)
    return identity ? { row, identity } : null
  }

  async function isFirst(rule: string, jti: string, until: Date): Promise<boolean> {
    await database.deleteFrom('workload_jti').where('expires_at', '<', now()).execute()
    const made = await database
      .insertInto('workload_jti')
      // Past what clocks may differ by.
      .values({
        ...{ rule_id: rule, jti_hash: hash('sha256', jti, 'buffer') },
        expires_at: new Date(until.getTime() + 120_000),
      })
      .onConflict((on) => on.doNothing())
      .executeTakeFirst()
    return made.numInsertedOrUpdatedRows === 1n
  }
}
