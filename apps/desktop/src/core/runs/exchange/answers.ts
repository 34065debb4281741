import type { ExceptionDecision, RunView } from '@lux/ceremony'
import { issuePath, issueText } from '@lux/ceremony/wire'
import { ExpectedError, readBounded } from '@lux/node-files'
import * as v from 'valibot'
import type { ForWord } from './awaited.ts'

const maxAnswers = 1 << 20
const text = v.pipe(v.string(), v.maxLength(2000))
const confirmation = v.strictObject({
  step: text,
  /** Name of the person who confirms. */
  by: text,
  values: v.exactOptional(v.record(text, text)),
  /** Bundle digest as it was read aloud, where the step shows one: nobody can confirm it before it is there. */
  bundle: v.exactOptional(text),
  /** At the roll call, who is in the room; later, who has come since. */
  here: v.exactOptional(v.array(text)),
  /** Where words are read aloud, who else heard them all. */
  heard: v.exactOptional(v.array(text)),
  /** In place of the word: something is otherwise than the plan says, and officers decide. */
  deviation: v.exactOptional(v.strictObject({ expected: text, happened: text })),
})
const schema = v.strictObject({ v: v.literal(1), kind: v.literal('answers'), answers: v.array(confirmation) })

export type Confirmation = v.InferOutput<typeof confirmation>

/** One decision about the exception that is open when the command starts. */
export type Decision = { decision: ExceptionDecision; by: string; reason: string }

/** What people said beforehand to steps that only ask for a word; each answer is used once by one command. */
export class Answers {
  readonly #left: Confirmation[]

  constructor(answers: readonly Confirmation[]) {
    this.#left = [...answers]
  }

  has(step: string, bundle: string | null): boolean {
    return this.#at(step, bundle) >= 0
  }

  /** `bundle`: the digest that is shown, or null where none is. */
  take(step: string, bundle: string | null): Confirmation | null {
    const at = this.#at(step, bundle)
    return at < 0 ? null : (this.#left.splice(at, 1)[0] ?? null)
  }

  #at(step: string, bundle: string | null): number {
    return this.#left.findIndex((one) => one.step === step && (one.bundle ?? null) === bundle)
  }
}

/** JSON {v: 1, kind: "answers", answers: [{step, by, values?, bundle?, here?, heard?, deviation?}]}. Errors: ANSWERS-MALFORMED, FILE-…. */
export function readAnswers(path: string): Answers {
  const parsed = v.safeParse(schema, json(path))
  if (!parsed.success) {
    const [issue] = parsed.issues
    throw malformed(path, `${issuePath(issue) ?? 'the file'}: ${issueText(issue)}`)
  }
  return new Answers(parsed.output.answers)
}

function json(path: string): unknown {
  const bytes = readBounded(path, maxAnswers)
  let text = ''
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return JSON.parse(text)
  } catch (error) {
    throw malformed(path, `it is no JSON${placeOf(error, text)}`)
  }
}

/** Line and column of what the parser stopped at, where it says. */
function placeOf(error: unknown, text: string): string {
  const position = /position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1]
  if (position === undefined) return text === '' ? '' : ': it ends too early'
  const lines = text.slice(0, Number(position)).split('\n')
  return `: line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`
}

function malformed(path: string, detail: string): ExpectedError {
  return new ExpectedError('ANSWERS-MALFORMED', `${path}: ${detail}`)
}

/** The step that waits for somebody's word, and the bundle's digest where that has to be in it: it was read aloud first. */
export function awaitedWord(view: RunView, needs: ForWord): { step: string; bundle: string | null } {
  const shown = needs.kind === 'confirm' ? needs.shows.find(({ label }) => label === 'bundle') : undefined
  return { step: view.current ?? '', bundle: isReadAloud(view) ? null : (shown?.hex ?? null) }
}

function isReadAloud(view: RunView): boolean {
  const steps = view.parts.flatMap(({ steps }) => steps)
  return steps.find(({ id }) => id === view.current)?.do === 'read-aloud'
}
