import type { ErrorCode } from '../codes.ts'
import { type Field, type GroupOf, group } from './fields.ts'

/** Who calls: the window of a store, or that of a training store. */
export type Caller = 'window' | 'training window'

/** One thing that the workstation does for people. What runs it is bound by its name: in core, `shell.` in main. */
export type UseCase<Input, Output> = {
  readonly input: Field<Input>
  readonly callers: readonly Caller[]
  /** Milliseconds; null where it shows its progress and ends by Cancel. */
  readonly limit: number | null
  /** Codes that it may answer with, beyond those of any call. */
  readonly errors: readonly ErrorCode[]
  readonly output?: Output
}

type Told<Fields extends Readonly<Record<string, Field<unknown>>>, Output> = {
  input?: Fields
  gives: Gives<Output>
  callers?: readonly Caller[]
  limit?: number | null
  errors?: readonly ErrorCode[]
}

type Gives<Output> = { readonly output?: Output }
/** The type of what comes back; it has no value. */
export const gives = <Output>(): Gives<Output> => ({})

const everybody: readonly Caller[] = ['window', 'training window']
const atOnceMs = 30_000

export function entry<
  const Fields extends Readonly<Record<string, Field<unknown>>> = Record<never, never>,
  Output = never,
>({
  input,
  callers = everybody,
  limit = atOnceMs,
  errors = [],
}: Told<Fields, Output>): UseCase<GroupOf<Fields>, Output> {
  // A use case that names no field has none.
  const fields = input ?? ({} as Fields)
  return Object.freeze({ input: group(fields), callers, limit, errors })
}
