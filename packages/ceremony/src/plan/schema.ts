import * as v from 'valibot'
import { dealtBackup } from '../documents/backup/dealt-backup.ts'
import { anyCkaId } from '../documents/ceremony/key-statement.ts'
import { device } from '../documents/ceremony/machine.ts'
import { unsigned32 } from '../documents/format/fhe-fields.ts'
import { hex16, type Texts } from '../documents/format/fields.ts'
import { issueText, keyName } from '../documents/format/issue-text.ts'
import { newest, textsOf, type Version, versionOf } from '../documents/format/versions.ts'
import { partKinds, partKinds2, stepKinds, stepKinds2 } from './kinds.ts'
import { type PartKind, type Plan, type Role, type StepKind, tokenNeeds } from './plan.ts'
import { tokenProfiles } from './profiles.ts'
import { type PlanRefusal, planRefusal } from './rules.ts'

const slug = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'Expected lower-case letters, digits and hyphens, at most 64'),
)

const digest = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{64}$/, 'Expected a SHA-256 digest: 64 lower-case hex characters in quotes'),
)

const list = <T extends v.GenericSchema>(item: T, max: number) => v.pipe(v.array(item), v.maxLength(max))

const whole = v.pipe(v.number(), v.safeInteger())
const roles = [
  'administrator',
  'operator',
  'so',
  'officer',
  'holder',
  'approver',
  'witness',
  'recorder',
] as const

/** Entries in the order in which a difference of two plans names them, which officers sign: it never changes. */
const token = ({ line }: Texts) => ({
  library: digest,
  serial: line,
  label: v.exactOptional(line),
  attestation: v.exactOptional(
    v.strictObject({
      root: digest,
      companion: v.exactOptional(v.strictObject({ ckaId: anyCkaId, chain: digest })),
    }),
  ),
})

const birth = { ckaId: hex16, rootId: hex16, ceremonyId: hex16 }
const key = ({ line }: Texts) => ({
  id: slug,
  level: v.picklist(['root', 'organisation', 'project', 'data']),
  name: line,
  algorithm: v.picklist(['AES-128', 'AES-256', 'RSA-2048', 'RSA-4096', 'EC-P256', 'EC-P384']),
  parent: v.exactOptional(slug),
  replication: v.exactOptional(v.picklist(['trusted-window', 'vendor-clone', 'vendor-wrap', 'none'])),
  existing: v.exactOptional(v.strictObject(birth)),
})

const fhe = ({ line }: Texts) =>
  v.strictObject({
    id: slug,
    type: v.picklist(['TFHE_INTEGER', 'TFHE_BINARY']),
    mode: v.picklist(['S', 'F']),
    squash: v.boolean(),
    inputs: v.picklist(['signed', 'proven']),
    proofBits: v.exactOptional(whole),
    t: whole,
    n: whole,
    holders: list(line, 64),
    existing: v.exactOptional(
      v.strictObject({ keyId: digest, epochId: digest, epoch: unsigned32, public: digest }),
    ),
  })

const decryption = ({ line }: Texts) =>
  v.strictObject({
    id: slug,
    what: line,
    answers: whole,
    canary: v.exactOptional(v.boolean()),
  })

const reshare = ({ line }: Texts) =>
  v.strictObject({
    kind: v.picklist(['reshare', 'refresh', 'remove']),
    t: whole,
    n: whole,
    holders: list(line, 64),
    dealers: list(line, 64),
  })

const step = ({ line, remark }: Texts) => ({
  textKey: v.pipe(v.string(), v.regex(/^[a-z][A-Za-z0-9.-]{0,127}$/, 'Expected a text key')),
  text: v.pipe(remark, v.minLength(1)),
  token: v.exactOptional(slug),
  key: v.exactOptional(slug),
  holder: v.exactOptional(line),
  decryption: v.exactOptional(slug),
  values: v.exactOptional(
    list(
      v.strictObject({
        id: slug,
        label: line,
        format: v.exactOptional(v.picklist(['text', 'digits', 'hex', 'time'])),
      }),
      20,
    ),
  ),
  when: v.exactOptional(v.picklist(['opening', 'closing'])),
  by: v.exactOptional(v.picklist(['pin', 'pin-pad', 'companion', 'vendor'])),
})

const head = ({ line }: Texts) => ({
  title: line,
  organisation: v.strictObject({ id: slug, name: line }),
  policy: digest,
  tool: v.pipe(
    v.string(),
    v.regex(/^([0-9a-f]{64}|dev:[0-9a-f]{40})$/, 'Expected a build digest or dev:<commit>'),
  ),
})
const sections = (of: Texts) => ({
  fhe: v.exactOptional(fhe(of)),
  decryptions: v.exactOptional(list(decryption(of), 100)),
  reshare: v.exactOptional(reshare(of)),
})
const checkpoints = v.strictObject({ live: list(slug, 500) })

const parts = <K extends v.GenericSchema, S extends v.GenericSchema>(kind: K, one: S) =>
  v.pipe(list(v.strictObject({ kind, steps: v.pipe(list(one, 1000), v.minLength(1)) }), 20), v.minLength(1))

const role1 = v.picklist(roles)
const version1 = v.strictObject({
  v: v.literal(1),
  ...head(textsOf[1]),
  people: list(v.strictObject({ role: role1, name: textsOf[1].line, card: digest }), 200),
  tokens: list(v.strictObject({ role: slug, profile: v.picklist(tokenProfiles), ...token(textsOf[1]) }), 20),
  destinations: list(v.strictObject({ card: digest, transport: digest }), 20),
  keys: list(v.strictObject(key(textsOf[1])), 500),
  ...sections(textsOf[1]),
  checkpoints,
  parts: parts(
    v.picklist(partKinds),
    v.strictObject({ id: slug, do: v.picklist(stepKinds), actor: role1, ...step(textsOf[1]) }),
  ),
})

const versionNumber = v.pipe(whole, v.minValue(1), v.maxValue(1_000_000))
const earlierKey = v.strictObject({ bundle: digest, id: slug, version: versionNumber })
const role2 = v.picklist([...roles, 'custodian'])
const token2 = (of: Texts) => ({
  role: slug,
  profile: v.picklist([...tokenProfiles, 'measured']),
  ...token(of),
  needs: v.exactOptional(list(v.picklist(tokenNeeds), tokenNeeds.length)),
})

const entries2 = <N extends Version, T extends v.GenericSchema>(
  version: N,
  token: T,
  of = textsOf[version],
) => ({
  v: v.literal(version, 'Expected 1, 2 or 3'),
  ...head(of),
  people: list(v.strictObject({ role: role2, name: of.line, card: digest }), 200),
  tokens: list(token, 20),
  destinations: list(v.strictObject({ card: digest, transport: v.exactOptional(digest) }), 20),
  keys: list(
    v.strictObject({
      ...key(of),
      existing: v.exactOptional(
        v.strictObject({
          ...birth,
          possession: v.exactOptional(v.strictObject({ mechanism: of.line, digest })),
        }),
      ),
      backup: v.exactOptional(v.strictObject({ t: whole, n: whole, custodians: list(of.line, 64) })),
      spares: v.exactOptional(v.pipe(list(slug, 20), v.minLength(1))),
      version: v.exactOptional(versionNumber),
      replaces: v.exactOptional(earlierKey),
    }),
    500,
  ),
  ...sections(of),
  heartbeat: v.exactOptional(v.strictObject({ dueDays: whole })),
  recovery: v.exactOptional(
    v.strictObject({
      use: v.picklist(['check', 'drill', 'restore']),
      custodians: list(of.line, 16),
      backup: dealtBackup,
    }),
  ),
  revokes: v.exactOptional(v.pipe(list(earlierKey, 500), v.minLength(1))),
  nextPolicy: v.exactOptional(digest),
  checkpoints,
  parts: parts(
    v.picklist(partKinds2),
    v.strictObject({
      id: slug,
      do: v.picklist(stepKinds2),
      actor: role2,
      ...step(of),
      custodian: v.exactOptional(of.line),
    }),
  ),
})

const version2 = v.strictObject(entries2(2, v.strictObject(token2(textsOf[2]))))

const version3 = v.strictObject({
  ...entries2(
    3,
    v.strictObject({
      ...token2(textsOf[3]),
      shim: v.exactOptional(digest),
      device: v.exactOptional(v.strictObject(device(textsOf[3]))),
    }),
  ),
  image: v.exactOptional(digest),
})

const terms2 = { roles: [...roles, 'custodian'], stepKinds: stepKinds2, partKinds: partKinds2 } as const

/** What each version of a plan may name, in the order in which people choose. */
export const planTerms = {
  1: { roles, stepKinds, partKinds },
  2: terms2,
  3: terms2,
} as const satisfies Record<
  Version,
  { roles: readonly Role[]; stepKinds: readonly StepKind[]; partKinds: readonly PartKind[] }
>
const { level, algorithm } = key(textsOf[newest])
export const keyLevels = level.options
export const keyAlgorithms = algorithm.options

/** Shape of a plan file, by its version. */
export const planSchemas: Record<Version, v.GenericSchema<unknown, Plan>> = {
  1: version1,
  2: version2,
  3: version3,
}

/** Any value to a plan, or each wrong entry with its path. */
export function shapePlan(
  value: unknown,
): { ok: true; value: Plan } | { ok: false; refusals: PlanRefusal[] } {
  const schema = planSchemas[versionOf(value) ?? newest]
  const parsed = v.safeParse(schema, value)
  if (parsed.success) return { ok: true, value: parsed.output }
  if (!isLikeAPlan(value))
    return {
      ok: false,
      refusals: [planRefusal('PLAN-03', '', 'the file holds none of the entries of a plan')],
    }
  return {
    ok: false,
    refusals: parsed.issues.map((issue) =>
      planRefusal('PLAN-03', '', newer(issue) ?? describeIssue(schema, issue)),
    ),
  }
}

/** An entry that only a later version has. */
function newer(issue: v.BaseIssue<unknown>): string | null {
  const keys = (issue.path ?? []).map((part) => part.key)
  const last = String(keys.at(-1))
  if (issue.type !== 'strict_object' || issue.input === undefined) return null
  const known = (version: Version) => knownKeys(planSchemas[version], keys.slice(0, -1)).includes(last)
  const since = ([2, 3] as const).find(known)
  return since === undefined
    ? null
    : `${pathText(keys)} stands only in a plan of version ${since}${since === newest ? '' : ' or later'}`
}

function isLikeAPlan(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const known = knownKeys(planSchemas[newest], [])
  return Object.keys(value).some((key) => known.includes(key))
}

/** One schema issue in words: its path, what was expected, and for an unknown key the known ones. */
export function describeIssue(schema: v.GenericSchema, issue: v.BaseIssue<unknown>): string {
  const keys = (issue.path ?? []).map((part) => part.key)
  const path = pathText(keys) || 'the file'
  if (issue.type !== 'strict_object' || keys.length === 0) return `${path}: ${issueText(issue)}`
  const known = knownKeys(schema, keys.slice(0, -1))
  const last = String(keys.at(-1))
  if (known.includes(last)) return `${path} is missing`
  return `${path} is not known; known here: ${known.join(', ')}`
}

function pathText(keys: readonly unknown[]): string {
  return keys
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${keyName(String(key))}`))
    .join('')
    .replace(/^\./, '')
}

type Walk = {
  entries?: Record<string, Walk>
  item?: Walk
  wrapped?: Walk
  pipe?: readonly Walk[]
  options?: readonly unknown[]
}

/** What alone can stand at a place of a plan; null where that is no choice of few texts. */
export function choicesAt(version: Version, keys: readonly (string | number)[]): string[] | null {
  const options = placeAt(planSchemas[version], keys)?.options ?? []
  const texts = options.filter((one) => typeof one === 'string')
  return texts.length === 0 || texts.length < options.length ? null : texts
}

function knownKeys(schema: v.GenericSchema, keys: readonly unknown[]): string[] {
  return Object.keys(placeAt(schema, keys)?.entries ?? {})
}

function placeAt(schema: v.GenericSchema, keys: readonly unknown[]): Walk | undefined {
  // Every valibot schema carries its parts under these names; a name that a schema lacks reads as undefined.
  let at = unwrap(schema as Walk)
  for (const key of keys) at = unwrap(typeof key === 'number' ? at?.item : at?.entries?.[String(key)])
  return at
}

function unwrap(schema: Walk | undefined): Walk | undefined {
  return schema?.wrapped === undefined ? schema : unwrap(schema.wrapped)
}
