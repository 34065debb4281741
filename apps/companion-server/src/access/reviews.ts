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
import { changesAlone, entry, type Permission, reads } from '../operations/entry.ts'
import { Type } from '../operations/schema.ts'
import type { SealedDatabase } from '../platform/database/authority/authority.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import type { Action } from './authorize.ts'
import type { Conditions } from './conditions.ts'
import { nobody } from './duties/rules.ts'
import { place } from './fields.ts'
import { inOrganisation } from './organisations.ts'
import type { Role } from './role-names.ts'

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
  readonly database: SealedDatabase
  readonly audience: string
  sign(context: string, bytes: Uint8Array): Promise<HybridSignature>
  now(): Date
}

const everywhere = { kind: 'deployment' } as const

/** More are not looked at one by one. */
const mostIdentities = 2000
const mostReviews = 100

/** Reviews of access: who has it, as an admin sees and signs it off. Without an organisation: roles of the whole deployment. */
export function reviewTable({ database, audience, sign, now }: Parts) {
  const placed = (...actions: readonly Action[]) => ({
    async find({
      organisation = null,
    }: {
      readonly organisation?: string | null
    }): Promise<Outcome<string | null>> {
      if (organisation === null) return accept(null)
      const { find } = inOrganisation(database, 'access.review')
      const found = await find({ organisation })
      return found.ok ? accept(found.value.id) : found
    },
    permissions: (organisation: string | null): readonly Permission[] => {
      const resource = organisation === null ? everywhere : ({ kind: 'organisation', organisation } as const)
      return [{ either: actions.map((action) => ({ action, resource, key: null })) }]
    },
  })

  return {
    /** Refuses REQUEST-FIELDS where there are too many to look at. */
    list: entry({
      ...reads,
      ...placed('access.review'),
      name: 'access.list',
      input: { organisation: place },
      async run({
        found,
      }): Promise<Outcome<{ readonly access: readonly Access[]; readonly digest: string }>> {
        const access = await accessIn(database, found)
        return access.ok ? accept({ access: access.value, digest: digestOf(access.value) }) : access
      },
    }),

    /** Refuses ACCESS-CHANGED where the list is another than the one that was looked at. */
    signOff: entry({
      ...changesAlone,
      touches: nobody,
      ...placed('access.review'),
      name: 'access.review',
      input: { organisation: place, digest: Type.String({ minLength: 64, maxLength: 64 }) },
      async run({ call, found: organisation, input: { digest } }): Promise<Outcome<SignedReview>> {
        const access = await accessIn(database, organisation)
        if (!access.ok) return access
        if (digestOf(access.value) !== digest)
          return refuse('ACCESS-CHANGED', 'the list is another one now than the one that was reviewed')
        const time = now()
        const payload: AccessReview = {
          v: 1,
          kind: 'access-review',
          audience,
          id: randomUUID(),
          organisation,
          reviewer: call.caller.identity,
          time: time.toISOString(),
          access: digest,
          identities: access.value.length,
          roles: access.value.reduce((sum, { roles }) => sum + roles.length, 0),
        }
        const signatures = [await sign(reviewContext, encodeCanonical(payload))]
        await database
          .insertInto('access_review')
          .values({
            id: payload.id,
            organisation_id: organisation,
            reviewer_id: payload.reviewer,
            reviewed_at: time,
            access_digest: digest,
            access: canonicalString(seen(access.value)),
            payload: canonicalString(payload),
            signatures: canonicalString(signatures),
          })
          .execute()
        return accept({ payload, signatures })
      },
    }),

    /** For who reviews, and for who reads the log. The newest first. */
    reviews: entry({
      ...reads,
      ...placed('access.review', 'audit.read'),
      name: 'access.list-reviews',
      input: { organisation: place },
      async run({ found }): Promise<Outcome<readonly SignedReview[]>> {
        const rows = await database
          .selectFrom('access_review')
          .select(['payload', 'signatures'])
          .where('organisation_id', 'is not distinct from', found)
          .orderBy('reviewed_at', 'desc')
          .limit(mostReviews)
          .execute()
        // The server wrote both as it wrote them.
        return accept(
          rows.map(({ payload, signatures }) => ({
            payload: JSON.parse(payload),
            signatures: JSON.parse(signatures),
          })),
        )
      },
    }),
  }
}

async function accessIn(
  database: SealedDatabase,
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
