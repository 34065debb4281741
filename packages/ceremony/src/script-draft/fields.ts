import type { Role, StepKind } from '../plan/plan.ts'
import { keyAlgorithms, keyLevels, planTerms } from '../plan/schema.ts'
import { stepLints } from '../steps/lint.ts'
import { type StepLint, stepWays } from '../steps/plan-progress.ts'
import type { DraftKey, DraftStep, ScriptDraft } from './draft.ts'

/** One entry of a step or a key as a form asks for it. `lines`: several texts, one a line. */
export type DraftField = {
  entry: string
  type: 'text' | 'long' | 'lines' | 'choice'
  value: string
  /** What can be chosen; a blank of the script stays a choice where it stands. */
  choices?: string[]
  /** It may be left empty. */
  optional: boolean
}

/** Every step has these. */
const common = ['id', 'actor', 'text'] as const
const optionalUses = ['token', 'key', 'holder', 'custodian', 'decryption', 'when', 'by', 'values'] as const

/** Entries that a step of that kind can have, as its family says. */
export function stepEntries(kind: StepKind): string[] {
  const { uses }: StepLint = stepLints[kind] ?? {}
  return [...common, ...optionalUses.filter((one) => uses?.[one] !== undefined)]
}

/** The form of a step: what its family uses, with what the script has to choose from. */
export function stepFields(draft: ScriptDraft, step: DraftStep): DraftField[] {
  const { uses = {} }: StepLint = stepLints[step.do] ?? {}
  const choices: Partial<Record<string, readonly string[]>> = {
    actor: planTerms[draft.v].roles,
    token: rolesOfTokens(draft),
    key: draft.keys.map(({ id }) => id),
    holder: namesOf(draft, 'holder'),
    custodian: namesOf(draft, 'custodian'),
    decryption: idsOf(draft.decryptions),
    when: ['opening', 'closing'],
    by: stepWays[uses.by ?? 'person'],
  }
  return stepEntries(step.do).map((entry): DraftField => {
    if (entry === 'values') {
      const value = (step.values ?? []).map(({ label }) => label).join('\n')
      return { entry, type: 'lines', value, optional: true }
    }
    const value = String(Object.entries(step).find(([name]) => name === entry)?.[1] ?? '')
    const known = choices[entry]
    if (known === undefined)
      return { entry, type: entry === 'text' ? 'long' : 'text', value, optional: false }
    return choice(entry, value, known, entry !== 'actor')
  })
}

export const keyEntries = ['id', 'name', 'level', 'algorithm', 'parent'] as const

/** The form of a key that the script makes. */
export function keyFields({ keys }: ScriptDraft, key: DraftKey): DraftField[] {
  const others = keys.filter(({ id }) => id !== key.id).map(({ id }) => id)
  return [
    { entry: 'id', type: 'text', value: key.id, optional: false },
    { entry: 'name', type: 'text', value: key.name, optional: false },
    choice('level', key.level, keyLevels, false),
    choice('algorithm', key.algorithm, keyAlgorithms, false),
    choice('parent', key.parent ?? '', others, true),
  ]
}

/** Whether witnesses can be asked to cosign after a step of that kind. */
export function makesCheckpoint(kind: StepKind): boolean {
  const lint: StepLint = stepLints[kind] ?? {}
  return lint.checkpoint === true
}

function choice(entry: string, value: string, known: readonly string[], optional: boolean): DraftField {
  const choices = value === '' || known.includes(value) ? [...known] : [...known, value]
  return { entry, type: 'choice', value, choices, optional }
}

function idsOf(section: unknown, of = 'id'): string[] {
  if (!Array.isArray(section)) return []
  return section.flatMap((one: unknown) =>
    typeof one === 'object' && one !== null
      ? textsOf(Object.entries(one).find(([name]) => name === of)?.[1])
      : [],
  )
}

const textsOf = (value: unknown): string[] => (typeof value === 'string' ? [value] : [])

function rolesOfTokens({ tokens }: ScriptDraft): string[] {
  const roles = idsOf(tokens, 'role')
  return roles.length === 0 ? ['ceremony'] : roles
}

function namesOf({ script }: ScriptDraft, role: Role): string[] {
  const { rehearsal } = script
  const people: unknown =
    typeof rehearsal === 'object' && rehearsal !== null && 'people' in rehearsal ? rehearsal.people : []
  if (!Array.isArray(people)) return []
  return idsOf(
    people.filter(
      (one: unknown) => typeof one === 'object' && one !== null && 'role' in one && one.role === role,
    ),
    'name',
  )
}
