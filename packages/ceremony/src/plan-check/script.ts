import { utf8 } from '@lux/crypto'
import { tidyText } from '@lux/crypto/text'
import * as v from 'valibot'
import { stringify } from 'yaml'
import { line } from '../documents/format/fields.ts'
import { newest } from '../documents/format/versions.ts'
import type { LintTerms } from '../plan/lint-terms.ts'
import type { Plan } from '../plan/plan.ts'
import { readPlan } from '../plan/read.ts'
import { type PlanRefusal, planRefusal } from '../plan/rules.ts'
import { choicesAt, describeIssue, planTerms } from '../plan/schema.ts'
import { decodeText, parseYaml } from '../plan/yaml-text.ts'
import { stepLints } from '../steps/lint.ts'
import { type StepLint, stepWays } from '../steps/plan-progress.ts'
import { lintPlan } from './lint.ts'

const blankTypes = [
  'text',
  'digest',
  'integer',
  'boolean',
  'names',
  'people',
  'tokens',
  'destinations',
  'keys',
] as const

/** What a blank takes: one value, or a list (`names`: texts; the others: the plan's entries of that name). */
export type BlankType = (typeof blankTypes)[number]

const scriptSchema = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]{0,63}$/)),
  title: line,
  blanks: v.record(
    v.pipe(v.string(), v.regex(/^[a-z][A-Za-z0-9]{0,63}$/)),
    v.strictObject({
      type: v.picklist(blankTypes),
      label: line,
      default: v.exactOptional(v.unknown()),
      /** Values of other blanks without which this one is left out of the plan. */
      only: v.exactOptional(v.record(v.string(), v.unknown())),
    }),
  ),
  rehearsal: v.strictObject({
    officers: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
    witnesses: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
    approvers: v.exactOptional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
    values: v.exactOptional(v.record(v.string(), v.unknown())),
    people: v.array(
      v.strictObject({
        role: v.picklist(planTerms[newest].roles),
        name: line,
      }),
    ),
  }),
})

/**
 * The front section of a script: its blanks, and for a rehearsal without a plan the stand-in people, their counts, and the
 * values of blanks that it takes instead of the defaults, which are those of production.
 */
export type Script = v.InferOutput<typeof scriptSchema> & {
  /** What alone some blanks can be filled with, as the plan's form has it where they stand. */
  choices: Readonly<Record<string, readonly string[]>>
}

export type ScriptValues = Readonly<Record<string, unknown>>

type Made<T> = { ok: true; value: T } | { ok: false; refusals: PlanRefusal[] }

/** Reads a script file's front section. */
export function readScript(bytes: Uint8Array): Made<Script> {
  const parts = split(bytes)
  if (!parts.ok) return parts
  const { script, body } = parts.value
  const choices: Record<string, readonly string[]> = {}
  eachBlank(body, [], (name, keys, holder) => {
    // The form of a step has every voucher and every way of a PIN in one entry: its kind says which are meant.
    const known = keys.at(-1) === 'by' ? waysOf(holder) : choicesAt(newest, keys)
    if (known !== null) choices[name] = known
  })
  return { ok: true, value: { ...script, choices } }
}

/**
 * Fills a script's blanks and gives the text of a plan: a blank is a whole value `{{name}}`. PLAN-04 for a value that
 * is missing, unknown, of the wrong type, or a blank that is not declared. The text is read again as a plan.
 */
export function instantiateScript(bytes: Uint8Array, values: ScriptValues): Made<string> {
  const parts = split(bytes)
  if (!parts.ok) return parts
  const { script, body } = parts.value
  const refusals: PlanRefusal[] = []
  const refuse = (detail: string) => refusals.push(planRefusal('PLAN-04', '', detail))
  for (const name of Object.keys(values))
    if (!Object.hasOwn(script.blanks, name))
      refuse(`${name} is not a blank of the script; it has ${Object.keys(script.blanks).join(', ')}`)
  const filled = new Map<string, unknown>()
  const chosen = (name: string) => (Object.hasOwn(values, name) ? values[name] : script.blanks[name]?.default)
  for (const [name, blank] of Object.entries(script.blanks)) {
    const given = chosen(name)
    const [missed] = Object.entries(blank.only ?? {}).filter(([other, wanted]) => chosen(other) !== wanted)
    if (missed !== undefined) {
      // A form sends every value: the default is no choice of anybody.
      if (given !== blank.default) refuse(`${name} (${blank.label}) counts only with ${missed.join('=')}`)
    } else if (given === undefined) refuse(`${name} (${blank.label}) has no value`)
    else if (!fits(blank.type, given)) refuse(`${name} (${blank.label}) is not ${blank.type}`)
    else filled.set(name, typeof given === 'string' ? tidyText(given) : given)
  }
  const plan = fill(body, (name) => {
    if (!Object.hasOwn(script.blanks, name)) refuse(`the blank ${name} is not declared in the script`)
    return filled.get(name)
  })
  if (refusals.length > 0) return { ok: false, refusals }
  // A script of before makes plans of today.
  const made = typeof plan === 'object' && plan !== null ? { ...plan, v: newest } : plan
  // Line width 0: a folded line would change how the file looks in review, not what it says.
  const text = stringify(made, { version: '1.2', schema: 'core', lineWidth: 0, aliasDuplicateObjects: false })
  const read = readPlan(utf8(text))
  return read.ok ? { ok: true, value: text } : read
}

/** As `instantiateScript`, and the plan must lint too, under the policy’s counts where there is one. */
export function planFromScript(
  bytes: Uint8Array,
  values: ScriptValues,
  terms?: LintTerms,
): Made<{ text: string; plan: Plan; hash: string }> {
  const made = instantiateScript(bytes, values)
  if (!made.ok) return made
  const read = readPlan(utf8(made.value))
  if (!read.ok) return read
  const refusals = lintPlan(read.plan, terms)
  if (refusals.length > 0) return { ok: false, refusals }
  return { ok: true, value: { text: made.value, plan: read.plan, hash: read.hash } }
}

/** A file of values for a script's blanks: a YAML map, as strict as a plan. PLAN-01, PLAN-02 or PLAN-04. */
export function parseValues(bytes: Uint8Array): Made<ScriptValues> {
  const text = decodeText(bytes)
  if (!text.ok) return text
  const yaml = parseYaml(text.value)
  if (!yaml.ok) return yaml
  const { value } = yaml
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return { ok: true, value: Object.fromEntries(Object.entries(value)) }
  return {
    ok: false,
    refusals: [planRefusal('PLAN-04', '', 'the file of values is no map of names to values')],
  }
}

function split(bytes: Uint8Array): Made<{ script: v.InferOutput<typeof scriptSchema>; body: unknown }> {
  const text = decodeText(bytes)
  if (!text.ok) return text
  const yaml = parseYaml(text.value)
  if (!yaml.ok) return yaml
  if (typeof yaml.value !== 'object' || yaml.value === null || !('script' in yaml.value))
    return { ok: false, refusals: [planRefusal('PLAN-04', '', 'the file has no script section')] }
  const { script, ...body } = yaml.value
  const parsed = v.safeParse(scriptSchema, script)
  if (parsed.success) return { ok: true, value: { script: parsed.output, body } }
  const refusals = parsed.issues.map((issue) =>
    planRefusal('PLAN-04', '', `script: ${describeIssue(scriptSchema, issue)}`),
  )
  return { ok: false, refusals }
}

function fits(type: BlankType, value: unknown): boolean {
  switch (type) {
    case 'text':
      return typeof value === 'string' && value.length > 0
    case 'digest':
      return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
    case 'integer':
      return Number.isSafeInteger(value)
    case 'boolean':
      return typeof value === 'boolean'
    case 'names':
      return Array.isArray(value) && value.every((item) => typeof item === 'string')
    case 'people':
    case 'tokens':
    case 'destinations':
    case 'keys':
      return Array.isArray(value) && value.every((item) => typeof item === 'object' && item !== null)
  }
}

function waysOf(step: object): string[] | null {
  const kind = 'do' in step ? planTerms[2].stepKinds.find((one) => one === step.do) : undefined
  if (kind === undefined) return null
  const { uses }: StepLint = stepLints[kind]
  return uses?.by === undefined ? null : [...stepWays[uses.by]]
}

type Keys = readonly (string | number)[]

/** Every blank of plain YAML values, where it stands and what it stands in. */
function eachBlank(
  value: unknown,
  keys: Keys,
  seen: (name: string, keys: Keys, holder: object) => void,
): void {
  if (typeof value !== 'object' || value === null) return
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? value.map((item, at) => [at, item])
    : Object.entries(value)
  for (const [key, item] of entries) {
    const name = typeof item === 'string' ? blank.exec(item)?.[1] : undefined
    if (name === undefined) eachBlank(item, [...keys, key], seen)
    else seen(name, [...keys, key], value)
  }
}

const blank = /^\{\{([A-Za-z0-9]+)\}\}$/

/** A copy of plain YAML values with every blank replaced; an absent value leaves its key out. */
function fill(value: unknown, filledIn: (name: string) => unknown): unknown {
  if (typeof value === 'string') {
    const name = blank.exec(value)?.[1]
    return name === undefined ? value : filledIn(name)
  }
  if (Array.isArray(value)) return value.map((item) => fill(item, filledIn))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, filledIn)]))
}
