import type { Governed, Placed } from '../access/appointing.ts'
import type { Action, Resource } from '../access/authorize.ts'
import { nobody, type Touch } from '../access/duties/rules.ts'
import { maxOffset, maxPage, type Page } from '../access/page.ts'
import type { Call, Subject } from '../audit/record.ts'
import { replyWithin } from '../platform/in-time.ts'
import { accept, type Outcome, type Refusal } from '../refusal.ts'
import { type Static, type TObject, type TProperties, type TSchema, Type } from './schema.ts'

/** An action on a resource. `key`: what the audit enters, and what an approval is for. */
export type Acting = {
  readonly action: Action
  readonly resource: Resource
  readonly key: string | null
  /** What the audit enters of a version, whatever comes of it. */
  readonly version?: number
  /** People approve it in an operation of its own, which is part of this one. */
  readonly byItself?: true
}
/** A role that is the caller's to give. */
export type Giving = { readonly gives: Placed }
/** An identity that the caller may appoint to all that it is; `orOwn`: or it is he himself. */
export type Governing = { readonly governs: Governed; readonly orOwn?: true }
/** What is these identities' own, whatever their roles. `at`: where it is entered. */
export type Own = {
  readonly own: readonly string[]
  readonly at?: {
    readonly organisation: string | null
    readonly project: string | null
    readonly key: string | null
  }
}

/** The first of these that the caller has; entered by the first. */
export type Either = { readonly either: readonly Permission[] }

/** One question of permission (`permit`). `unseen`: the words for what the caller may not see, where it has its own. */
export type Permission = (Acting | Giving | Governing | Own | Either) & { readonly unseen?: Refusal }

/** `for-caller`: what was found is the caller's own, or what his grants show him; nothing else is asked. */
export type Asked = Permission | Refusal | 'for-caller'

/** What an operation works on. `subject`: where it enters the version that it used. */
export type Work<Input, Found, Fitting> = {
  readonly input: Input
  readonly found: Found
  readonly fitting: Fitting
  readonly call: Call
  readonly subject: Subject
}

type Before<Input, Found> = Omit<Work<Input, Found, never>, 'fitting'>

/** One operation of the server: all that its doors, its approvers and its audit know of it. Nothing may be left out. */
type Written<Fields extends TProperties, Input, Found, Fitting, Output> = {
  /** By which the audit and conditions name it. */
  readonly name: string
  /** The canonical input, whatever door it came by. Bytes have their limits here. */
  readonly input: Fields
  /** What it is about, by its own row. What is absent is refused in the words for what may not be seen. */
  readonly find: (input: Input, call: Call) => Outcome<Found> | Promise<Outcome<Found>>
  /** Each asked in this order; the last is what the operation is entered by. Where there is none, it is refused. */
  readonly permissions: (found: Found, input: Input) => readonly Asked[]
  /** What it does to who may do what: where a key has approvers, they approve that first. */
  readonly touches: (
    input: Input,
    on: { found: Found; fitting: Fitting; call: Call },
  ) => readonly Touch[] | Promise<readonly Touch[]>
  /** Whether a report of changes has it. */
  readonly isChange: boolean
  /** Whether a person has to have shown a second factor lately. */
  readonly secondFactor: boolean | ((found: Found) => boolean | Promise<boolean>)
  /** What approvers see of it; null: no approval lets it be done. */
  readonly shown: ((input: Input, on: { found: Found; fitting: Fitting }) => string) | null
  /** What approvals and the audit have a keyed hash of. Before it is known what fits, `fitting` is null. */
  readonly hashed: (input: Input, fitting: Fitting | null) => readonly Uint8Array[]
  /** What else may refuse it: nothing is done, and no approval is used up. Its value is for `run`. */
  readonly fits: (on: Before<Input, Found>) => Outcome<Fitting> | Promise<Outcome<Fitting>>
  /** Named by its caller, it is done once and its reply is kept; what only uses a key is done again. */
  readonly repeats: 'done-again' | 'reply-kept'
  /** When whoever asks is told SERVER-BUSY, in ms; null: it reads as much as there is. */
  readonly deadline: number | null
  readonly run: (on: Work<Input, Found, Fitting>) => Promise<Outcome<Output>>
  /** What the audit has a keyed hash of, of what came of it. */
  readonly output: (value: Output, input: Input) => readonly Uint8Array[]
}

export type Entry<Fields extends TProperties, Input, Found, Fitting, Output> = Written<
  Fields,
  Input,
  Found,
  Fitting,
  Output
> & {
  /** Of each field of bytes how many, and of each bounded number which. */
  readonly limits: readonly Limit[]
}

type Limit = { readonly field: string; readonly least: number; readonly most: number }

export type InputOf<Fields extends TProperties> = Static<TObject<Fields>>

/** An entry of whatever input: what a table is made of. */
// biome-ignore lint/suspicious/noExplicitAny: a table holds entries of all inputs, each checked where it is made.
export type AnyEntry = Entry<TProperties, any, any, any, any>
export type Table = { readonly [name: string]: AnyEntry }

export type EntryInput<E extends AnyEntry> = Parameters<E['run']>[0]['input']
export type EntryOutput<E extends AnyEntry> = Parameters<E['output']>[0]

export const entry = <Fields extends TProperties, Found, Fitting, Output>(
  written: Written<Fields, InputOf<Fields>, Found, Fitting, Output>,
): Entry<Fields, InputOf<Fields>, Found, Fitting, Output> => ({ ...written, limits: limitsOf(written.input) })

/** Bytes, at most so many. `characters`: of their base64, where a door sends text; a payload may have an envelope around it. */
export const bytes = (most: number, characters = 4 * Math.ceil((most + 1024) / 3)) =>
  Type.Unsafe<Uint8Array>({ bytes: most, characters })

/** What one door alone makes in this process, and no text can say. */
export const given = <T>() => Type.Unsafe<T>({ given: true })

/** Bytes one after the other: the whole body of a request, of this type. Whoever receives them counts up to `most`. */
export const stream = (most: number, type: 'application/zip' | 'application/octet-stream') =>
  Type.Unsafe<AsyncIterable<Uint8Array>>({ stream: most, contentType: type })

/** A document of a specification of its own, which says more exactly what does not fit than a schema can. */
export const documentOf = <T>(check: (value: unknown) => Outcome<T>, most: number) =>
  Type.Unsafe<T>({ check, document: most })

/** A time, UTC. */
export const moment = Type.Unsafe<Date>({ moment: true })

/** Which part of a list is asked for: without them the first, as long as one may be. */
export const paged = {
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: maxOffset })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxPage })),
}

export const pageOf = ({ offset = 0, limit = maxPage }: Partial<Page>): Page => ({ offset, limit })

/** A document that another specification describes: no door has names of its own for its fields. */
export const foreign = <T>(schema: TSchema) => Type.Unsafe<T>({ ...schema, foreign: true })

function limitsOf(input: TProperties): readonly Limit[] {
  return Object.entries(input).flatMap(([field, schema]) => {
    const {
      bytes: most,
      minimum,
      maximum,
    }: TSchema & { bytes?: unknown; minimum?: unknown; maximum?: unknown } = schema
    if (typeof most === 'number') return [{ field, least: 0, most }]
    if (typeof minimum !== 'number' || typeof maximum !== 'number') return []
    return [{ field, least: minimum, most: maximum }]
  })
}

const nothing = (): readonly Uint8Array[] => []

/** Entries of what only reads: nobody approves it, and the same is read again. */
export const reads = {
  isChange: false,
  touches: nobody,
  secondFactor: false,
  shown: null,
  hashed: nothing,
  fits: () => accept(null),
  repeats: 'done-again',
  deadline: replyWithin,
  output: nothing,
} as const

/** Entries of what everybody may, of himself alone. */
export const ofOneself = {
  find: (_input: unknown, { caller }: Call): Outcome<string> => accept(caller.identity),
  permissions: (): readonly Asked[] => ['for-caller'],
} as const

/** Entries of what changes something: its caller may name it, so that it is done once. */
export const changes = {
  isChange: true,
  touches: nobody,
  secondFactor: false,
  hashed: nothing,
  repeats: 'reply-kept',
  deadline: replyWithin,
  output: nothing,
} as const

const { touches: _, ...unweighed } = changes
/** Of these, what no role waits for people with, and nothing else refuses. Each says itself what it touches. */
export const changesAlone = { ...unweighed, shown: null, fits: () => accept(null) } as const
