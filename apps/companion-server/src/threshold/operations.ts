import { join } from 'node:path'
import type { RequestPackage } from '@lux/ceremony/wire'
import { type Selectable, sql } from 'kysely'
import { type Action, absent, authorize, grantsAnywhere, scopeOf } from '../access/authorize.ts'
import { withinScopes } from '../access/key-scopes.ts'
import { checkPage, type Page } from '../access/page.ts'
import type { Call, Record, Subject } from '../audit/record.ts'
import type { PartialDecryptionTable } from '../platform/database/tables.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { answersOf, type GivenAnswer, takeAnswer } from './answers.ts'
import { type Budget, budgetOfKey } from './budget.ts'
import { type CiphertextRoom, type KeptCiphertext, keepCiphertext, roomOf } from './ciphertexts.ts'
import {
  askedFor,
  checkServed,
  epochRow,
  findFheKey,
  type OpenedEpoch,
  openEpoch,
  type StoredEpoch,
  type StoredFheKey,
  termsOfEpoch,
} from './keys.ts'
import { type DecryptedValues, readResult, releaseResult } from './release.ts'
import { findRequest, openRequest, type StoredRequest, type ThresholdParts } from './requests.ts'

/** Public parts of a threshold key, each a file named by its digest. */
export type PublicPart = 'public' | 'compactPublicKey' | 'serverKey' | 'crs'

export type ThresholdKeyNow = {
  readonly key: StoredFheKey
  readonly row: StoredEpoch
  readonly epoch: OpenedEpoch
  readonly combiner: string
  readonly budget: Budget
  readonly ciphertexts: CiphertextRoom
}

const summary = [
  'fhe_key_id',
  'request_id',
  'digest',
  'epoch',
  'state',
  'identity_id',
  'expires_at',
  'released_at',
  'verified',
  'claim',
  'cheaters',
  'trouble',
  'created_at',
] as const

/** A request without its package, which is long. */
export type RequestSummary = Pick<StoredRequest, (typeof summary)[number]>
export type RequestNow = {
  readonly request: RequestSummary
  readonly answers: readonly Pick<Selectable<PartialDecryptionTable>, 'holder_index' | 'decision'>[]
}

type OfRequest = { readonly keyId: string; readonly requestId: string }

/** What can be done with threshold keys, by whatever door; each permitted and audited here. */
export type ThresholdOperations = ReturnType<typeof openThresholdOperations>

export function openThresholdOperations({
  desk,
  record,
}: {
  readonly desk: ThresholdParts
  readonly record: Record
}) {
  const { database, state } = desk

  /** Runs an operation on a key that the caller may do this with; what he may not see is as absent. */
  function on<T>(
    call: Call,
    keyId: string,
    { operation, action }: { operation: string; action: Action },
    work: (key: StoredFheKey, subject: Subject) => Promise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    return record(call, operation, async (subject) => {
      const key = await findFheKey(database, keyId)
      if (key === 'absent') return absent('threshold')
      Object.assign(subject, { organisation: key.organisation_id, key: key.id, version: Number(key.epoch) })
      const { name, project } = await askedFor(database, key.id)
      subject.project = project
      const resource = {
        ...({ kind: 'threshold', organisation: key.organisation_id, project } as const),
        key: { name, algorithm: key.type },
      }
      const allowed = authorize(call.caller, action, resource)
      if (!allowed.ok) return allowed
      const served = action === 'threshold.read' ? allowed : await checkServed(database, key.id)
      return served.ok ? work(key, subject) : served
    })
  }

  const withAnswers = async (request: RequestSummary): Promise<RequestNow> => ({
    request,
    answers: await answersOf(database, request),
  })

  return {
    list(call: Call, { offset, limit }: Page): Promise<Outcome<StoredFheKey[]>> {
      return record(call, 'threshold.list', async () => {
        const within = checkPage({ offset, limit })
        if (!within.ok) return within
        const grants = grantsAnywhere(call.caller, 'threshold.read')
        if (grants.length === 0) return absent('threshold')
        // As `authorize` says it of each.
        const seen = database
          .selectFrom('fhe_key')
          .selectAll()
          .where(({ or, and, eb, not, exists, selectFrom }) => {
            const asked = selectFrom('key').select('key.id').whereRef('key.fhe_key_id', '=', 'fhe_key.id')
            const name = asked.clearSelect().select('key.name')
            return or(
              grants.map(({ organisation, project, conditions }) =>
                and([
                  ...(organisation === null ? [] : [eb('organisation_id', '=', organisation)]),
                  ...(organisation === null || project === null
                    ? []
                    : [or([not(exists(asked)), exists(asked.where('key.project_id', '=', project))])]),
                  withinScopes([scopeOf(conditions)], {
                    name: sql`(${name})`,
                    algorithm: sql.ref('fhe_key.type'),
                  }),
                ]),
              ),
            )
          })
        return accept(await seen.orderBy('created_at').orderBy('id').offset(offset).limit(limit).execute())
      })
    },

    get(call: Call, keyId: string): Promise<Outcome<ThresholdKeyNow>> {
      const how = { operation: 'threshold.read', action: 'threshold.read' } as const
      return on(call, keyId, how, async (key) => {
        const row = await epochRow(database, key.id, Number(key.epoch))
        const epoch = await openEpoch(database, state, row)
        const policyOf = async (one: StoredEpoch) => (await termsOfEpoch(state, one)).policy
        const budget = await budgetOfKey(database, key, epoch, { policyOf, now: desk.now() })
        const ciphertexts = await roomOf(database, key.id)
        return accept({ key, row, epoch, combiner: desk.combiner, budget, ciphertexts })
      })
    },

    /** Path and digest of a public part. */
    publicPart(
      call: Call,
      keyId: string,
      part: PublicPart,
    ): Promise<Outcome<{ path: string; digest: string }>> {
      const how = { operation: 'threshold.public-part', action: 'threshold.read' } as const
      return on(call, keyId, how, async (key) => {
        const digest =
          part === 'public'
            ? (await epochRow(database, key.id, Number(key.epoch))).public
            : evidenceOf(key)[part]
        return digest == null
          ? refuse('OBJECT-ABSENT', 'File not found')
          : accept({ path: join(state.fhe, digest), digest })
      })
    },

    keepCiphertext(
      call: Call,
      { keyId, sha256, chunks }: { keyId: string; sha256: string; chunks: AsyncIterable<Uint8Array> },
    ): Promise<Outcome<KeptCiphertext>> {
      const how = { operation: 'threshold.keep-ciphertext', action: 'threshold.use' } as const
      return on(call, keyId, how, async (key, subject) => {
        subject.input = [Buffer.from(sha256, 'hex')]
        const { policy } = await termsOfEpoch(state, await epochRow(database, key.id, Number(key.epoch)))
        return keepCiphertext(database, state, {
          keyId: key.id,
          answered: { mode: key.mode === 'S' ? 'S' : 'F', carrying: policy.fhe.carrying ?? 'never' },
          sha256,
          identity: call.caller.identity,
          chunks,
        })
      })
    },

    ciphertext(
      call: Call,
      keyId: string,
      sha256: string,
    ): Promise<Outcome<{ path: string; digest: string }>> {
      const how = { operation: 'threshold.read-ciphertext', action: 'threshold.read' } as const
      return on(call, keyId, how, async (key) => {
        const row = await database
          .selectFrom('fhe_ciphertext')
          .select('sha256')
          .where('fhe_key_id', '=', key.id)
          .where('sha256', '=', sha256)
          .where('removed_at', 'is', null)
          .executeTakeFirst()
        if (row === undefined) return refuse('OBJECT-ABSENT', 'Ciphertext not found')
        return accept({ path: join(state.ciphertexts, row.sha256), digest: row.sha256 })
      })
    },

    ask(call: Call, keyId: string, given: RequestPackage): Promise<Outcome<RequestNow>> {
      const how = { operation: 'threshold.ask', action: 'threshold.use' } as const
      return on(call, keyId, how, async (key) => {
        const opened = await openRequest(desk, key, given, call.caller.identity)
        return opened.ok ? accept(await withAnswers(opened.value)) : opened
      })
    },

    requests(call: Call, keyId: string): Promise<Outcome<RequestNow[]>> {
      const how = { operation: 'threshold.list-requests', action: 'threshold.read' } as const
      return on(call, keyId, how, async (key) => {
        const rows = await database
          .selectFrom('decrypt_request')
          .select(summary)
          .where('fhe_key_id', '=', key.id)
          .orderBy('created_at', 'desc')
          .limit(100)
          .execute()
        return accept(await Promise.all(rows.map(withAnswers)))
      })
    },

    request(
      call: Call,
      { keyId, requestId }: OfRequest,
    ): Promise<Outcome<RequestNow & { readonly request: StoredRequest }>> {
      const how = { operation: 'threshold.read-request', action: 'threshold.read' } as const
      return on(call, keyId, how, async (key) => {
        const row = await findRequest(database, key.id, requestId)
        if (row === undefined) return refuse('OBJECT-ABSENT', 'Request not found')
        return accept({ ...(await withAnswers(row)), request: row })
      })
    },

    answer(call: Call, { keyId, requestId }: OfRequest, given: GivenAnswer): Promise<Outcome<RequestNow>> {
      const how = { operation: 'threshold.answer', action: 'threshold.carry' } as const
      return on(call, keyId, how, async (key) => {
        const taken = await takeAnswer(desk, key.id, requestId, given)
        return taken.ok ? accept(await withAnswers(taken.value)) : taken
      })
    },

    release(call: Call, { keyId, requestId }: OfRequest): Promise<Outcome<RequestNow>> {
      const how = { operation: 'threshold.release', action: 'threshold.use' } as const
      return on(call, keyId, how, async (key) => {
        const { identity } = call.caller
        const released = await releaseResult(desk, { keyId: key.id, requestId, identity })
        return released.ok ? accept(await withAnswers(released.value)) : released
      })
    },

    result(call: Call, { keyId, requestId }: OfRequest): Promise<Outcome<DecryptedValues>> {
      const how = { operation: 'threshold.read-result', action: 'threshold.use' } as const
      return on(call, keyId, how, (key) =>
        readResult(desk, { keyId: key.id, requestId, identity: call.caller.identity }),
      )
    },
  }
}

type Evidence = {
  readonly id: string
  readonly compactPublicKey: string | null
  readonly serverKey: string | null
  /** The reference string of a key for proven inputs. */
  readonly crs?: string
}

export function evidenceOf({ evidence }: StoredFheKey): Evidence {
  // Written by the import alone, of a verified bundle.
  return evidence as Evidence
}
