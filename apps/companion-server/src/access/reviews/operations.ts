import { randomUUID } from 'node:crypto'
import {
  canonicalString,
  encodeCanonical,
  type HybridSignature,
  type Json,
  sha256Hex,
  utf8,
} from '@lux/crypto'
import { sql } from 'kysely'
import type { Call, Record, Subject } from '../../audit/record.ts'
import type { Database } from '../../platform/database/open.ts'
import { accept, type Outcome, refuse } from '../../refusal.ts'
import { absent, authorize, type Resource, type Role } from '../authorize.ts'
import type { Conditions } from '../conditions.ts'

/** Who may do what in one place; null is the whole deployment, of which only its own roles are meant. */
export type Access = {
  readonly identity: string
  readonly name: string
  readonly username: string | null
  /** A person who has yet to enrol; no part of what is signed off either. */
  readonly invited: boolean
  readonly roles: readonly {
    readonly role: Role
    readonly project: string | null
    readonly projectName: string | null
    readonly conditions: Conditions | null
  }[]
  /** When it did something last; no part of what is signed off, since looking at the list changes it. */
  readonly lastUse: Date | null
}

/** What a reviewer signs off. Signed by the receipt key. */
export type AccessReview = {
  readonly v: 1
  readonly kind: 'access-review'
  readonly audience: string
  readonly id: string
  readonly organisation: string | null
  readonly reviewer: string
  readonly time: string
  readonly access: string
  readonly identities: number
  readonly roles: number
}

export type SignedReview = { readonly payload: AccessReview; readonly signatures: readonly HybridSignature[] }

/** What its signature is made over: this, a zero byte, and the canonical JSON of the payload. */
export const reviewContext = 'lux-server/v1/access-review'

type Parts = {
  readonly database: Database
  readonly record: Record
  readonly audience: string
  sign(context: string, bytes: Uint8Array): Promise<HybridSignature>
  now(): Date
}

/** More are not looked at one by one. */
const mostIdentities = 2000
const mostReviews = 100

export type AccessReviews = ReturnType<typeof openAccessReviews>

/** Reviews of access: who has it, as an admin sees and signs it off. */
export function openAccessReviews({ database, record, audience, sign, now }: Parts) {
  return {
    /** Refuses REQUEST-FIELDS where there are too many to look at. */
    list(
      call: Call,
      organisation: string | null,
    ): Promise<Outcome<{ readonly access: readonly Access[]; readonly digest: string }>> {
      return record(call, 'access.list', async (subject) => {
        const allowed = await mayReview(call, subject, organisation)
        if (!allowed.ok) return allowed
        const access = await accessIn(database, organisation)
        return access.ok ? accept({ access: access.value, digest: digestOf(access.value) }) : access
      })
    },

    /** Refuses ACCESS-CHANGED where the list is another than the one that was looked at. */
    signOff(
      call: Call,
      { organisation, digest }: { readonly organisation: string | null; readonly digest: string },
    ): Promise<Outcome<SignedReview>> {
      return record(call, 'access.review', async (subject) => {
        const allowed = await mayReview(call, subject, organisation)
        if (!allowed.ok) return allowed
        const access = await accessIn(database, organisation)
        if (!access.ok) return access
        if (digestOf(access.value) !== digest)
          return refuse('ACCESS-CHANGED', 'the list is another one now than the one that was reviewed')
        const time = now()
        const payload: AccessReview = {
          ...{ v: 1, kind: 'access-review', audience, id: randomUUID(), organisation },
          ...{ reviewer: call.caller.identity, time: time.toISOString(), access: digest },
          identities: access.value.length,
          roles: access.value.reduce((sum, { roles }) => sum + roles.length, 0),
        }
        const signatures = [await sign(reviewContext, encodeCanonical(payload))]
        await database
          .insertInto('access_review')
          .values({
            ...{ id: payload.id, organisation_id: organisation, reviewer_id: payload.reviewer },
            ...{ reviewed_at: time, access_digest: digest, access: canonicalString(seen(access.value)) },
            ...{ payload: canonicalString(payload), signatures: canonicalString(signatures) },
          })
          .execute()
        return accept({ payload, signatures })
      })
    },

    /** The newest first. */
    reviews(call: Call, organisation: string | null): Promise<Outcome<readonly SignedReview[]>> {
      return record(call, 'access.list-reviews', async (subject) => {
        const allowed = await mayReview(call, subject, organisation, 'audit.read')
        if (!allowed.ok) return allowed
        const rows = await database
          .selectFrom('access_review')
          .select(['payload', 'signatures'])
          .where('organisation_id', 'is not distinct from', organisation)
          .orderBy('reviewed_at', 'desc')
          .limit(mostReviews)
          .execute()
        // The server wrote both as it wrote them.
        return accept(
          rows.map(({ payload, signatures }) => ({
            ...{ payload: JSON.parse(payload), signatures: JSON.parse(signatures) },
          })),
        )
      })
    },
  }

  /** Who reviews; or who reads the log, and reads what was reviewed. */
  async function mayReview(
    call: Call,
    subject: Subject,
    organisation: string | null,
    or: 'audit.read' | 'access.review' = 'access.review',
  ): Promise<Outcome<null>> {
    const place: Resource =
      organisation === null ? { kind: 'deployment' } : { kind: 'organisation', organisation }
    if (organisation !== null) {
      const row = await database
        .selectFrom('organisation')
        .select('id')
        .where('id', '=', organisation)
        .executeTakeFirst()
      if (!row) return absent('organisation')
      subject.organisation = organisation
    }
    const reviews = authorize(call.caller, 'access.review', place)
    return reviews.ok || or === 'access.review' ? reviews : authorize(call.caller, or, place)
  }
}

async function accessIn(
  database: Database,
  organisation: string | null,
): Promise<Outcome<readonly Access[]>> {
  const rows = await database
    .selectFrom('role_grant')
    .innerJoin('identity', 'identity.id', 'role_grant.identity_id')
    .leftJoin('person', 'person.identity_id', 'identity.id')
    .leftJoin('project', 'project.id', 'role_grant.project_id')
    .select(['identity.id', 'identity.name', 'person.username', 'role_grant.role'])
    .select(sql<boolean>`coalesce(person.enrolment_hash is not null, false)`.as('invited'))
    .select(['role_grant.project_id', 'project.name as project_name', 'role_grant.conditions'])
    .where('role_grant.organisation_id', 'is not distinct from', organisation)
    .where('identity.revoked_at', 'is', null)
    .orderBy('identity.name')
    .orderBy('identity.id')
    .orderBy('role_grant.role')
    .orderBy('role_grant.project_id')
    .execute()
  const found = new Map<string, Omit<Access, 'lastUse'> & { roles: Access['roles'][number][] }>()
  for (const row of rows) {
    const { id, name, username, invited } = row
    const one = found.get(id) ?? { identity: id, name, username, invited, roles: [] }
    one.roles.push({
      ...{ role: row.role, project: row.project_id, projectName: row.project_name },
      // What is stored was looked at when it was given.
      conditions: row.conditions as Conditions | null,
    })
    found.set(row.id, one)
  }
  if (found.size > mostIdentities)
    return refuse(
      'REQUEST-FIELDS',
      `${found.size} identities, at most ${mostIdentities} are reviewed at once`,
    )
  const used =
    found.size === 0
      ? []
      : await database
          .selectFrom('audit')
          .select('identity_id')
          .select(({ fn }) => fn.max('time').as('last'))
          .where('identity_id', 'in', [...found.keys()])
          .groupBy('identity_id')
          .execute()
  const last = new Map(used.map((one) => [one.identity_id, one.last]))
  return accept([...found.values()].map((one) => ({ ...one, lastUse: last.get(one.identity) ?? null })))
}

/** What is signed off of each. */
const seen = (access: readonly Access[]): Json =>
  access.map(({ identity, name, username, roles }) => ({
    ...{ identity, name, username },
    roles: roles.map(({ role, project, conditions }) => ({
      ...{ role, project },
      conditions: conditions === null ? null : canonicalString(JSON.parse(JSON.stringify(conditions))),
    })),
  }))

const digestOf = (access: readonly Access[]): string => sha256Hex(utf8(canonicalString(seen(access))))
