import type { Approvals } from '../access/approvals.ts'
import { ownCall, type Record } from '../audit/record.ts'
import { openPipeline, operationsOf } from '../operations/pipeline.ts'
import type { Clock } from '../platform/clock.ts'
import { accept, EnvironmentError, type Outcome } from '../refusal.ts'
import { type KeyParts, openKeyWork } from './key-work.ts'
import { changingEntries, openRotation } from './operations/changing.ts'
import { cipherEntries } from './operations/ciphers.ts'
import { leavingEntries } from './operations/leaving.ts'
import { makingEntries } from './operations/making.ts'
import { objectEntries } from './operations/objects.ts'
import { provingEntries } from './operations/proving.ts'
import { readingEntries } from './operations/reading.ts'
import { sealingEntries } from './operations/sealing.ts'

/** For so long a rotation that its schedule has due is one process's own. */
const rotationLease = 5 * 60_000

export type OperationParts = KeyParts & {
  readonly record: Record
  readonly approvals: Pick<Approvals, 'take' | 'change' | 'giveBack'>
}

/** What can be done with keys, by whatever door. */
export function keyTable(parts: KeyParts, work = openKeyWork(parts)) {
  return {
    ...readingEntries(parts, work),
    ...makingEntries(parts, work),
    ...changingEntries(parts, work),
    ...sealingEntries(work),
    ...provingEntries(parts, work),
    ...objectEntries(parts, work),
    ...cipherEntries(parts, work),
    ...leavingEntries(parts, work),
  }
}

export type KeyTable = ReturnType<typeof keyTable>
export type KeyOperations = ReturnType<typeof openKeyOperations>

export function openKeyOperations(parts: OperationParts) {
  const { repository, record, now } = parts
  const work = openKeyWork(parts)
  const rotated = openRotation(parts, work)

  return {
    ...operationsOf(keyTable(parts, work), openPipeline(parts)),

    /** What the clock asks for: keys whose time has come are destroyed, each once the log has it. Their number. Refuses CLOCK-MOVED. */
    async keepTime(clock: Clock): Promise<Outcome<number>> {
      const at = await clock.trusted()
      if (!at.ok) return at
      const destroyed = await repository.destroyDue(at.value, async (key, destroy) => {
        const call = ownCall()
        await record(call, 'key.destroy-due', async (subject) => {
          const { organisation_id: organisation, project_id: project, id } = key
          Object.assign(subject, { organisation, project, key: id })
          await destroy()
          return accept(null)
        })
      })
      return accept(destroyed)
    },

    /**
     * Rotates what its schedule has due, each as an operation of the server's own; the number of keys. One that cannot be now is due again in
     * a few minutes, and keeps no other from its turn; throws the first reason once all had it.
     */
    async rotateDue(): Promise<number> {
      const failures: unknown[] = []
      for (let rotations = 0; ; ) {
        const started = now()
        const key = await repository.claimRotation(started, new Date(started.getTime() + rotationLease))
        if (key === 'none') {
          if (failures.length > 0) throw failures[0]
          return rotations
        }
        const { organisation_id: organisation, project_id: project, id } = key
        const call = ownCall()
        try {
          const done = await record(call, 'key.rotate', async (subject) => {
            Object.assign(subject, { organisation, project, key: id })
            return rotated(call.caller.identity, subject, key, started)
          })
          if (done.ok) {
            rotations++
            continue
          }
          // What no later try would change waits for its next time.
          await repository.putOffRotation(id, now())
          failures.push(new EnvironmentError(done.rule, `${id} was not rotated: ${done.detail}`))
        } catch (error) {
          failures.push(error)
        }
      }
    },
  }
}
