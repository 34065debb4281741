import { randomBytes } from 'node:crypto'
import { aesGcmOpen, aesGcmSeal, concatBytes, lp, utf8 } from '@lux/crypto'
import type { Granted } from '../access/authorize.ts'
import type { Database } from '../platform/database/open.ts'
import { accept, EnvironmentError, type Outcome, refuse } from '../refusal.ts'

/** `granted`: by which permissions, each of which whoever asks again still has to have. */
export type KeptReply = {
  readonly status: number
  readonly body: string
  readonly granted: readonly Granted[]
}

/** One call that its caller named, so that it is done once: the name is the identity's own. */
export type NamedCall = {
  readonly identity: string
  readonly key: string
  /** SHA-256 over what is asked. */
  readonly call: Uint8Array
}

type Parts = {
  readonly database: Database
  /** Of the token: a reply may hold a secret that is shown once. Null while it is sealed. */
  repliesKey(): Promise<Uint8Array | null>
  now(): Date
}

/** How long a named call is known. */
const idempotentFor = 24 * 3_600_000

export type IdempotentCalls = ReturnType<typeof openIdempotentCalls>

/** Calls that were named by an Idempotency-Key, and their replies, for 24 hours. */
export function openIdempotentCalls({ database, repliesKey, now }: Parts) {
  const placeOf = ({ identity, key, call }: NamedCall) =>
    concatBytes(utf8('custody-idempotent-call-2'), lp(utf8(identity)), lp(utf8(key)), lp(call))

  async function sealing(): Promise<Uint8Array> {
    const found = await repliesKey()
    if (found === null) throw new EnvironmentError('TOKEN-PIN', 'the token is not logged in')
    return found
  }

  const rowOf = ({ identity, key }: NamedCall) =>
    database
      .selectFrom('idempotent_call')
      .selectAll()
      .where('identity_id', '=', identity)
      .where('key', '=', key)

  return {
    /**
     * `new`: it is to be done now, and then kept or given up. Else the reply of the first. Refuses
     * IDEMPOTENCY-DIFFERS another call under the same name, IDEMPOTENCY-OPEN one whose first has no reply yet.
     */
    async begin(named: NamedCall): Promise<Outcome<'new' | KeptReply>> {
      await database
        .deleteFrom('idempotent_call')
        .where('identity_id', '=', named.identity)
        .where('key', '=', named.key)
        .where('expires_at', '<=', now())
        .execute()
      const mine = await database
        .insertInto('idempotent_call')
        .values({
          ...{ identity_id: named.identity, key: named.key, call: Buffer.from(named.call) },
          expires_at: new Date(now().getTime() + idempotentFor),
        })
        .onConflict((conflict) => conflict.doNothing())
        .returning('key')
        .executeTakeFirst()
      if (mine) return accept('new')
      const row = await rowOf(named).executeTakeFirst()
      // Its first has just been given up.
      if (row === undefined)
        return refuse('IDEMPOTENCY-OPEN', 'the first call ended without a result just now')
      if (!row.call.equals(named.call))
        return refuse('IDEMPOTENCY-DIFFERS', 'this key named another call, or the same with another body')
      const { status, reply } = row
      if (status === null || reply === null)
        return refuse('IDEMPOTENCY-OPEN', 'the first call with this key has no result yet')
      const kept = openReply(await sealing(), reply, placeOf(named))
      return kept === null
        ? refuse('IDEMPOTENCY-OPEN', 'its reply was kept by another version of the server')
        : accept({ status, ...kept })
    },

    async keep(named: NamedCall, { status, body, granted }: KeptReply): Promise<void> {
      const nonce = randomBytes(12)
      // Each once: a call about a thousand keys may ask the same a thousand times.
      const once = [...new Map(granted.map((one) => [JSON.stringify(one), one])).values()]
      const text = JSON.stringify({ body, granted: once } satisfies Sealed)
      const sealed = aesGcmSeal(await sealing(), nonce, utf8(text), placeOf(named))
      await database
        .updateTable('idempotent_call')
        .set({ status, reply: Buffer.concat([nonce, sealed]) })
        .where('identity_id', '=', named.identity)
        .where('key', '=', named.key)
        .where('status', 'is', null)
        .execute()
    },

    /** What was refused has changed nothing: the same call may be made again. */
    async giveUp({ identity, key }: NamedCall): Promise<void> {
      await database
        .deleteFrom('idempotent_call')
        .where('identity_id', '=', identity)
        .where('key', '=', key)
        .where('status', 'is', null)
        .execute()
    },

    async forget(): Promise<void> {
      await database.deleteFrom('idempotent_call').where('expires_at', '<=', now()).execute()
    },
  }
}

type Sealed = Pick<KeptReply, 'body' | 'granted'>

/** Null where it is not of this form, as those of the version before are. */
function openReply(key: Uint8Array, reply: Buffer, place: Uint8Array): Sealed | null {
  try {
    const bytes = aesGcmOpen(key, reply.subarray(0, 12), reply.subarray(12), place)
    // What opens was sealed by `keep`.
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as Sealed
  } catch {
    return null
  }
}
