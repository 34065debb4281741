import { type Filter, filter as predicateOf } from 'scim2-parse-filter'
import { accept, type Outcome, refuse } from '../../refusal.ts'
import { readFilter } from './filter.ts'
import { maxMembers } from './resource.ts'

const maxOperations = 100
/** Comparisons of one filter: each is made with every element of a list. */
const maxComparisons = 10

/** One value, one object of named parts, or a list of such objects. */
type Form = 'value' | 'object' | 'list'
type Attribute = { readonly name: string; readonly form: Form; readonly parts: ReadonlyMap<string, string> }
type Attributes = ReadonlyMap<string, Attribute>

/** Names are the same in any case: by their lower-case form. */
const byLower = (names: readonly string[]) => new Map(names.map((name) => [name.toLowerCase(), name]))
const attributesOf = (all: readonly (readonly [string, Form, ...string[]])[]): Attributes =>
  new Map(all.map(([name, form, ...parts]) => [name.toLowerCase(), { name, form, parts: byLower(parts) }]))

/** What an operation can change. A path is one of these names and none that a client chooses. */
const served = {
  User: attributesOf([
    ['userName', 'value'],
    ['externalId', 'value'],
    ['displayName', 'value'],
    ['active', 'value'],
    ['name', 'object', 'givenName', 'familyName'],
    ['emails', 'list', 'value', 'primary', 'type', 'display'],
  ]),
  Group: attributesOf([
    ['displayName', 'value'],
    ['externalId', 'value'],
    ['members', 'list', 'value', 'type', 'display'],
  ]),
} as const

/** Of RFC 7643 and not kept here: left out, as they are of a whole user or group. */
const unkept = new Set(
  [
    ...[
      'id',
      'schemas',
      'meta',
      'groups',
      'nickName',
      'profileUrl',
      'title',
      'userType',
      'preferredLanguage',
    ],
    ...['locale', 'timezone', 'password', 'phoneNumbers', 'ims', 'photos', 'addresses', 'entitlements'],
    ...['roles', 'x509Certificates'],
  ].map((name) => name.toLowerCase()),
)
const unkeptParts = new Set(
  ['formatted', 'middleName', 'honorificPrefix', 'honorificSuffix', '$ref'].map((name) => name.toLowerCase()),
)

type Document = { [name: string]: unknown }
type Path = {
  readonly attribute: Attribute
  readonly part: string | null
  /** Which of a list; null: all. */
  readonly filter: Filter | null
}
type Operation = { readonly op: 'add' | 'replace' | 'remove'; readonly path: Path; readonly value: unknown }

const pathShape =
  /^(?:(urn:[^[\]"\s]+):)?([a-z][a-z0-9_-]*)(?:\[([^\]]{1,1000})\])?(?:\.([a-z$][a-z0-9_-]*))?$/i
const ownSchema = /^urn:ietf:params:scim:schemas:core:2\.0:(?:User|Group)$/i

/** A copy with the operations of RFC 7644, 3.5.2. Refuses SCIM-PATCH. */
export function patched(kind: 'User' | 'Group', document: object, body: unknown): Outcome<object> {
  const given = ownOf(body, 'Operations')
  if (!Array.isArray(given) || given.length === 0 || given.length > maxOperations)
    return refuse('SCIM-PATCH', `Operations: expected 1 to ${maxOperations}`)
  const changed: Document = structuredClone({ ...document })
  for (const one of given) {
    const operations = operationsOf(served[kind], one)
    if (operations === null || !operations.every((operation) => apply(changed, operation)))
      return refuse('SCIM-PATCH', 'an operation has another form, or a path that leads nowhere')
  }
  return accept(changed)
}

/** Null where it is none. Some providers write Add and Replace. */
function operationsOf(attributes: Attributes, given: unknown): readonly Operation[] | null {
  const op = String(ownOf(given, 'op')).toLowerCase()
  if (op !== 'add' && op !== 'replace' && op !== 'remove') return null
  const [path, value] = [ownOf(given, 'path'), ownOf(given, 'value')]
  if (op !== 'remove' && value === undefined) return null
  if (path !== undefined && path !== '') {
    const found = typeof path === 'string' ? pathOf(attributes, path) : null
    if (found === null) return null
    return found === 'unkept' ? [] : [{ op, path: found, value }]
  }
  if (op === 'remove' || !isObject(value)) return null
  // Each member of the value is a path of its own; those of a whole user that are not kept are left out.
  return Object.entries(value).flatMap(([name, its]) => {
    const found = pathOf(attributes, name)
    return found === null || found === 'unkept' ? [] : [{ op, path: found, value: its }]
  })
}

/** Null where it leads nowhere. */
function pathOf(attributes: Attributes, text: string): Path | 'unkept' | null {
  const [, schema, name = '', filter, part] = pathShape.exec(text.length > 2000 ? '' : text) ?? []
  if (name === '') return null
  if (schema !== undefined && !ownSchema.test(schema)) return 'unkept'
  const attribute = attributes.get(name.toLowerCase())
  if (attribute === undefined) return unkept.has(name.toLowerCase()) ? 'unkept' : null
  const { form, parts } = attribute
  if (filter !== undefined && form !== 'list') return null
  const wanted = filter === undefined ? null : filterOf(parts, filter)
  if (wanted === 'malformed') return null
  if (part === undefined) return { attribute, part: null, filter: wanted }
  const known = parts.get(part.toLowerCase())
  if (known === undefined) return unkeptParts.has(part.toLowerCase()) ? 'unkept' : null
  return { attribute, part: known, filter: wanted }
}

function filterOf(parts: Attribute['parts'], text: string): Filter | 'malformed' {
  const filter = readFilter(text)
  if (filter === null) return 'malformed'
  const names = namesOf(filter)
  const fits = names.length <= maxComparisons && names.every((name) => parts.has(name.toLowerCase()))
  return fits ? filter : 'malformed'
}

/** One for each comparison. */
function namesOf(filter: Filter): readonly string[] {
  if ('filters' in filter) return filter.filters.flatMap(namesOf)
  return filter.op === 'not' ? namesOf(filter.filter) : [filter.attrPath]
}

/** False where it has no target, or its value another form. */
function apply(document: Document, operation: Operation): boolean {
  const { form, name } = operation.path.attribute
  if (form === 'list') return applyToList(document, operation)
  const { op, path, value } = operation
  if (path.part !== null) {
    const whole = isObject(document[name]) ? { ...document[name] } : {}
    if (op === 'remove') delete whole[path.part]
    else whole[path.part] = value
    document[name] = whole
  } else if (op === 'remove') delete document[name]
  else if (form === 'value') document[name] = value
  else {
    const given = partsOf(path.attribute, value)
    if (given === null) return false
    document[name] = { ...(isObject(document[name]) ? document[name] : {}), ...given }
  }
  return true
}

function applyToList(document: Document, { op, path, value }: Operation): boolean {
  const { attribute, part, filter } = path
  const { name } = attribute
  const there = document[name]
  const before: readonly Document[] = Array.isArray(there) ? there.filter(isObject) : []
  const matches = filter === null ? () => true : predicateOf(filter)
  if (op === 'remove') {
    const gone = value === undefined || value === null ? null : elementsOf(attribute, value)
    if (value !== undefined && value !== null && gone === null) return false
    const values = gone === null ? null : valuesOf(gone)
    document[name] = before.flatMap((one) => {
      const meant = matches(one) && (values === null || values.has(one.value))
      if (!meant) return [one]
      if (part === null) return []
      const { [part]: _, ...rest } = one
      return [rest]
    })
    return true
  }
  if (part === null && filter === null) {
    const given = elementsOf(attribute, value)
    if (given === null) return false
    const known = valuesOf(before)
    const all = op === 'replace' ? given : [...before, ...given.filter((one) => !known.has(one.value))]
    document[name] = all
    return all.length <= maxMembers
  }
  const change = part === null ? partsOf(attribute, value) : { [part]: value }
  if (change === null) return false
  if (before.some((one) => matches(one))) {
    document[name] = before.map((one) => (matches(one) ? { ...one, ...change } : one))
    return true
  }
  // What was looked for by one value, and is not there, is added with that value.
  if (op === 'replace' || filter?.op !== 'eq') return false
  const found = attribute.parts.get(filter.attrPath.toLowerCase())
  if (found === undefined) return false
  document[name] = [...before, { [found]: filter.compValue, ...change }]
  return true
}

/** Null where one has another form, or they are too many. */
function elementsOf(attribute: Attribute, value: unknown): readonly Document[] | null {
  const given = [value].flat()
  if (given.length > maxMembers) return null
  const all = given.map((one) => partsOf(attribute, one))
  return all.every((one) => one !== null) ? all : null
}

const valuesOf = (list: readonly Document[]): ReadonlySet<unknown> => new Set(list.map(({ value }) => value))

/** An object's members that the attribute has, by the attribute's own names. Null where it is no object. */
function partsOf({ parts }: Attribute, value: unknown): Document | null {
  if (!isObject(value)) return null
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, its]) => {
      const known = parts.get(name.toLowerCase())
      return known === undefined ? [] : [[known, its]]
    }),
  )
}

const isObject = (value: unknown): value is Document =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const ownOf = (value: unknown, name: string): unknown =>
  isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
