import type { Line } from './told.ts'

/**
 * The parts that people read before a yes. Who asks for what and why comes first, and what the yes does comes last. All screens share this.
 * Empty parts are left out.
 */
export const readBefore = {
  request: ['asks', 'cost', 'words', 'decide'],
  sign: ['asks', 'policy', 'plan', 'fresh', 'claims', 'words', 'decide'],
  epoch: ['asks', 'words', 'decide'],
} as const

export type YesTo = keyof typeof readBefore
type PartOf<Of extends YesTo> = (typeof readBefore)[Of][number]

/** The parts with something in them, in order. The first and the last always stay. */
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

/** Lines of the last part, beside the yes: its deadline and its cost. */
const atTheEnd: ReadonlySet<string> = new Set(['expires', 'until', 'blocks'])

/** Lines in this order: who asks, what for. Others follow. */
const first = ['requester', 'what', 'purpose', 'computed', 'answers to', 'approved by']
const rank = ({ name }: Line): number => (first.includes(name) ? first.indexOf(name) : first.length)

type SortedLines = {
  readonly proved: readonly Line[]
  /** Lines that are only claimed, or were not checked. */
  readonly claimed: readonly Line[]
  readonly decide: readonly Line[]
  /** Lines of digests, keys and recipients. */
  readonly prints: readonly Line[]
}

/** Each line goes into one of the four parts. A claim never shares one with what is proved. */
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
