import * as v from 'valibot'
import { dealtBackup } from '../documents/backup/dealt-backup.ts'
import { anyCkaId } from '../documents/ceremony/key-statement.ts'
import { unsigned32 } from '../documents/format/fhe-fields.ts'
import { hex16, line, remark } from '../documents/format/fields.ts'
import { issueText, keyName } from '../documents/format/issue-text.ts'
import { isOfVersion2 } from '../documents/format/versions.ts'
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
const token = {
  library: digest,
  serial: line,
  label: v.exactOptional(line),
  attestation: v.exactOptional(
    v.strictObject({
      root: digest,
      companion: v.exactOptional(v.strictObject({ ckaId: anyCkaId, chain: digest })),
    }),
  ),
}

const birth = { ckaId: hex16, rootId: hex16, ceremonyId: hex16 }
const key = {
  id: slug,
  level: v.picklist(['root', 'organisation', 'project', 'data']),
  name: line,
  algorithm: v.picklist(['AES-128', 'AES-256', 'RSA-2048', 'RSA-4096', 'EC-P256', 'EC-P384']),
  parent: v.exactOptional(slug),
  replication: v.exactOptional(v.picklist(['trusted-window', 'vendor-clone', 'vendor-wrap', 'none'])),
  existing: v.exactOptional(v.strictObject(birth)),
}

const fhe = v.strictObject({
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

const decryption = v.strictObject({
  id: slug,
  what: line,
  answers: whole,
  canary: v.exactOptional(v.boolean()),
})

const reshare = v.strictObject({
  kind: v.picklist(['reshare', 'refresh', 'remove']),
  t: whole,
  n: whole,
  holders: list(line, 64),
  dealers: list(line, 64),
})

const stepKinds = [
  'confirm',
  'roll-call',
  'read-aloud',
  'clock-check',
  'pause',
  'measure-machine',
  'initialise-token',
  'log-in',
  'probe-token',
  'inventory',
  'make-ceremony-key',
  'open-run',
  'checkpoint',
  'generate-root',
  'read-back',
  'generate-key',
  'prove-possession',
  'replicate-root',
  'attest',
  'fhe-deal',
  'acknowledge-holder',
  'take-request',
  'approve-request',
  'answer-request',
  'take-result',
  'approve-epoch',
  'redeal',
  'assemble-epoch',
  'epoch-live',
  'seal',
  'export',
  'receipt',
  'close',
] as const

const step = {
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
}

const partKinds = [
  'token-initialisation',
  'root-kek',
  'key-hierarchy',
  'replication',
  'threshold-fhe',
  'threshold-decryption',
  'resharing',
  'bundle-export',
] as const

const head = {
  title: line,
  organisation: v.strictObject({ id: slug, name: line }),
  policy: digest,
  tool: v.pipe(
    v.string(),
    v.regex(/^([0-9a-f]{64}|dev:[0-9a-f]{40})$/, 'Expected a build digest or dev:<commit>'),
  ),
}
const sections = {
  fhe: v.exactOptional(fhe),
  decryptions: v.exactOptional(list(decryption, 100)),
  reshare: v.exactOptional(reshare),
}
const checkpoints = v.strictObject({ live: list(slug, 500) })

const parts = <K extends v.GenericSchema, S extends v.GenericSchema>(kind: K, one: S) =>
  v.pipe(list(v.strictObject({ kind, steps: v.pipe(list(one, 1000), v.minLength(1)) }), 20), v.minLength(1))

const role1 = v.picklist(roles)
const version1 = v.strictObject({
  v: v.literal(1, 'Expected 1 or 2'),
  ...head,
  people: list(v.strictObject({ role: role1, name: line, card: digest }), 200),
  tokens: list(v.strictObject({ role: slug, profile: v.picklist(tokenProfiles), ...token }), 20),
  destinations: list(v.strictObject({ card: digest, transport: digest }), 20),
  keys: list(v.strictObject(key), 500),
  ...sections,
  checkpoints,
  parts: parts(
    v.picklist(partKinds),
    v.strictObject({ id: slug, do: v.picklist(stepKinds), actor: role1, ...step }),
  ),
})

const versionNumber = v.pipe(whole, v.minValue(1), v.maxValue(1_000_000))
const earlierKey = v.strictObject({ bundle: digest, id: slug, version: versionNumber })
const role2 = v.picklist([...roles, 'custodian'])
/** What a family of steps that is newer than version 1 adds stands here. */
const stepKinds2 = [
  ...stepKinds,
  'ask-heartbeats',
  'take-heartbeats',
  'acknowledge-custodian',
  'check-shares',
  'check-medium',
  'ask-shares',
  'give-shares',
  'restore-root',
  'zeroise-root',
  'sign-policy',
  'revoke-keys',
  'decommission-root',
] as const
const partKinds2 = [
  ...partKinds,
  'holder-heartbeat',
  'root-backup',
  'share-check',
  'restore-drill',
  'root-restore',
  'officer-change',
  'kek-rotation',
  'revocation',
  'decommission',
] as const

const version2 = v.strictObject({
  v: v.literal(2),
  ...head,
  people: list(v.strictObject({ role: role2, name: line, card: digest }), 200),
  tokens: list(
    v.strictObject({
      role: slug,
      profile: v.picklist([...tokenProfiles, 'measured']),
      ...token,
      needs: v.exactOptional(list(v.picklist(tokenNeeds), tokenNeeds.length)),
    }),
    20,
  ),
  destinations: list(v.strictObject({ card: digest, transport: v.exactOptional(digest) }), 20),
  keys: list(
    v.strictObject({
      ...key,
      existing: v.exactOptional(
        v.strictObject({
          ...birth,
          possession: v.exactOptional(v.strictObject({ mechanism: line, digest })),
        }),
      ),
      backup: v.exactOptional(v.strictObject({ t: whole, n: whole, custodians: list(line, 64) })),
      spares: v.exactOptional(v.pipe(list(slug, 20), v.minLength(1))),
      version: v.exactOptional(versionNumber),
      replaces: v.exactOptional(earlierKey),
    }),
    500,
  ),
  ...sections,
  heartbeat: v.exactOptional(v.strictObject({ dueDays: whole })),
  recovery: v.exactOptional(
    v.strictObject({
      use: v.picklist(['check', 'drill', 'restore']),
      custodians: list(line, 16),
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
      ...step,
      custodian: v.exactOptional(line),
    }),
  ),
})

/** What each version of a plan may name, in the order in which people choose. */
export const planTerms = {
  1: { roles, stepKinds, partKinds },
  2: { roles: [...roles, 'custodian'], stepKinds: stepKinds2, partKinds: partKinds2 },
} as const satisfies Record<
  Plan['v'],
  { roles: readonly Role[]; stepKinds: readonly StepKind[]; partKinds: readonly PartKind[] }
>
export const keyLevels = key.level.options
export const keyAlgorithms = key.algorithm.options

/** Shape of a plan file, by its version. */
export const planSchemas: Record<Plan['v'], v.GenericSchema<unknown, Plan>> = { 1: version1, 2: version2 }

/** Any value to a plan, or each wrong entry with its path. */
export function shapePlan(
  value: unknown,
): { ok: true; value: Plan } | { ok: false; refusals: PlanRefusal[] } {
  const schema = planSchemas[isOfVersion2(value) ? 2 : 1]
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

/** An entry that version 1 has not and version 2 has. */
function newer(issue: v.BaseIssue<unknown>): string | null {
  const keys = (issue.path ?? []).map((part) => part.key)
  const last = String(keys.at(-1))
  const known = (version: Plan['v']) => knownKeys(planSchemas[version], keys.slice(0, -1)).includes(last)
  if (issue.type !== 'strict_object' || known(1) || !known(2)) return null
  return `${pathText(keys)} stands only in a plan of version 2`
}

function isLikeAPlan(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const known = knownKeys(planSchemas[2], [])
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
export function choicesAt(version: Plan['v'], keys: readonly (string | number)[]): string[] | null {
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
