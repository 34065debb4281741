import { verifyBundle } from '../../src/exports/bundle.ts'
import { type Mutation, mutationsOf, type Opened, opened } from './mutations.ts'
import { noOps } from './no-ops.ts'
import { memoryReader } from './sample-bundle.ts'
import { sampleKinds } from './sample-kinds.ts'
import { secondVerdicts } from './second-verifier.ts'

export type Judged = {
  readonly count: number
  readonly kinds: readonly string[]
  readonly differ: string[]
  readonly accepted: string[]
}

/** Both verifiers over so many mutations of each place of each kind: where they differ, and what both accept that no list names. */
export async function judged(each: number, made = sampleKinds): Promise<Judged> {
  const all: Mutation[] = []
  let base: Opened | undefined
  for (const [kind, options] of Object.entries(made)) {
    const of = await opened(kind, options)
    all.push(...(await mutationsOf(of, base, each)))
    // Every later kind is looked at where it says something else than a plain root does.
    if (kind === 'root window') base = of
  }
  const first: string[] = []
  for (const { bundle } of all) {
    const options = bundle.policy === null ? {} : { policy: bundle.policy }
    const { verdict, failed } = await verifyBundle(memoryReader(bundle.bytes), options)
    first.push(`${verdict} ${failed.join()}`)
  }
  const second = secondVerdicts(
    all.map(({ bundle }) => bundle),
    'told',
  ).map(({ verdict, failed }) => `${verdict} ${failed.join()}`)
  const named = ({ kind, what }: Mutation) => `${kind} | ${what}`
  return {
    count: all.length,
    kinds: [...new Set(all.map(({ kind }) => kind))],
    differ: all.flatMap((one, at) =>
      first[at] === second[at] ? [] : [`${named(one)} | ${first[at]} | ${second[at]}`],
    ),
    accepted: all.flatMap((one, at) =>
      first[at]?.startsWith('accepted') && !noOps.some(({ what }) => what.test(one.what)) ? [named(one)] : [],
    ),
  }
}
