/** Pages in which things are looked up, and which nobody reads from top to bottom. */
const reference = /^docs\/(?:adr\/|SPEC\.md|THREAT-MODEL\.md|THRESHOLD-FHE\.md|ARCHITECTURE\.md)/

/** Words of a page's longest sentence. */
export const longestIn = (page: string): number => (reference.test(page) ? 30 : 25)

/** Words of a whole page: a guide is read in one sitting. */
export function mostWordsIn(page: string): number {
  if (page === 'README.md') return 600
  return page.startsWith('docs/guide/') ? 1200 : Number.POSITIVE_INFINITY
}

export type Fault = { readonly kind: 'sentence' | 'length'; readonly page: string; readonly text: string }

/** By kind, the pages and texts whose faults are passed over until they are written anew. None joins. */
export const notYet: Readonly<Record<Fault['kind'], readonly string[]>> = {
  sentence: ['docs/SPEC.md'],
  length: [],
}

/** What no list passes over. A page that needs its list no more has to leave it, so the lists only shrink. */
export function excused(faults: readonly Fault[], lists = notYet): string[] {
  const isListed = ({ kind, page }: Fault): boolean => lists[kind].includes(page)
  const kinds = ['sentence', 'length'] as const
  return [
    ...faults.filter((fault) => !isListed(fault)).map(({ text }) => text),
    ...kinds.flatMap((kind) =>
      lists[kind]
        .filter((page) => !faults.some((fault) => fault.kind === kind && fault.page === page))
        .map((page) => `${page} has no such fault: take it out of notYet.${kind} in scripts/prose/limits.ts`),
    ),
  ]
}
