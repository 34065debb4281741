import { bundles, people } from './bundles.ts'
import { ceremonies } from './ceremonies.ts'
import { fieldFault, type ValueOf } from './fields.ts'
import { program } from './program.ts'
import { scripts, setups } from './setups.ts'
import { shell } from './shell.ts'
import { tokens } from './tokens.ts'
import type { UseCase } from './use-case.ts'

export type { TranscriptFilter } from './bundles.ts'
export { fieldFault, group, type ValueOf } from './fields.ts'
export { type Settings, settingFields } from './program.ts'
export type { DraftEdit, SetupChange } from './setups.ts'
export type { Caller, UseCase } from './use-case.ts'

/** Served by core. Every `path`, `folder`, `plan`, `lock` and `policy` of an input was chosen in a dialog of main's first. */
const ofCore = {
  ...program,
  ...tokens,
  ...ceremonies,
  ...scripts,
  ...setups,
  ...people,
  ...bundles,
} as const

/** All that the workstation does for people, each said once; `shell.` is served by main itself. */
export const useCases = { ...ofCore, ...shell } as const satisfies Readonly<
  Record<string, UseCase<unknown, unknown>>
>

export type CoreUseCase = keyof typeof ofCore
export type ShellUseCase = keyof typeof shell
export type UseCaseName = keyof typeof useCases
export type InputOf<N extends UseCaseName> = ValueOf<(typeof useCases)[N]['input']>
export type OutputOf<N extends UseCaseName> = NonNullable<(typeof useCases)[N]['output']>

/** What runs each of them, by name; `Context` is what whoever serves them has at hand. */
export type RunsOf<N extends UseCaseName, Context> = {
  readonly [K in N]: (context: Context, input: InputOf<K>) => OutputOf<K> | Promise<OutputOf<K>>
}

/** A call of core, its input as its use case has it. */
export type Asked<N extends CoreUseCase = CoreUseCase> = { [K in N]: { name: K; input: InputOf<K> } }[N]

export const isOfCore = (name: string): name is CoreUseCase => Object.hasOwn(ofCore, name)
export const isOfMain = (name: string): name is ShellUseCase => Object.hasOwn(shell, name)

/** Why nobody may call it so: null where they may. It names the field and never its value. */
export function inputFault(name: UseCaseName, input: unknown): string | null {
  const fault = fieldFault(useCases[name].input, input)
  return fault === '' ? 'the call’s input has the wrong shape' : fault
}
