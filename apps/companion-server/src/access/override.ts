import { expired, type Policy, policyDigest } from '@lux/ceremony/policy'
import {
  type ApprovalOverride,
  approvalOverrideCodec,
  type SignatureAnswer,
  type SignatureRequest,
  signatureAnswerCodec,
} from '@lux/ceremony/wire'
import { sha256Hex, toBase64 } from '@lux/crypto'
import { withoutHidden } from '@lux/crypto/text'
import type { Selectable } from 'kysely'
import { tellOverride } from '../alerts/authority.ts'
import { sealedNames } from '../audit/names.ts'
import type { Call, Record } from '../audit/record.ts'
import { changesAlone, documentOf, entry, type Permission } from '../operations/entry.ts'
import type { Clock } from '../platform/clock.ts'
import type { SealedDatabase, Work } from '../platform/database/authority/authority.ts'
import type { ApprovalRequestTable } from '../platform/database/tables.ts'
import type { Domain } from '../platform/state-folder/settings.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { type Caller, cameBy } from './authorize.ts'
import { nobody } from './duties/rules.ts'
import { id } from './fields.ts'

/** What officers of the ceremony were asked of a request, and what came of it. */
export type Override = {
  /** Digest of the policy whose officers are asked. */
  readonly policy: string
  /** Their signatures are taken until then. */
  readonly until: string
  /** From `from` on it may be used, once. */
  readonly signed: {
    readonly officers: readonly string[]
    readonly at: string
    readonly from: string
  } | null
  readonly stopped: { readonly by: string; readonly at: string } | null
}

// What the server wrote and sealed.
export const overrideIn = (stored: unknown): Override | null => (stored ? (stored as Override) : null)

/** Who the officers are, from files of this server and never from the database. */
export type Officers = {
  readonly domain: Domain
  readonly audience: string
  /** The newest that is pinned. */
  policy(): Promise<Policy | null>
}

type Stored = Selectable<ApprovalRequestTable>
type Parts = {
  readonly database: SealedDatabase
  readonly officers: Officers
  readonly clock: Clock
  readonly record: Record
  now(): Date
}

const day = 86_400_000
/** How long signatures are taken; how long all are told before it may be used, and how long it then may. */
const askedFor = 7 * day
const told = day
const usable = day

const mostAnswers = 64

/** The server's own policy, under which its officers may be asked now. */
async function policyNow({ officers, now }: Pick<Parts, 'officers' | 'now'>): Promise<Outcome<Policy>> {
  const policy = await officers.policy()
  if (policy === null) return refuse('POLICY-MISSING', 'no policy is pinned: custody-server trust POLICY')
  return expired(policy, now().toISOString()) ?? accept(policy)
}

/** Whether an override that enough officers signed may be used now. Refuses CLOCK-MOVED, APPROVAL-NEEDED, POLICY-…. */
export async function useOverride(
  override: Override,
  request: string,
  parts: Pick<Parts, 'officers' | 'clock' | 'now'>,
): Promise<Outcome<null>> {
  const from = override.signed?.from
  if (from === undefined || override.stopped !== null)
    return refuse('APPROVAL-REFUSED', `request ${request} was stopped`)
  const time = await parts.clock.trusted()
  if (!time.ok) return time
  if (time.value < new Date(from))
    return refuse(
      'APPROVAL-NEEDED',
      `officers have signed for request ${request}: it may be done from ${from} on`,
    )
  const policy = await policyNow(parts)
  if (!policy.ok) return policy
  return policyDigest(policy.value) === override.policy
    ? accept(null)
    : refuse('POLICY-SUPERSEDED', 'the officers who signed are those of an earlier policy')
}

/** Whether somebody hears of a request that officers decide: everybody of its organisation does. */
export const isOf = ({ organisation_id: of }: Pick<Stored, 'organisation_id'>, { grants }: Caller): boolean =>
  of === null || grants.some(({ organisation }) => organisation === null || organisation === of)

const documents = (value: unknown): Outcome<readonly SignatureAnswer[]> => {
  if (!Array.isArray(value) || value.length > mostAnswers)
    return refuse('REQUEST-FIELDS', `answers: a list of at most ${mostAnswers}`)
  const answers: SignatureAnswer[] = []
  for (const one of value) {
    const answer = signatureAnswerCodec.check(one)
    if (!answer.ok) return answer
    answers.push(answer.value)
  }
  return accept(answers)
}

const at = (row: Stored) => ({
  organisation: row.organisation_id,
  project: row.project_id,
  key: row.key_id,
})
const byServerAdmins = {
  action: 'organisation.appoint',
  resource: { kind: 'deployment' },
  key: null,
} as const satisfies Permission

/** Any approver of it, who asks, and every admin. */
const stoppers = (row: Stored): readonly Permission[] => [
  {
    either: [
      { own: [row.identity_id, ...row.approvers], at: at(row) },
      ...(row.organisation_id === null
        ? []
        : [
            {
              action: 'project.appoint',
              resource: { kind: 'organisation', organisation: row.organisation_id },
              key: null,
            } as const,
          ]),
      byServerAdmins,
    ],
  },
]

/** One that still waits for its approvers, while nobody else changes it. */
async function held(work: Work, request: string, now: Date): Promise<Outcome<Stored>> {
  const row = await work
    .selectFrom('approval_request')
    .selectAll()
    .where('id', '=', request)
    .forUpdate()
    .executeTakeFirst()
  if (row === undefined) return refuse('OBJECT-ABSENT', 'Approval request not found')
  await work.authority.vouch('approval_request', [row], { id: request })
  if (row.used_at !== null || row.expires_at <= now)
    return refuse('APPROVAL-CLOSED', `it is ${row.used_at === null ? 'expired' : 'used'}`)
  return accept(row)
}

const statement = (
  officers: Parts['officers'],
  row: Stored,
  { policy, until }: Override,
): ApprovalOverride => ({
  ...{
    v: 1,
    kind: 'approval-override',
    domain: officers.domain,
    audience: officers.audience,
    policy,
    until,
  },
  ...{ organisation: row.organisation_id, request: row.id, asker: row.identity_id },
  ...{ operation: row.operation, asked: row.asked },
})

/** What officers of a policy are to sign of a request that still waits. */
async function askOfficers(
  { officers, now }: Parts,
  work: Work,
  id: string,
  policy: string,
): Promise<Outcome<SignatureRequest>> {
  const row = await held(work, id, now())
  if (!row.ok) return row
  if (row.value.key_id !== null)
    return refuse('CONDITION-UNMET', 'officers stand in for changes of who may do what alone')
  const before = overrideIn(row.value.override)
  if (before?.signed) return refuse('APPROVAL-CLOSED', 'officers have signed')
  const isOpen = before?.policy === policy && new Date(before.until) > now()
  const until = new Date(now().getTime() + askedFor)
  const override = isOpen ? before : { policy, until: until.toISOString(), signed: null, stopped: null }
  if (!isOpen)
    await work.authority.update(
      'approval_request',
      { id },
      { override: JSON.stringify(override), expires_at: until },
    )
  const subject = approvalOverrideCodec.payload.check(statement(officers, row.value, override))
  if (!subject.ok) return refuse('REQUEST-FIELDS', subject.detail)
  const { identity_id, approvers, asked: said, organisation_id } = row.value
  const own = [identity_id, organisation_id, ...approvers]
  const [names = {}] = await sealedNames(work, [{ own, said, organisation: organisation_id }])
  return accept({
    ...{ v: 1, kind: 'signature-request', what: 'approval-override', domain: officers.domain },
    subject: toBase64(approvalOverrideCodec.signedBytes(subject.value)),
    lines: Object.entries(names).map(([one, name]) =>
      withoutHidden(`${one} is ${name}`, () => ' ').slice(0, 2000),
    ),
  })
}

/**
 * Break-glass: where too few approvers are left to agree to a change of who may do what, a quorum of the ceremony's officers stands in for
 * them, once, after all have been told for a day. SPEC.md 8.1.
 */
export function overrideTable(parts: Parts) {
  const { database, officers, clock, record, now } = parts

  const about = {
    ...changesAlone,
    touches: nobody,
    async find({ id }: { id: string }, { caller }: Call): Promise<Outcome<Stored>> {
      const row = await database
        .selectFrom('approval_request')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst()
      if (row === undefined || !(row.identity_id === caller.identity || isOf(row, caller)))
        return refuse('OBJECT-ABSENT', 'Approval request not found')
      await database.authority.vouch('approval_request', [row], { id })
      return accept(row)
    },
  } as const
  /** Who asks, and who governs this server, carries between it and the officers. */
  const carried = {
    ...about,
    permissions: (row: Stored): readonly Permission[] => [
      { either: [{ own: [row.identity_id], at: at(row) }, byServerAdmins] },
    ],
  }

  const recordSigned = (
    request: string,
    place: ReturnType<typeof at>,
    { name, signer }: { readonly name: string; readonly signer: string },
  ) =>
    record(
      {
        caller: { identity: `officer ${name}`, grants: [], by: cameBy('officer-key', signer) },
        ...{ door: 'direct', reqId: request, receipt: null },
      },
      'approval.sign',
      async (subject) => {
        Object.assign(subject, place)
        return accept(null)
      },
    )

  return {
    /** What officers are to sign. Refuses what a key is used for: that waits for its approvers alone. */
    askOfficers: entry({
      ...carried,
      name: 'approval.ask-officers',
      input: { id },
      async run({ input }): Promise<Outcome<SignatureRequest>> {
        const policy = await policyNow(parts)
        if (!policy.ok) return policy
        return database.change((work) => askOfficers(parts, work, input.id, policyDigest(policy.value)))
      },
    }),

    /** Takes what officers signed, all of it at once. From then on everybody knows. */
    override: entry({
      ...carried,
      name: 'approval.override',
      input: { id, answers: documentOf(documents, mostAnswers * 32_768) },
      async run({ found, input: { id, answers } }): Promise<Outcome<Override>> {
        const policy = await policyNow(parts)
        if (!policy.ok) return policy
        const time = await clock.trusted()
        if (!time.ok) return time
        const asked = overrideIn(found.override)
        if (asked === null || asked.signed !== null)
          return refuse('APPROVAL-CLOSED', asked === null ? 'no officer was asked' : 'officers have signed')
        if (new Date(asked.until) <= time.value)
          return refuse('APPROVAL-CLOSED', `signatures were taken until ${asked.until}`)
        if (asked.policy !== policyDigest(policy.value))
          return refuse('POLICY-SUPERSEDED', 'officers of an earlier policy were asked: ask anew')
        const names = signersOf(statement(officers, found, asked), answers, policy.value)
        if (!names.ok) return names
        for (const officer of names.value) await recordSigned(id, at(found), officer)
        const from = new Date(time.value.getTime() + told)
        const override: Override = {
          ...asked,
          signed: {
            officers: names.value.map(({ name }) => name),
            at: time.value.toISOString(),
            from: from.toISOString(),
          },
        }
        return database.change(async (work): Promise<Outcome<Override>> => {
          const row = await held(work, id, now())
          if (!row.ok) return row
          // Of two who bring the same signatures, one is first.
          if (JSON.stringify(overrideIn(row.value.override)) !== JSON.stringify(asked))
            return refuse('APPROVAL-CLOSED', 'it was changed meanwhile')
          await work.authority.update(
            'approval_request',
            { id },
            { override: JSON.stringify(override), expires_at: new Date(from.getTime() + usable) },
          )
          await tellOverride(work, row.value, override, now())
          return accept(override)
        })
      },
    }),

    /** Any approver of it, who asks, and every admin ends what officers signed for, until it is used. */
    stopOverride: entry({
      ...about,
      name: 'approval.stop-override',
      input: { id },
      permissions: stoppers,
      run: ({ call, input: { id } }) =>
        database.change(async (work): Promise<Outcome<null>> => {
          const row = await held(work, id, now())
          if (!row.ok) return row
          const override = overrideIn(row.value.override)
          if (!override?.signed || override.stopped !== null)
            return refuse('APPROVAL-CLOSED', 'no officers have signed for it, or it was stopped')
          const stopped = { by: call.caller.identity, at: now().toISOString() }
          const ended: Override = { ...override, stopped }
          await work.authority.update('approval_request', { id }, { override: JSON.stringify(ended) })
          await tellOverride(work, row.value, ended, now())
          return accept(null)
        }),
    }),
  }
}

/** Each officer who signed these very bytes. Refuses OVERRIDE-OTHER, and as `checkSignatures`. */
function signersOf(
  statement: ApprovalOverride,
  answers: readonly SignatureAnswer[],
  { officers, officerQuorum }: Policy,
): Outcome<readonly { readonly name: string; readonly signer: string }[]> {
  const digest = sha256Hex(approvalOverrideCodec.signedBytes(statement))
  const other = answers.some(
    ({ what, domain, subject }) =>
      what !== approvalOverrideCodec.what || domain !== statement.domain || subject !== digest,
  )
  if (other)
    return refuse('OVERRIDE-OTHER', 'an answer is to another request, server, organisation or policy')
  const signatures = answers.map(({ signature }) => signature)
  const signed = approvalOverrideCodec.verify({ payload: statement, signatures }, statement.domain, [
    { role: 'officer', members: officers, quorum: officerQuorum },
  ])
  if (!signed.ok) return signed
  const names = signed.value.officer ?? []
  return accept(names.map((name, at) => ({ name, signer: signatures[at]?.signer ?? '' })))
}
