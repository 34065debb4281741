import { join } from 'node:path'
import { holderAnswerCodec, requestPackageCodec } from '@lux/ceremony/wire'
import { utf8 } from '@lux/crypto'
import { type Selectable, sql } from 'kysely'
import { type Action, absent, type Grant, grantsAnywhere, scopeOf } from '../access/authorize.ts'
import { nobody } from '../access/duties/rules.ts'
import { withinScopes } from '../access/key-scopes.ts'
import { inOrganisation } from '../access/organisations.ts'
import type { Record } from '../audit/record.ts'
import {
  bytes,
  changes,
  changesAlone,
  documentOf,
  entry,
  type Permission,
  paged,
  pageOf,
  reads,
  stream,
} from '../operations/entry.ts'
import { openPipeline, operationsOf, unapproved } from '../operations/pipeline.ts'
import { Type } from '../operations/schema.ts'
import type { SealedDatabase } from '../platform/database/authority/authority.ts'
import type { PartialDecryptionTable } from '../platform/database/tables.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { answersOf, takeAnswer } from './answers.ts'
import { type Budget, budgetOfKey } from './budget.ts'
import { type KeptCiphertext, keepCiphertext, maxCiphertext } from './ciphertexts.ts'
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
import { allRooms, type CiphertextRoom, mostRoom, type Room, type Rooms, roomOf, setRoom } from './room.ts'

/** Public parts of a threshold key, each a file named by its digest. */
export const publicParts = ['public', 'compactPublicKey', 'serverKey', 'crs'] as const
export type NamedFile = { readonly path: string; readonly digest: string }

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

/** A request's package or an answer, most bytes of its call; and of what is sealed in one. */
const maxDocument = 16 << 20
const maxSealed = 9 << 20

const id = Type.String({ pattern: '^[0-9a-f]{64}$' })
const ofRequest = { id, requestId: Type.String({ pattern: '^[0-9a-f]{32}$' }) }

/** What can be done with threshold keys, by whatever door. */
export type ThresholdOperations = ReturnType<typeof openThresholdOperations>

export const openThresholdOperations = ({
  desk,
  record,
}: {
  readonly desk: ThresholdParts
  readonly record: Record
}) => operationsOf(thresholdTable(desk), openPipeline({ record, approvals: unapproved }))

export const thresholdTable = (desk: ThresholdParts) => ({
  ...keyEntries(desk),
  ...ciphertextEntries(desk),
  ...roomEntries(desk),
  ...readingEntries(desk),
  ...openingEntries(desk),
})

type Place = { readonly key: StoredFheKey; readonly name: string | null; readonly project: string | null }

/** About a key, which is under the project and the name that it was asked for by. */
const onKey = ({ database }: ThresholdParts, action: Action) => ({
  async find({ id: keyId }: { id: string }): Promise<Outcome<Place>> {
    const key = await findFheKey(database, keyId)
    return key === 'absent' ? absent('threshold') : accept({ key, ...(await askedFor(database, key.id)) })
  },
  permissions: ({ key, name, project }: Place): [Permission] => [
    {
      action,
      resource: {
        ...({ kind: 'threshold', organisation: key.organisation_id, project } as const),
        key: { name, algorithm: key.type },
      },
      key: key.id,
      version: Number(key.epoch),
    },
  ],
})
const reading = (desk: ThresholdParts) => ({ ...reads, ...onKey(desk, 'threshold.read') })
/** Not of a key that is switched off. */
const using = (desk: ThresholdParts, action: 'threshold.use' | 'threshold.carry') => ({
  ...changes,
  ...onKey(desk, action),
  isChange: false,
  shown: null,
  fits: ({ found: { key } }: { found: Place }) => checkServed(desk.database, key.id),
})

const nowOf = async (
  database: SealedDatabase,
  request: Outcome<StoredRequest>,
): Promise<Outcome<RequestNow>> => (request.ok ? accept(await withAnswers(database, request.value)) : request)
const withAnswers = async (database: SealedDatabase, request: RequestSummary): Promise<RequestNow> => ({
  request,
  answers: await answersOf(database, request),
})

function keyEntries(desk: ThresholdParts) {
  const { database, state } = desk

  return {
    list: entry({
      ...reads,
      name: 'threshold.list',
      input: paged,
      find(_, { caller }) {
        const grants = grantsAnywhere(caller, 'threshold.read')
        return grants.length === 0 ? absent('threshold') : accept(grants)
      },
      permissions: () => ['for-caller'],
      async run({ found, input }): Promise<Outcome<StoredFheKey[]>> {
        const { offset, limit } = pageOf(input)
        const seen = keysSeen(database, found).orderBy('created_at').orderBy('id')
        return accept(await seen.offset(offset).limit(limit).execute())
      },
    }),

    get: entry({
      ...reading(desk),
      name: 'threshold.read',
      input: { id },
      async run({ found: { key } }): Promise<Outcome<ThresholdKeyNow>> {
        const row = await epochRow(database, key.id, Number(key.epoch))
        const epoch = await openEpoch(database, state, row)
        const policyOf = async (one: StoredEpoch) => (await termsOfEpoch(state, one)).policy
        const budget = await budgetOfKey(database, key, epoch, { policyOf, now: desk.now() })
        const ciphertexts = await roomOf(database, key.id)
        return accept({ key, row, epoch, combiner: desk.combiner, budget, ciphertexts })
      },
    }),

    publicPart: entry({
      ...reading(desk),
      name: 'threshold.public-part',
      input: { id, part: Type.Enum([...publicParts]) },
      async run({ found: { key }, input: { part } }): Promise<Outcome<NamedFile>> {
        const digest =
          part === 'public'
            ? (await epochRow(database, key.id, Number(key.epoch))).public
            : evidenceOf(key)[part]
        return digest == null
          ? refuse('OBJECT-ABSENT', 'File not found')
          : accept({ path: join(state.fhe, digest), digest })
      },
    }),
  }
}

/** As `authorize` says it of each. */
const keysSeen = (database: SealedDatabase, grants: readonly Grant[]) =>
  database
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

function ciphertextEntries(desk: ThresholdParts) {
  const { database, state } = desk

  return {
    keepCiphertext: entry({
      ...using(desk, 'threshold.use'),
      name: 'threshold.keep-ciphertext',
      input: { id, sha256: id, ciphertext: stream(maxCiphertext, 'application/octet-stream') },
      hashed: ({ sha256 }) => [Buffer.from(sha256, 'hex')],
      deadline: null,
      async run({ found: { key }, input, call }): Promise<Outcome<KeptCiphertext>> {
        const { policy } = await termsOfEpoch(state, await epochRow(database, key.id, Number(key.epoch)))
        return keepCiphertext(database, state, {
          keyId: key.id,
          answered: { mode: key.mode === 'S' ? 'S' : 'F', carrying: policy.fhe.carrying ?? 'never' },
          ...{ sha256: input.sha256, identity: call.caller.identity, chunks: input.ciphertext },
        })
      },
    }),

    ciphertext: entry({
      ...reading(desk),
      name: 'threshold.read-ciphertext',
      input: { id, sha256: id },
      async run({ found: { key }, input: { sha256 } }): Promise<Outcome<NamedFile>> {
        const row = await database
          .selectFrom('fhe_ciphertext')
          .select('sha256')
          .where('fhe_key_id', '=', key.id)
          .where('sha256', '=', sha256)
          .where('removed_at', 'is', null)
          .executeTakeFirst()
        if (row === undefined) return refuse('OBJECT-ABSENT', 'Ciphertext not found')
        return accept({ path: join(state.ciphertexts, row.sha256), digest: row.sha256 })
      },
    }),
  }
}

/** Whose disk it is says how much of it. No role that does uses a key, or sees more of one than its number and room. */
function roomEntries({ database }: ThresholdParts) {
  const ofServer = () => [{ action: 'threshold.limit', resource: { kind: 'deployment' }, key: null } as const]
  const bytes = Type.Integer({ minimum: 0, maximum: mostRoom })
  const limits = {
    ...changesAlone,
    touches: nobody,
    permissions: ofServer,
    hashed: (input: { bytes: number }) => [utf8(String(input.bytes))],
  }

  return {
    rooms: entry({
      ...reads,
      name: 'threshold.read-room',
      input: {},
      find: () => accept(null),
      permissions: ofServer,
      run: async (): Promise<Outcome<Rooms>> => accept(await allRooms(database)),
    }),

    // Whoever may not is told so before it is looked for: nobody finds out by asking what another organisation has.
    limitKey: entry({
      ...limits,
      name: 'threshold.limit-key',
      input: { id, bytes },
      find: async ({ id: key }: { id: string }) => accept(key),
      async run({ found: wanted, input, subject }): Promise<Outcome<Room>> {
        const key = await findFheKey(database, wanted)
        if (key === 'absent') return absent('threshold')
        Object.assign(subject, { organisation: key.organisation_id, key: key.id })
        return accept(await setRoom(database, { key: key.id }, input.bytes))
      },
    }),

    limitOrganisation: entry({
      ...limits,
      name: 'threshold.limit-organisation',
      input: { organisation: Type.String({ minLength: 1, maxLength: 64 }), bytes },
      find: async (asked: { organisation: string }) => accept(asked),
      async run({ found: wanted, input, subject }): Promise<Outcome<Room>> {
        const there = await inOrganisation(database, 'organisation.read').find(wanted)
        if (!there.ok) return there
        Object.assign(subject, { organisation: there.value.id })
        return accept(await setRoom(database, { organisation: there.value.id }, input.bytes))
      },
    }),
  }
}

function readingEntries(desk: ThresholdParts) {
  const { database } = desk

  return {
    requests: entry({
      ...reading(desk),
      name: 'threshold.list-requests',
      input: { id },
      async run({ found: { key } }): Promise<Outcome<RequestNow[]>> {
        const rows = await database
          .selectFrom('decrypt_request')
          .select(summary)
          .where('fhe_key_id', '=', key.id)
          .orderBy('created_at', 'desc')
          .limit(100)
          .execute()
        return accept(await Promise.all(rows.map((row) => withAnswers(database, row))))
      },
    }),

    request: entry({
      ...reading(desk),
      name: 'threshold.read-request',
      input: ofRequest,
      async run({ found: { key }, input }): Promise<Outcome<RequestNow & { request: StoredRequest }>> {
        const row = await findRequest(database, key.id, input.requestId)
        if (row === undefined) return refuse('OBJECT-ABSENT', 'Request not found')
        return accept({ ...(await withAnswers(database, row)), request: row })
      },
    }),
  }
}

/** From what is asked to the value, which is read once. */
function openingEntries(desk: ThresholdParts) {
  const { database } = desk
  const used = using(desk, 'threshold.use')

  return {
    ask: entry({
      ...used,
      name: 'threshold.ask',
      input: { id, package: documentOf(requestPackageCodec.check, maxDocument) },
      run: async ({ found: { key }, input, call }) =>
        nowOf(database, await openRequest(desk, key, input.package, call.caller.identity)),
    }),

    answer: entry({
      ...using(desk, 'threshold.carry'),
      name: 'threshold.answer',
      input: {
        ...ofRequest,
        answer: documentOf(holderAnswerCodec.file.check, maxDocument),
        sealed: Type.Optional(bytes(maxSealed, 12 << 20)),
      },
      run: async ({ found: { key }, input: { requestId, answer, sealed = null } }) =>
        nowOf(database, await takeAnswer(desk, key.id, requestId, { document: answer, sealed })),
    }),

    release: entry({
      ...used,
      name: 'threshold.release',
      input: ofRequest,
      run: async ({ found: { key }, input: { requestId }, call }) =>
        nowOf(
          database,
          await releaseResult(desk, { keyId: key.id, requestId, identity: call.caller.identity }),
        ),
    }),

    result: entry({
      ...used,
      name: 'threshold.read-result',
      input: ofRequest,
      run: ({ found: { key }, input: { requestId }, call }): Promise<Outcome<DecryptedValues>> =>
        readResult(desk, { keyId: key.id, requestId, identity: call.caller.identity }),
    }),
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
