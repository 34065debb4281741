import { join } from 'node:path'
import { type Plan, readScript, rolesMissing, type Script, tokenNeeds, warnPlan } from '@lux/ceremony/plan'
import type { SignatureRequest } from '@lux/ceremony/wire'
import { utf8 } from '@lux/crypto'
import { HsmError } from '@lux/hsm'
import { ExpectedError } from '@lux/node-files'
import { planApprovalRequest, type RehearsedPlan } from '@lux/people'
import type { Field, PersonRole, SetupFault } from '../../../contract/index.ts'
import { bundleFile } from '../../runs/effects/sealing/bundle.ts'
import { isRehearsed } from '../../runs/effects/token/token-login.ts'
import {
  elsewhere,
  type MadePlan,
  makePlan,
  plannedServer,
  rehearsedIn,
  typedValues,
} from '../../use-cases/make-plan.ts'
import { scriptBytes } from '../scripts/own-scripts.ts'
import type { ServiceContext } from '../shared/service-context.ts'
import { rehearsedSerials, requireUnrehearsed } from '../tokens/rehearsed-tokens.ts'
import { policyFaults, policyOf } from './setup-policy.ts'
import type { Setup } from './setup-state.ts'

/** Blanks that no screen asks for: they follow from the people, the policy and this machine. */
const followed = new Set([
  'policy',
  'tool',
  'people',
  'library',
  'destinations',
  'organisationId',
  'organisationName',
  'holders',
  'n',
])

export type SetupPlan = {
  made: MadePlan | null
  script: Script | null
  fields: Field[]
  rolesMissing: PersonRole[]
  faults: SetupFault[]
  warnings: SetupFault[]
}

const none: SetupPlan = { made: null, script: null, fields: [], rolesMissing: [], faults: [], warnings: [] }

/** The plan that the chosen script becomes with these people under this policy, or why it becomes none. */
export async function planOf(parts: ServiceContext, setup: Setup): Promise<SetupPlan> {
  const bytes = setup.script === null ? null : scriptBytes(parts, setup.script)
  if (bytes === null) return none
  const script = readScript(bytes)
  if (!script.ok) return { ...none, faults: script.refusals.map(faultOf) }
  const fields = await fieldsOf(parts, script.value, setup)
  const missing = rolesMissing(script.value, setup.cards)
  const seen = { ...none, script: script.value, fields, rolesMissing: missing }
  // Nothing is wrong with what nobody has answered yet: the screen says what is missing.
  const unanswered = fields.some(
    ({ name, optional, initial }) => optional !== true && (setup.values[name] ?? initial ?? '') === '',
  )
  if (unanswered) return seen
  const policy = policyOf(parts, setup)
  const [unsound] = policyFaults(setup, policy)
  if (unsound !== undefined) return { ...seen, faults: [unsound] }
  const { build } = parts.program.measurement
  if (!policy.acceptedTools.includes(build)) {
    const detail = `the policy does not list this build, ${build}`
    return { ...seen, faults: [{ code: 'TOOL-UNACCEPTED', step: '', detail }] }
  }
  const library = libraryOf(parts)
  if (!library.ok) return { ...seen, faults: [library.fault] }
  const made = makePlan({
    script: bytes,
    people: setup.cards,
    servers: setup.servers.map(({ name, card, transport }) => plannedServer(card, transport, name)),
    policy,
    library: library.sha256,
    build,
    values: {
      ...(setup.domain === 'rehearsal' ? rehearsedValues(script.value) : {}),
      ...holdersOf(script.value, setup),
      ...typedValues(script.value, filled(script.value, setup)),
    },
  })
  if (!made.ok) return { ...seen, faults: planFaults(made.refusals, setup.servers) }
  const rehearsed = setup.domain === 'production' ? await rehearsedFault(parts, made.value.plan) : null
  if (rehearsed !== null) return { ...seen, faults: [rehearsed] }
  return { ...seen, made: made.value, warnings: warnPlan(made.value.plan).map(faultOf) }
}

async function rehearsedFault(parts: ServiceContext, plan: Plan): Promise<SetupFault | null> {
  try {
    await requireUnrehearsed(parts, plan)
    return null
  } catch (error) {
    if (!(error instanceof ExpectedError) && !(error instanceof HsmError)) throw error
    return { code: error.code, step: '', detail: error.detail }
  }
}

/** What was typed into the script's own fields; a field that was left empty takes its default. */
function filled({ blanks, title }: Script, { values, title: own }: Setup): Record<string, string> {
  const typed = Object.entries(values).filter(
    ([id, value]) => value !== '' && Object.hasOwn(blanks, id) && !followed.has(id),
  )
  return { ...(Object.hasOwn(blanks, 'title') ? { title: own || title } : {}), ...Object.fromEntries(typed) }
}

/** What a rehearsal of the script fills in by itself: a squashing key takes minutes. */
function rehearsedValues({ rehearsal, blanks }: Script): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(rehearsal.values ?? {}).filter(([id]) => Object.hasOwn(blanks, id) && !followed.has(id)),
  )
}

function holdersOf({ blanks }: Script, { cards }: Setup): Record<string, unknown> {
  const names = cards.filter(({ kind }) => kind === 'holder').map(({ name }) => name)
  return {
    ...(Object.hasOwn(blanks, 'holders') ? { holders: [...new Set(names)] } : {}),
    ...(Object.hasOwn(blanks, 'n') ? { n: new Set(names).size } : {}),
  }
}

async function fieldsOf(parts: ServiceContext, script: Script, { domain }: Setup): Promise<Field[]> {
  const { blanks } = script
  const rehearsed = domain === 'rehearsal' ? rehearsedValues(script) : {}
  const types: Partial<Record<Script['blanks'][string]['type'], Field['type']>> = {
    text: 'text',
    digest: 'text',
    names: 'text',
    integer: 'integer',
    boolean: 'flag',
  }
  const tokens = await tokensOf(parts, domain)
  return Object.entries(blanks).flatMap(([id, blank]): Field[] => {
    const type = types[blank.type]
    if (type === undefined || followed.has(id) || id === 'title') return []
    const own = rehearsed[id] ?? blank.default
    const initial = own === undefined ? {} : { initial: String(own) }
    const known = script.choices[id]
    const isSerial = known === undefined && /serial$/i.test(id)
    const isNeeds = blank.type === 'names' && /needs$/i.test(id)
    const choices = isNeeds
      ? [...tokenNeeds]
      : known !== undefined
        ? [...known]
        : isSerial
          ? tokens.map(({ serial }) => serial)
          : undefined
    return [
      {
        name: id,
        type: choices === undefined ? type : isNeeds ? 'several' : 'choice',
        label: blank.label,
        ...(blank.only === undefined
          ? {}
          : {
              only: Object.fromEntries(Object.entries(blank.only).map(([of, value]) => [of, String(value)])),
            }),
        ...(choices === undefined ? {} : { choices }),
        ...(isSerial ? { tokens } : {}),
        ...initial,
        ...(own === undefined && blank.only === undefined ? {} : { optional: true }),
      },
    ]
  })
}

/** The tokens that a plan can name: in production none that a rehearsal made. */
async function tokensOf(
  parts: ServiceContext,
  domain: Setup['domain'],
): Promise<NonNullable<Field['tokens']>> {
  try {
    const tokens = (await parts.hsm().tokens()).filter(({ initialised }) => initialised)
    const rehearsed = domain === 'production' ? rehearsedSerials(parts) : new Set<string>()
    return tokens
      .filter((token) => domain !== 'production' || !isRehearsed(token, rehearsed))
      .map(({ serial, label, slot }) => ({ serial, label, slot }))
  } catch (error) {
    if (error instanceof HsmError) return []
    throw error
  }
}

function libraryOf({ hsm }: ServiceContext): { ok: true; sha256: string } | { ok: false; fault: SetupFault } {
  try {
    return { ok: true, sha256: hsm().library.sha256 }
  } catch (error) {
    if (!(error instanceof HsmError)) throw error
    return { ok: false, fault: { code: error.code, step: '', detail: error.detail } }
  }
}

/** A server that came without its transport file is listed and receives no root: that is the cure, whatever else the rule offers. */
export function planFaults(
  refusals: readonly { rule: string; step: string; detail: string }[],
  servers: readonly Pick<Setup['servers'][number], 'name' | 'transport'>[],
): SetupFault[] {
  const bare = servers.filter(({ transport }) => transport === null).map(({ name }) => name)
  return refusals.map((refusal) =>
    refusal.rule === 'PLAN-32' && bare.length > 0
      ? { code: 'SETUP-TRANSPORT', step: '', detail: bare.join(', ') }
      : faultOf(refusal),
  )
}

function faultOf({ rule, step, detail }: { rule: string; step: string; detail: string }): SetupFault {
  return { code: rule, step, detail }
}

/** By what they depend on, and that is content: one answer never changes. */
const seen = new Map<string, RehearsedPlan>()

/** What officers approve of this plan; null before a rehearsal of it, or of an earlier one, is sealed. Errors: REHEARSAL-…. */
export async function rehearsedOf(
  { runs }: ServiceContext,
  { rehearsal }: Setup,
  { made }: SetupPlan,
): Promise<RehearsedPlan | null> {
  if (rehearsal === null || made === null) return null
  const { folder } = runs.get(rehearsal).run
  const { bundle } = folder.state
  if (bundle?.sha256 == null) return null
  const key = `${made.hash} ${bundle.digest}`
  const known = seen.get(key)
  if (known !== undefined) return known
  const looked = await rehearsedIn(join(folder.path, bundleFile), made)
  if (!looked.ok) return null
  seen.set(key, looked.value)
  return looked.value
}

/** The request that each officer is shown and signs. */
export function approvalRequest(rehearsed: RehearsedPlan, { made }: SetupPlan): SignatureRequest {
  return planApprovalRequest(rehearsed, {
    bytes: utf8(made?.text ?? ''),
    title: made?.plan.title ?? '',
    warnings: made === null ? [] : [...warnPlan(made.plan), ...elsewhere(made.plan, rehearsed.ran)],
  })
}

/** What the plan warns of: by itself, and by where it was rehearsed. */
export function warningsOf({ made, warnings }: SetupPlan, rehearsed: RehearsedPlan | null): SetupFault[] {
  if (made === null || rehearsed === null) return warnings
  return [...warnings, ...elsewhere(made.plan, rehearsed.ran).map(faultOf)]
}
