import type { FastifyBaseLogger } from 'fastify'
import { forgetFailures } from './access/lockout.ts'
import { forgetEndedTokens } from './access/tokens.ts'
import { tellAuthority } from './alerts/authority.ts'
import { sendDue } from './alerts/deliveries.ts'
import { watchAudit } from './alerts/watch.ts'
import { type Checkpointing, makeCheckpoint } from './audit/checkpoints.ts'
import type { Record } from './audit/record.ts'
import type { TreeLog } from './audit/tree-log.ts'
import { askWitnesses, type Witness } from './audit/witnesses.ts'
import type { IdempotentCalls } from './idempotency/calls.ts'
import type { KekRotation } from './keys/kek-rotation.ts'
import type { KeyOperations } from './keys/operations.ts'
import type { Clock } from './platform/clock.ts'
import type { SealedDatabase } from './platform/database/authority/authority.ts'
import type { ServerToken } from './platform/hsm/server-token.ts'
import type { Egress } from './platform/http/egress.ts'
import type { StateFolder } from './platform/state-folder/folder.ts'
import { keepTime } from './threshold/release.ts'

type Parts = {
  readonly database: SealedDatabase
  readonly state: StateFolder
  readonly token: ServerToken
  readonly checkpointing: Checkpointing
  readonly treeLog: TreeLog
  readonly witnesses: readonly Witness[]
  readonly egress: Egress
  readonly webhookKey: Parameters<typeof sendDue>[0]['key']
  readonly calls: IdempotentCalls
  readonly clock: Clock
  readonly keys: KeyOperations
  readonly rotation: KekRotation
  /** What other servers shredded comes into this one's log. */
  learnShreds(): Promise<void>
  readonly log: FastifyBaseLogger
  readonly record: Record
  now(): Date
}

/** What a server does by itself, by the clock: in one process, however many serve. */
export function startJobs({ database, checkpointing, token, egress, log, now, ...parts }: Parts) {
  const { webhookKey, calls, keys, rotation, record, clock } = parts
  // While the token is sealed no new version can be wrapped.
  const rotateDue = async () => (token.sealed === null ? keys.rotateDue() : 0)
  async function destroyDue(): Promise<void> {
    const done = await keys.keepTime(clock)
    if (!done.ok) log.error({ code: done.rule, detail: done.detail }, 'no key was destroyed')
  }
  async function endRequests(): Promise<void> {
    const done = await keepTime({ database, state: parts.state }, clock, record)
    if (!done.ok) log.error({ code: done.rule, detail: done.detail }, 'no request was ended')
  }
  async function tellFaults(): Promise<void> {
    for (const { code, detail } of await checkpointing.coverage.faults(null))
      log.error({ code, detail }, 'the audit log is not as it was written')
  }
  async function tellOther(): Promise<void> {
    const { seen } = database.authority
    if (seen.stopped.size + seen.forged.length > 0) await tellAuthority(database, now(), seen)
  }
  async function advanceLog(): Promise<void> {
    const made = await parts.treeLog.advance()
    if (made === null) return
    for (const { name, answer } of await askWitnesses({ database, egress, now }, parts.witnesses, made))
      if (answer !== 'cosigned') log.warn({ witness: name, answer }, 'a witness did not cosign the audit log')
  }
  const jobs = [
    // A new PIN in the file is tried once; the one that was refused is not. One of two tokens that is away may be back.
    every(2000, 'unsealing failed', async () => {
      if (token.sealed || token.tokens.some(({ seal }) => seal !== null)) await token.unseal()
    }),
    every(1000, 'no checkpoint of the audit log', () => makeCheckpoint(checkpointing)),
    every(60_000, 'the audit log was not looked at', tellFaults),
    every(2000, 'shreddings of other servers were not noted', parts.learnShreds),
    every(60_000, 'no note of the audit log', advanceLog),
    every(2000, 'alerts failed', () => watchAudit({ database, now })),
    every(2000, 'nobody was told of the authority', tellOther),
    every(2000, 'no webhook was called', () => sendDue({ database, egress, key: webhookKey, now })),
    every(60_000, 'repeated calls were not forgotten', () => calls.forget()),
    every(60_000, 'failed log-ins were not forgotten', () => forgetFailures(database)),
    every(60_000, 'ended tokens were not forgotten', () => forgetEndedTokens(database)),
    every(60_000, 'no request was ended', endRequests),
    every(60_000, 'no key was destroyed', destroyDue),
    every(60_000, 'no key was rotated', rotateDue),
    every(60_000, 'the rotation of a KEK does not go on', () => rotation.goOn()),
  ]

  function every(milliseconds: number, failed: string, work: () => Promise<unknown>) {
    let running: Promise<unknown> | null = null
    const timer = setInterval(() => {
      running ??= work()
        .catch((error: unknown) => log.error({ error: String(error) }, failed))
        .finally(() => {
          running = null
        })
    }, milliseconds)
    timer.unref()
    return {
      async stop() {
        clearInterval(timer)
        await running
      },
    }
  }

  return {
    async stop(): Promise<void> {
      await Promise.all(jobs.map((job) => job.stop()))
    },
    /** The chain's end is signed too, where the token is still there. */
    async lastCheckpoint(): Promise<void> {
      await makeCheckpoint(checkpointing).catch(() => null)
    },
  }
}
