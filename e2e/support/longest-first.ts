import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What takes longest, longest first: begun last, one of them would leave the other processors idle at the end. */
const longest = [
  'phone/signers',
  'phone/looks',
  'phone/holder',
  'server/console',
  'desktop/accessibility',
  'faults/kill',
  'ceremonies/fhe-life',
  'ceremonies/first-run',
  'desktop/closed-loop',
  'server/loop',
  'desktop/production',
  'desktop/rehearsal',
  'ceremonies/replicate',
  'faults/pause',
  'desktop/supervision',
]

/** Vitest goes by the size of a file where it has no times of an earlier run, and a short file may play a whole ceremony. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = longest.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`))
      return at < 0 ? longest.length : at
    }
    return (await super.sort(files)).toSorted((one, other) => place(one) - place(other))
  }
}
