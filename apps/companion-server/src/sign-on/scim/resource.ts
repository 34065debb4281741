import { withoutHidden } from '@lux/crypto/text'
import { type Filter, filter as predicateOf } from 'scim2-parse-filter'
import { accept, type Outcome, refuse } from '../../refusal.ts'
import { readFilter } from './filter.ts'

export const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User'
export const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group'

/** A user as the provider keeps it here: what it sent besides is not kept. */
export type ScimUser = {
  readonly userName: string
  readonly externalId: string | null
  readonly displayName: string | null
  readonly givenName: string | null
  readonly familyName: string | null
  readonly email: string | null
  readonly active: boolean
}

export type ScimGroup = {
  readonly displayName: string
  readonly externalId: string | null
  readonly members: readonly string[]
}

export type Stored<T> = T & { readonly id: string; readonly created: Date; readonly modified: Date }

export type ScimPage = {
  readonly filter: string | null
  /** From 1. */
  readonly startIndex: number
  readonly count: number
}

export const maxCount = 200
/** Of one group, and of any list of a user or group. */
export const maxMembers = 10_000

/** Refuses SCIM-VALUE what is no user. Some providers send booleans as texts. */
export function userFrom(body: unknown): Outcome<ScimUser> {
  const given = objectOf(body)
  const name = objectOf(given?.name)
  const emails = Array.isArray(given?.emails) ? given.emails.map(objectOf) : []
  const email = (emails.find((one) => isTrue(one?.primary)) ?? emails[0])?.value
  const userName = text(given?.userName)
  if (given === null || typeof userName !== 'string' || userName === '') return wrong('userName')
  // It is shown to people who tell members apart by it.
  if (withoutHidden(userName, () => '') !== userName) return wrong('userName')
  const optional = {
    externalId: text(given.externalId),
    displayName: text(given.displayName),
    givenName: text(name?.givenName),
    familyName: text(name?.familyName),
    email: text(email),
  }
  for (const [field, value] of Object.entries(optional)) if (value === undefined) return wrong(field)
  const { active = true } = given
  if (active !== true && active !== false && !/^(true|false)$/i.test(String(active))) return wrong('active')
  const { externalId = null, displayName = null, givenName = null, familyName = null } = optional
  return accept({
    ...{ userName, externalId, displayName, givenName, familyName },
    ...{ email: optional.email ?? null, active: isTrue(active) },
  })
}

/** Refuses SCIM-VALUE what is no group. */
export function groupFrom(body: unknown): Outcome<ScimGroup> {
  const given = objectOf(body)
  const displayName = text(given?.displayName)
  if (given === null || typeof displayName !== 'string' || displayName === '' || displayName.length > 256)
    return wrong('displayName')
  const externalId = text(given.externalId)
  if (externalId === undefined) return wrong('externalId')
  const members: unknown = given.members ?? []
  if (!Array.isArray(members) || members.length > maxMembers) return wrong('members')
  const ids = members.map((one) => objectOf(one)?.value)
  if (!ids.every((id): id is string => typeof id === 'string' && id.length <= 64)) return wrong('members')
  return accept({ displayName, externalId, members: [...new Set(ids)] })
}

export function userDocument(user: Stored<ScimUser>, groups: readonly { id: string; name: string }[]) {
  const { givenName, familyName, email, externalId, displayName } = user
  return {
    schemas: [userSchema],
    ...{ id: user.id, userName: user.userName, active: user.active },
    ...(externalId === null ? {} : { externalId }),
    ...(displayName === null ? {} : { displayName }),
    ...(givenName === null && familyName === null
      ? {}
      : {
          name: {
            ...(givenName === null ? {} : { givenName }),
            ...(familyName === null ? {} : { familyName }),
          },
        }),
    ...(email === null ? {} : { emails: [{ value: email, primary: true }] }),
    groups: groups.map(({ id, name }) => ({ value: id, display: name })),
    meta: metaOf('User', user),
  }
}

export function groupDocument(group: Stored<ScimGroup>) {
  const { id, displayName, externalId, members } = group
  return {
    schemas: [groupSchema],
    ...{ id, displayName },
    ...(externalId === null ? {} : { externalId }),
    members: members.map((value) => ({ value, type: 'User' })),
    meta: metaOf('Group', group),
  }
}

const metaOf = (resourceType: 'User' | 'Group', { id, created, modified }: Stored<object>) => ({
  ...{ resourceType, created: created.toISOString(), lastModified: modified.toISOString() },
  location: `/scim/v2/${resourceType}s/${id}`,
})

/** One page of those that match. Refuses SCIM-FILTER. */
export function pageOf<T extends object>(all: readonly T[], { filter, startIndex, count }: ScimPage) {
  const matching = matchesOf(filter)
  if (!matching.ok) return matching
  const found = all.filter(matching.value)
  const from = Math.max(1, startIndex)
  const Resources = found.slice(from - 1, from - 1 + Math.min(Math.max(0, count), maxCount))
  return accept({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    ...{ totalResults: found.length, startIndex: from, itemsPerPage: Resources.length, Resources },
  })
}

const names = new Map(
  [
    'id',
    'userName',
    'externalId',
    'displayName',
    'active',
    'name',
    'givenName',
    'familyName',
    'emails',
    'value',
  ]
    .concat(['primary', 'groups', 'members', 'display', 'meta', 'created', 'lastModified', 'resourceType'])
    .map((name) => [name.toLowerCase(), name]),
)

function matchesOf(text: string | null): Outcome<(one: object) => boolean> {
  if (text === null) return accept(() => true)
  if (text.length > 1000) return refuse('SCIM-FILTER', 'the filter is too long')
  const filter = readFilter(text)
  if (filter === null) return refuse('SCIM-FILTER', 'the filter does not follow RFC 7644, 3.4.2.2')
  const matches = predicateOf(named(filter))
  return accept((one) => matches(one))
}

/** Attributes are the same in any case. */
function named(filter: Filter): Filter {
  if ('filters' in filter) return { ...filter, filters: filter.filters.map(named) }
  if (filter.op === 'not') return { ...filter, filter: named(filter.filter) }
  const attrPath = filter.attrPath
    .replace(/^urn:ietf:params:scim:schemas:core:2\.0:(?:User|Group):/i, '')
    .split('.')
    .map((part) => names.get(part.toLowerCase()) ?? part)
    .join('.')
  return { ...filter, attrPath }
}

const objectOf = (value: unknown): Record<string, unknown> | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null

/** Null where there is none; undefined where it is something else. */
function text(value: unknown): string | null | undefined {
  if (value === undefined || value === null) return null
  return typeof value === 'string' && value.length <= 512 ? value : undefined
}

const isTrue = (value: unknown): boolean => String(value).toLowerCase() === 'true'
const wrong = (field: string) => refuse('SCIM-VALUE', `${field} is missing, or of another form`)
