import type { Line } from './told.ts'

/**
 * What is read before a yes, part by part: who asks for what and why come first, what the yes does comes last. Shared by all screens; a
 * part in which nothing stands is left out.
 */
export const readBefore = {
  request: ['asks', 'cost', 'words', 'decide'],
  sign: ['asks', 'policy', 'plan', 'fresh', 'claims', 'words', 'decide'],
  epoch: ['asks', 'words', 'decide'],
} as const

export type YesTo = keyof typeof readBefore
type PartOf<Of extends YesTo> = (typeof readBefore)[Of][number]

/** The parts of this yes that have something in them, in their order. The first and the last are never left out. */
export function partsToRead<Of extends YesTo, Body>(
  of: Of,
  bodies: Readonly<Record<PartOf<Of>, Body | null>> & Readonly<Record<'asks' | 'decide', Body>>,
): { readonly name: PartOf<Of>; readonly body: Body }[] {
  const order: readonly PartOf<Of>[] = readBefore[of]
  return order.flatMap((name) => {
    const body: Body | null = bodies[name]
    return body === null ? [] : [{ name, body }]
  })
}

/** Lines that are read where the yes is given: until when it may be, and what it takes. */
const atTheEnd: ReadonlySet<string> = new Set(['expires', 'until', 'blocks'])

/** In the order of a question: who asks, what for. What is not named here follows. */
const first = ['requester', 'what', 'purpose', 'computed', 'answers to', 'approved by']
const rank = ({ name }: Line): number => (first.includes(name) ? first.indexOf(name) : first.length)

type SortedLines = {
  readonly proved: readonly Line[]
  /** Of a claim, and of what was not checked. */
  readonly claimed: readonly Line[]
  readonly decide: readonly Line[]
  /** Digests, keys and recipients. */
  readonly prints: readonly Line[]
}

/** Each line is in one of the four. A claim never stands with what is proved. */
export function sortLines(lines: readonly Line[]): SortedLines {
  const sorted = lines.toSorted((a, b) => rank(a) - rank(b))
  const proved = sorted.filter(({ whose }) => whose === 'proved')
  const words = proved.filter(({ print }) => print !== true)
  return {
    proved: words.filter(({ name }) => !atTheEnd.has(name)),
    claimed: sorted.filter(({ whose }) => whose !== 'proved'),
    decide: words.filter(({ name }) => atTheEnd.has(name)),
    prints: proved.filter(({ print }) => print === true),
  }
}
