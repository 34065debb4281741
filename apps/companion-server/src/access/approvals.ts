import { randomUUID } from 'node:crypto'
import { canonicalString, type Json, utf8 } from '@lux/crypto'
import { type Selectable, sql } from 'kysely'
import { tellOverride } from '../alerts/authority.ts'
import { type Names, sealedNames } from '../audit/names.ts'
import type { Call, Subject } from '../audit/record.ts'
import { changesAlone, entry, ofOneself, paged, pageOf, reads } from '../operations/entry.ts'
import type { Clock } from '../platform/clock.ts'
import { type SealedDatabase, vouchedOf, type Work } from '../platform/database/authority/authority.ts'
import type { ApprovalRequestTable } from '../platform/database/tables.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import type { ApprovalsNeeded } from './conditions.ts'
import { guardsTouched } from './duties/guards.ts'
import { handsIn, handsOf } from './duties/hands.ts'
import {
  type Hands,
  independentOf,
  isDependent,
  isOwnApprover,
  nobody,
  type Touch,
  together,
} from './duties/rules.ts'
import { id } from './fields.ts'
import { type Officers, type Override, overrideIn, useOverride } from './override.ts'
import { living } from './tokens.ts'

export type ApprovalState = 'waiting' | 'approved' | 'refused' | 'used' | 'expired'

/** One operation on one key that somebody wants to do once. */
export type ApprovalRequest = {
  readonly id: string
  readonly identity: string
  readonly operation: string
  /** Null, as project and key, of what is done to who may do what. */
  readonly organisation: string | null
  readonly project: string | null
  readonly key: string | null
  /** What it is done with, as approvers see it; the operation is done with nothing else. */
  readonly asked: string
  readonly state: ApprovalState
  readonly needed: number
  readonly approvers: readonly string[]
  readonly decisions: readonly {
    readonly identity: string
    readonly approves: boolean
    readonly decidedAt: Date
  }[]
  /** Of who asks, of whoever may decide, of the key, and of what else is said by its id. */
  readonly names: Names
  /** Where officers of the ceremony stand in for approvers. */
  readonly override: Override | null
  readonly createdAt: Date
  readonly expiresAt: Date
}

type Stored = Selectable<ApprovalRequestTable>
type Parts = {
  readonly database: SealedDatabase
  readonly officers: Officers
  readonly clock: Clock
  inputDigest(subject: Subject): Promise<string | null>
  now(): Date
}

/** How long a request waits, and how long an approved one may be used. */
const lives = 24 * 60 * 60_000

export type Approvals = ReturnType<typeof openApprovals>

/**
 * Operations that wait for people: who may do one only with approvals asks for it, and asks again once it is approved. An
 * approval is for one operation on one key with one input, and is used up by it.
 */
export function openApprovals({ database, inputDigest, ...parts }: Parts) {
  const { now } = parts
  return {
    /**
     * Uses the approved request for what this call wants, or makes one and refuses APPROVAL-NEEDED until it is approved. Refuses
     * APPROVAL-REFUSED once too few are left who could.
     */
    async take(call: Call, subject: Subject, needed: ApprovalsNeeded): Promise<Outcome<string | null>> {
      const { organisation, project, key, operation } = subject
      const digest = await inputDigest(subject)
      const said = typeof subject.asked === 'string' ? subject.asked : subject.asked()
      if (said === '') throw new Error(`${operation} does not say what is to be approved`)
      const asked = [said, ...(digest === null ? [] : [`input ${digest}`])].join(' ').trim()
      if (organisation === null || project === null || key === null)
        return refuse('CONDITION-UNMET', 'only what is done with a key can be approved')
      return ask(call, { organisation, project, key, operation, asked }, needed)
    },

    /**
     * As `take`, for what touches who may do what where a key has approvers. Refuses DUTY-OWN-APPROVER, DUTY-SERVICE, DUTY-TOO-FEW,
     * and DUTY-NO-ASKER whoever cannot come back for it.
     */
    async change(
      call: Call,
      subject: Subject,
      touches: readonly Touch[],
      input: unknown,
    ): Promise<Outcome<string | null>> {
      const { caller } = call
      const taken = touches.flatMap((touch) => ('takes' in touch ? [touch.takes] : []))
      if (taken.some((one) => isOwnApprover(caller.grants, one)))
        return refuse('DUTY-OWN-APPROVER', 'a role of the caller waits for this identity')
      for (const touch of touches) {
        const named = 'gives' in touch ? touch.gives.conditions?.approvals : undefined
        if (named && (await eligible(database, named)).approvers.length < named.by.length)
          return refuse('DUTY-SERVICE', 'a service is named, and the role does not let services approve')
      }
      const guards = await guardsTouched(database, touches)
      if (guards.length === 0) return accept(null)
      const needed = together(guards, [caller.identity, ...taken])
      if ((await living(database, caller.identity)) === undefined)
        return refuse('DUTY-NO-ASKER', 'approvers have to approve it')
      // What is not JSON, such as bytes, comes by no door that changes roles.
      const said = canonicalString(JSON.parse(JSON.stringify(input)) as Json)
      const digest = await inputDigest({ ...subject, project: null, input: [utf8(said)] })
      const asked = [...touches.map(toldOf), ...(digest === null ? [] : [`input ${digest}`])].join(' ')
      const [{ organisation }] = guards as readonly [(typeof guards)[number]]
      const { operation } = subject
      const asks = await ask(call, { organisation, project: null, key: null, operation, asked }, needed)
      if (asks.ok || asks.rule !== 'APPROVAL-NEEDED') return asks
      const { approvers } = await eligible(database, needed)
      return approvers.length < needed.count
        ? refuse('DUTY-TOO-FEW', `${needed.count} approve it, and ${approvers.length} may: ${asks.detail}`)
        : asks
    },

    /** What was used for a call that was refused after all, so that the same call may come again. Where another request was made meanwhile, that one counts. */
    async giveBack(ids: readonly string[]): Promise<void> {
      for (const one of ids)
        await database.change(async (work) => {
          const row = await work
            .selectFrom('approval_request')
            .selectAll()
            .where('id', '=', one)
            .forUpdate()
            .executeTakeFirst()
          if (row === undefined || row.used_at === null) return
          await work.authority.vouch('approval_request', [row], { id: one })
          const { identity_id: identity, operation, key_id: key, asked } = row
          if ((await openOne(work, { identity, operation, key, asked })) === undefined)
            await work.authority.update('approval_request', { id: one }, { used_at: null })
        })
    },
  }

  type Asked = Pick<ApprovalRequest, 'organisation' | 'project' | 'key' | 'operation' | 'asked'>
  /** The request that this call uses up. */
  function ask(call: Call, what: Asked, needed: ApprovalsNeeded): Promise<Outcome<string>> {
    const { organisation, project, key, operation, asked } = what
    const { identity } = call.caller
    return database.change(async (work): Promise<Outcome<string>> => {
      const open = await openOne(work, { identity, operation, key, asked })
      const { approvers } = await eligible(work, needed)
      const hands = await handsOf(work, identity)
      if (open === undefined || stateOf(open, [], now()) === 'expired') {
        if (open) {
          await work.authority.remove('approval', { request_id: open.id })
          await work.authority.remove('approval_request', { id: open.id })
        }
        const at = now()
        const made = await work.authority.insertUnlessTaken('approval_request', {
          id: randomUUID(),
          ...{ identity_id: identity, operation, organisation_id: organisation, project_id: project },
          ...{ key_id: key, asked, needed: needed.count, approvers: JSON.stringify(approvers) },
          ...{ hands: JSON.stringify(hands), created_at: at, expires_at: new Date(at.getTime() + lives) },
        })
        return waiting(made === 'taken' ? 'that was made just now' : made.id, 0, needed.count)
      }
      // Whoever could ask by then or can by now.
      const asker = { identity, hands: both(handsIn(open.hands), hands) }
      const decisions = (await decisionsOf(work, [open.id])).get(open.id) ?? []
      // Whoever is no approver any more, or is no longer here, does not count.
      const still = decisions.filter((one) => approvers.includes(one.identity) && one.active)
      const counted = countedOf(asker, still)
      const state = stateOf({ ...open, needed: needed.count, approvers }, counted, now())
      if (state === 'refused') return refuse('APPROVAL-REFUSED', `request ${open.id} was refused`)
      const given = counted.filter(({ approves }) => approves).length
      const override = overrideIn(open.override)
      if (given < needed.count) {
        if (!override?.signed) return waiting(open.id, given, needed.count)
        const used = await useOverride(override, open.id, parts)
        if (!used.ok) return used
        await tellOverride(work, open, override, now(), true)
      }
      await work.authority.update('approval_request', { id: open.id }, { used_at: now() })
      return accept(open.id)
    })
  }
}

/** DUTY-SERVICE: those of the named who may approve. */
async function eligible(
  database: SealedDatabase,
  { by, services }: ApprovalsNeeded,
): Promise<{ readonly approvers: readonly string[] }> {
  const rows = await database
    .selectFrom('identity')
    .selectAll()
    .where('id', 'in', [...by, ''])
    .execute()
  await database.authority.vouch('identity', rows, { id: by })
  const programs = new Set(rows.filter(({ client_id }) => client_id !== null).map(({ id }) => id))
  return { approvers: by.filter((one) => services || !programs.has(one)) }
}

const both = (one: Hands, other: Hands): Hands => ({
  made: [...one.made, ...other.made],
  invited: [...one.invited, ...other.invited],
})

/** Refusals, and the approvals that are independent. */
function countedOf(
  asker: { readonly identity: string; readonly hands: Hands },
  decisions: readonly Decision[],
): readonly Decision[] {
  return [
    ...decisions.filter(({ approves }) => !approves),
    ...independentOf(
      asker,
      decisions.filter(({ approves }) => approves),
    ),
  ]
}

/** A touch as approvers read it: who gets what where, and under which conditions. What somebody chose is quoted. */
function toldOf(touch: Touch): string {
  if ('takes' in touch) return `what identity ${touch.takes} comes in by`
  const [verb, { role, organisation, project, conditions }, whom] =
    'gives' in touch ? ['gives', touch.gives, `to ${touch.to}`] : ['ends', touch.ends, `of ${touch.of}`]
  const where = project !== null ? `project ${project}` : `organisation ${organisation ?? 'any'}`
  const under = conditions ? ` under ${JSON.stringify(conditions)}` : ''
  return `${verb} ${role} in ${where} ${whom}${under}`
}

/** Requests for approval, for who asks and for who is to decide. */
export function approvalTable({ database, now }: Pick<Parts, 'database' | 'now'>) {
  const toRequests = async (work: Work, rows: readonly Stored[]): Promise<readonly ApprovalRequest[]> => {
    const decisions = await decisionsOf(
      work,
      rows.map(({ id }) => id),
    )
    const names = await sealedNames(
      work,
      rows.map((row) => ({ own: concerned(row), said: row.asked, organisation: row.organisation_id })),
    )
    return rows.map((row, at) => toRequest(row, decisions.get(row.id) ?? [], names[at] ?? {}, now()))
  }

  return {
    /** The caller's own requests, those that he may decide, and in his organisations what officers signed for. Newest first. */
    list: entry({
      ...reads,
      ...ofOneself,
      name: 'approval.list',
      input: paged,
      run: ({ found: identity, call: { caller }, input }) =>
        database.change(async (work) => {
          const { offset, limit } = pageOf(input)
          const rows = await work
            .selectFrom('approval_request')
            .selectAll()
            .where((is) =>
              is.or([
                is('identity_id', '=', identity),
                sql<boolean>`approvers @> ${JSON.stringify([identity])}::jsonb`,
                sql<boolean>`override -> 'signed' ->> 'at' is not null and ${
                  caller.grants.some(({ organisation }) => organisation === null)
                    ? sql`true`
                    : sql`(organisation_id is null
                        or organisation_id = any (${caller.grants.map(({ organisation }) => organisation)}::text[]))`
                }`,
              ]),
            )
            .orderBy('created_at', 'desc')
            .orderBy('id')
            .offset(offset)
            .limit(limit)
            .execute()
          return accept(await toRequests(work, await vouchedOf(work.authority, 'approval_request', rows, {})))
        }),
    }),
    approve: deciding('approval.approve', true),
    refuse: deciding('approval.refuse', false),
  }

  /** Once for each who is named. Refuses APPROVAL-CLOSED where it waits no longer, and what is not his to see as absent. */
  function deciding(name: string, approves: boolean) {
    return entry({
      ...changesAlone,
      touches: nobody,
      name,
      input: { id },
      async find({ id }, { caller: { identity } }) {
        const row = await database
          .selectFrom('approval_request')
          .selectAll()
          .where('id', '=', id)
          .executeTakeFirst()
        const seen = row !== undefined && (row.identity_id === identity || row.approvers.includes(identity))
        if (!seen) return refuse('OBJECT-ABSENT', 'Approval request not found')
        await database.authority.vouch('approval_request', [row], { id })
        return accept({ row, decides: row.identity_id !== identity && row.approvers.includes(identity) })
      },
      // Nobody approves what he asks for himself.
      permissions: ({ row, decides }) => [
        {
          own: [row.identity_id, ...row.approvers],
          at: { organisation: row.organisation_id, project: row.project_id, key: row.key_id },
        },
        ...(decides ? [] : [refuse('ROLE-REFUSED', 'who asks does not decide')]),
      ],
      secondFactor: approves,
      run: ({ call, input: { id } }) =>
        database.change(async (work): Promise<Outcome<ApprovalRequest>> => {
          const { identity } = call.caller
          const held = await work
            .selectFrom('approval_request')
            .selectAll()
            .where('id', '=', id)
            .forUpdate()
            .executeTakeFirst()
          if (held === undefined) return refuse('OBJECT-ABSENT', 'Approval request not found')
          await work.authority.vouch('approval_request', [held], { id })
          // One row gives one request.
          const shown = async () => accept((await toRequests(work, [held]))[0] as ApprovalRequest)
          const before = (await decisionsOf(work, [id])).get(id) ?? []
          const state = stateOf(held, before, now())
          const own = before.find((one) => one.identity === identity)
          if (own?.approves === approves) return shown()
          if (own !== undefined || (state !== 'waiting' && state !== 'approved'))
            return refuse('APPROVAL-CLOSED', own === undefined ? `it is ${state}` : 'you have decided')
          const hands = await handsOf(work, identity)
          const asker = { identity: held.identity_id, hands: handsIn(held.hands) }
          const others = before.filter((one) => one.approves)
          if (approves && [asker, ...others].some((other) => isDependent({ identity, hands }, other)))
            return refuse(
              'DUTY-DEPENDENT',
              'one hand is behind this approval and the request, or another one',
            )
          await work.authority.insert('approval', {
            ...{ request_id: id, identity_id: identity, approves },
            ...{ hands: JSON.stringify(hands), decided_at: now() },
          })
          return shown()
        }),
    })
  }
}

type Decision = {
  readonly identity: string
  readonly approves: boolean
  readonly decidedAt: Date
  readonly active: boolean
  readonly hands: Hands
}

async function openOne(
  work: Work,
  wanted: { identity: string; operation: string; key: string | null; asked: string },
): Promise<Stored | undefined> {
  const row = await work
    .selectFrom('approval_request')
    .selectAll()
    .where('identity_id', '=', wanted.identity)
    .where('operation', '=', wanted.operation)
    .where('key_id', 'is not distinct from', wanted.key)
    .where('asked', '=', wanted.asked)
    .where('used_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  if (row)
    await work.authority.vouch('approval_request', [row], {
      ...{ identity_id: wanted.identity, operation: wanted.operation },
      ...{ key_id: wanted.key, asked: wanted.asked, used_at: null },
    })
  return row
}

async function decisionsOf(work: Work, ids: readonly string[]): Promise<Map<string, Decision[]>> {
  const found = new Map<string, Decision[]>()
  if (ids.length === 0) return found
  const rows = await work
    .selectFrom('approval')
    .selectAll()
    .where('request_id', 'in', ids)
    .orderBy('decided_at')
    .execute()
  await work.authority.vouch('approval', rows, { request_id: ids })
  const who = await work
    .selectFrom('identity')
    .selectAll()
    .where(sql<boolean>`id = any (${rows.map(({ identity_id }) => identity_id)}::text[])`)
    .execute()
  await work.authority.vouch('identity', who, {})
  const here = new Set(who.flatMap(({ id, revoked_at }) => (revoked_at === null ? [id] : [])))
  for (const row of rows) {
    const decision = {
      ...{ identity: row.identity_id, approves: row.approves, decidedAt: row.decided_at },
      active: here.has(row.identity_id),
      hands: handsIn(row.hands),
    }
    found.set(row.request_id, [...(found.get(row.request_id) ?? []), decision])
  }
  return found
}

function stateOf(
  {
    needed,
    approvers,
    override: asked,
    used_at,
    expires_at,
  }: Pick<Stored, 'needed' | 'approvers' | 'override' | 'used_at' | 'expires_at'>,
  decisions: readonly Decision[],
  now: Date,
): ApprovalState {
  if (used_at !== null) return 'used'
  if (expires_at <= now) return 'expired'
  const override = overrideIn(asked)
  if (override?.stopped) return 'refused'
  const against = decisions.filter(({ approves }) => !approves).length
  if (decisions.length - against >= needed) return 'approved'
  if (override?.signed) return new Date(override.signed.from) <= now ? 'approved' : 'waiting'
  // Where too few are left from the start, officers may still stand in for them.
  return against > Math.max(0, approvers.length - needed) ? 'refused' : 'waiting'
}

const concerned = (row: Stored): readonly string[] => [
  row.identity_id,
  ...(overrideIn(row.override)?.stopped ? [overrideIn(row.override)?.stopped?.by ?? ''] : []),
  ...[row.key_id, row.organisation_id, row.project_id].filter((id) => id !== null),
  ...row.approvers,
]

function toRequest(row: Stored, decisions: readonly Decision[], names: Names, now: Date): ApprovalRequest {
  return {
    ...{ id: row.id, identity: row.identity_id, operation: row.operation, key: row.key_id },
    ...{ organisation: row.organisation_id, project: row.project_id, asked: row.asked },
    ...{ state: stateOf(row, decisions, now), needed: row.needed, approvers: row.approvers },
    decisions: decisions.map(({ active: _, hands: __, ...decision }) => decision),
    ...{ names, override: overrideIn(row.override), createdAt: row.created_at, expiresAt: row.expires_at },
  }
}

const waiting = (id: string, given: number, needed: number) =>
  refuse('APPROVAL-NEEDED', `request ${id} has ${given} of ${needed} approvals`)
