import { sha256Hex, utf8 } from '@lux/crypto'
import * as v from 'valibot'
import { stringify } from 'yaml'
import { newest, version } from '../documents/format/versions.ts'
import type { AskedValue, PartKind, Plan, PlannedKey, Role, StepKind } from '../plan/plan.ts'
import { type PlanRefusal, planRefusal } from '../plan/rules.ts'
import { decodeText, parseYaml } from '../plan/yaml-text.ts'
import { readScript } from '../plan-check/script.ts'

/** A step as a script has it: any text may be a blank, `{{name}}`. */
export type DraftStep = {
  id: string
  do: StepKind
  actor: Role
  textKey: string
  text: string
  token?: string | undefined
  key?: string | undefined
  holder?: string | undefined
  custodian?: string | undefined
  decryption?: string | undefined
  values?: AskedValue[] | undefined
  when?: string | undefined
  by?: string | undefined
}
export type DraftPart = { kind: PartKind; steps: DraftStep[] }
export type DraftKey = Pick<PlannedKey, 'id' | 'level' | 'name' | 'algorithm'> & {
  parent?: string | undefined
  [entry: string]: unknown
}

/** A script that is being made: what its file will say. Sections that nothing here edits stay as they were read. */
export type ScriptDraft = {
  script: { id: string; title: string; [entry: string]: unknown }
  v: Plan['v']
  keys: DraftKey[]
  checkpoints: { live: string[] }
  parts: DraftPart[]
  [section: string]: unknown
}

type Made<T> = { ok: true; value: T } | { ok: false; refusals: PlanRefusal[] }

const o = v.exactOptional
const text = v.string()
const shape = v.looseObject({
  script: v.looseObject({ id: text, title: text }),
  v: version,
  keys: v.array(v.looseObject({ id: text, level: text, name: text, algorithm: text, parent: o(text) })),
  checkpoints: v.strictObject({ live: v.array(text) }),
  parts: v.array(
    v.strictObject({
      kind: text,
      steps: v.array(
        v.strictObject({
          id: text,
          do: text,
          actor: text,
          textKey: text,
          text,
          token: o(text),
          key: o(text),
          holder: o(text),
          custodian: o(text),
          decryption: o(text),
          when: o(text),
          by: o(text),
          values: o(v.array(v.strictObject({ id: text, label: text, format: o(text) }))),
        }),
      ),
    }),
  ),
})

/** A script file as a draft. Refuses what `readScript` refuses, and PLAN-03 where its parts are no parts. */
export function readDraft(bytes: Uint8Array): Made<ScriptDraft> {
  const script = readScript(bytes)
  if (!script.ok) return script
  const decoded = decodeText(bytes)
  if (!decoded.ok) return decoded
  const yaml = parseYaml(decoded.value)
  if (!yaml.ok) return yaml
  const read = v.safeParse(shape, yaml.value)
  // Kinds and roles are the linter's to refuse: a draft may be wrong.
  if (read.success) return { ok: true, value: read.output as ScriptDraft }
  return {
    ok: false,
    refusals: [planRefusal('PLAN-03', '', `${v.getDotPath(read.issues[0])} is no script’s`)],
  }
}

/** Whether it has the form of a draft, as one that was stored has. */
export function isDraft(value: unknown): value is ScriptDraft {
  return v.is(shape, value)
}

/** The file of a draft, always the same bytes for the same draft. */
export function draftText(draft: ScriptDraft): string {
  return stringify(draft, { version: '1.2', schema: 'core', lineWidth: 0, aliasDuplicateObjects: false })
}

/** SHA-256 of the script's file. */
export function draftHash(draft: ScriptDraft): string {
  return sha256Hex(utf8(draftText(draft)))
}

/** A copy under a name of its own: texts of the shipped script it came from are no longer about it. */
export function named(draft: ScriptDraft, title: string): ScriptDraft {
  const slug = title
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  return { ...draft, script: { ...draft.script, id: `own-${slug || 'script'}`.slice(0, 64), title } }
}

/** The least from which a script grows: an initialised token, people, and their roll call. */
export function emptyDraft(title: string): ScriptDraft {
  const blank = (type: string, label: string, preset?: unknown) => ({
    type,
    label,
    ...(preset === undefined ? {} : { default: preset }),
  })
  return named(
    {
      script: {
        id: 'own',
        title,
        blanks: {
          title: blank('text', 'Title of the ceremony'),
          organisationId: blank('text', 'Organisation ID', 'example'),
          organisationName: blank('text', 'Organisation name', 'Example Organisation'),
          policy: blank('digest', 'Digest of the policy'),
          tool: blank('text', 'Accepted build of the tool'),
          people: blank('people', 'People: role, name, card digest'),
          profile: blank('text', 'Profile of the ceremony token', 'softhsm'),
          library: blank('digest', 'SHA-256 of the token’s library'),
          serial: blank('text', 'Serial of the ceremony token'),
          destinations: blank('destinations', 'Servers that receive the bundle', []),
        },
        rehearsal: {
          officers: 2,
          witnesses: 2,
          people: [
            { role: 'administrator', name: 'Administrator' },
            { role: 'operator', name: 'Operator' },
            { role: 'officer', name: 'Officer One' },
            { role: 'officer', name: 'Officer Two' },
            { role: 'officer', name: 'Officer Three' },
            { role: 'witness', name: 'Witness One' },
            { role: 'witness', name: 'Witness Two' },
          ],
        },
      },
      v: newest,
      title: '{{title}}',
      organisation: { id: '{{organisationId}}', name: '{{organisationName}}' },
      policy: '{{policy}}',
      tool: '{{tool}}',
      people: '{{people}}',
      tokens: [{ role: 'ceremony', profile: '{{profile}}', library: '{{library}}', serial: '{{serial}}' }],
      destinations: '{{destinations}}',
      keys: [],
      checkpoints: { live: [] },
      parts: [
        {
          kind: 'token-initialisation',
          steps: [
            {
              id: 'roll-call',
              do: 'roll-call',
              actor: 'administrator',
              textKey: 'script.step.roll-call',
              text: 'Call the roll. Everyone shows an identity document and says their name and role.',
            },
          ],
        },
      ],
    },
    title,
  )
}
