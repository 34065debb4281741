import type { FastifyBaseLogger } from 'fastify'
import type { Vouching } from './authority.ts'

const everyMs = 60_000
/** Between two looks that were hinted at. */
const restMs = 5000

/** Looks at every set now, once a minute, and soon after a change; what is not whole is told once. */
export async function watchAuthority(authority: Vouching, log: Pick<FastifyBaseLogger, 'error'>) {
  let told = ''
  let lookedAt = 0
  let looking: Promise<void> | null = null
  let next: NodeJS.Timeout | null = null
  let following: Promise<void> | null = null

  async function lookNow(): Promise<void> {
    lookedAt = Date.now()
    try {
      if ((await authority.look()) !== null) tell()
    } catch (error) {
      tell()
      throw error
    }
  }
  function tell(): void {
    const found = authority.seen
    const now = JSON.stringify([[...found.stopped], found.forged])
    if (now === told) return
    told = now
    for (const [tenant, why] of found.stopped)
      log.error(
        { code: 'AUTHORITY-OTHER', tenant, detail: why },
        'its authority is not whole: it is not served',
      )
    for (const row of found.forged.slice(0, 100))
      log.error({ code: 'ROW-FORGED', row }, 'the server did not write this row: it grants nothing')
  }
  function look(): void {
    looking ??= lookNow()
      .catch((error: unknown) => log.error({ error: String(error) }, 'authority was not looked at'))
      .finally(() => {
        looking = null
      })
  }
  function follow(): void {
    // A look soon says what is not as it should be.
    following ??= authority
      .follow()
      .catch(() => undefined)
      .finally(() => {
        following = null
      })
  }
  function hint(): void {
    follow()
    if (next !== null) return
    next = setTimeout(
      () => {
        next = null
        look()
      },
      Math.max(0, lookedAt + restMs - Date.now()),
    )
    next.unref()
  }

  await lookNow()
  authority.relyOnLooks()
  const timer = setInterval(look, everyMs)
  timer.unref()
  return {
    /** Something may have changed. */
    hint,
    async close(): Promise<void> {
      clearInterval(timer)
      if (next !== null) clearTimeout(next)
      await following
      await looking
    },
  }
}
