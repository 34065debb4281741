import * as v from 'valibot'
import { anyCkaId } from '../documents/ceremony/key-statement.ts'
import { unsigned32 } from '../documents/format/fhe-fields.ts'
import { hex16, line, remark } from '../documents/format/fields.ts'
import { issueText, keyName } from '../documents/format/issue-text.ts'
import type { Plan } from './plan.ts'
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

const role = v.picklist([
  'administrator',
  'operator',
  'so',
  'officer',
  'holder',
  'approver',
  'witness',
  'recorder',
])

const person = v.strictObject({ role, name: line, card: digest })

const token = v.strictObject({
  role: slug,
  profile: v.picklist(tokenProfiles),
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

const key = v.strictObject({
  id: slug,
  level: v.picklist(['root', 'organisation', 'project', 'data']),
  name: line,
  algorithm: v.picklist(['AES-128', 'AES-256', 'RSA-2048', 'RSA-4096', 'EC-P256', 'EC-P384']),
  parent: v.exactOptional(slug),
  replication: v.exactOptional(v.picklist(['trusted-window', 'vendor-clone', 'vendor-wrap', 'none'])),
  existing: v.exactOptional(v.strictObject({ ckaId: hex16, rootId: hex16, ceremonyId: hex16 })),
})

const fhe = v.strictObject({
  id: slug,
  type: v.picklist(['TFHE_INTEGER', 'TFHE_BINARY']),
  mode: v.picklist(['S', 'F']),
  squash: v.boolean(),
  inputs: v.picklist(['signed', 'proven']),
  proofBits: v.exactOptional(v.pipe(v.number(), v.safeInteger())),
  t: v.pipe(v.number(), v.safeInteger()),
  n: v.pipe(v.number(), v.safeInteger()),
  holders: list(line, 64),
  existing: v.exactOptional(
    v.strictObject({ keyId: digest, epochId: digest, epoch: unsigned32, public: digest }),
  ),
})

const decryption = v.strictObject({
  id: slug,
  what: line,
  answers: v.pipe(v.number(), v.safeInteger()),
  canary: v.exactOptional(v.boolean()),
})

const reshare = v.strictObject({
  kind: v.picklist(['reshare', 'refresh', 'remove']),
  t: v.pipe(v.number(), v.safeInteger()),
  n: v.pipe(v.number(), v.safeInteger()),
  holders: list(line, 64),
  dealers: list(line, 64),
})

const step = v.strictObject({
  id: slug,
  do: v.picklist([
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
  ]),
  actor: role,
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

/** Shape of a plan file. */
export const planSchema = v.strictObject({
  v: v.literal(1),
  title: line,
  organisation: v.strictObject({ id: slug, name: line }),
  policy: digest,
  tool: v.pipe(
    v.string(),
    v.regex(/^([0-9a-f]{64}|dev:[0-9a-f]{40})$/, 'Expected a build digest or dev:<commit>'),
  ),
  people: list(person, 200),
  tokens: list(token, 20),
  destinations: list(v.strictObject({ card: digest, transport: digest }), 20),
  keys: list(key, 500),
  fhe: v.exactOptional(fhe),
  decryptions: v.exactOptional(list(decryption, 100)),
  reshare: v.exactOptional(reshare),
  checkpoints: v.strictObject({ live: list(slug, 500) }),
  parts: v.pipe(
    list(
      v.strictObject({
        kind: v.picklist([
          'token-initialisation',
          'root-kek',
          'key-hierarchy',
          'replication',
          'threshold-fhe',
          'threshold-decryption',
          'resharing',
          'bundle-export',
        ]),
        steps: v.pipe(list(step, 1000), v.minLength(1)),
      }),
      20,
    ),
    v.minLength(1),
  ),
})

/** Any value to a plan, or each wrong entry with its path. */
export function shapePlan(
  value: unknown,
): { ok: true; value: Plan } | { ok: false; refusals: PlanRefusal[] } {
  const parsed = v.safeParse(planSchema, value)
  if (parsed.success) return { ok: true, value: parsed.output }
  if (!isLikeAPlan(value))
    return {
      ok: false,
      refusals: [planRefusal('PLAN-03', '', 'the file holds none of the entries of a plan')],
    }
  return {
    ok: false,
    refusals: parsed.issues.map((issue) => planRefusal('PLAN-03', '', describeIssue(planSchema, issue))),
  }
}

function isLikeAPlan(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const known = knownKeys(planSchema, [])
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

type Walk = { entries?: Record<string, Walk>; item?: Walk; wrapped?: Walk; pipe?: readonly Walk[] }

function knownKeys(schema: v.GenericSchema, keys: readonly unknown[]): string[] {
  // Every valibot schema carries its parts under these names; a name that a schema lacks reads as undefined.
  let at = unwrap(schema as Walk)
  for (const key of keys) at = unwrap(typeof key === 'number' ? at?.item : at?.entries?.[String(key)])
  return Object.keys(at?.entries ?? {})
}

function unwrap(schema: Walk | undefined): Walk | undefined {
  return schema?.wrapped === undefined ? schema : unwrap(schema.wrapped)
}
