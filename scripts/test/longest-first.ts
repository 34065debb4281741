import { join } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { root } from '../root.ts'

/** What takes longest, longest first: begun last, one of them would leave the other processors idle at the end. */
export const longest = [
  'e2e/phone/signers',
  'e2e/phone/looks',
  'e2e/phone/holder',
  'e2e/server/console',
  'e2e/desktop/accessibility',
  'e2e/faults/kill',
  'e2e/ceremonies/fhe-life',
  'e2e/ceremonies/first-run',
  'e2e/desktop/closed-loop',
  'e2e/desktop/production',
  'e2e/desktop/rehearsal',
  'e2e/ceremonies/replicate',
  'e2e/faults/pause',
  'e2e/desktop/supervision',
  'apps/desktop/test/core/faults/crash-matrix.flow',
  'apps/companion-server/test/http/bad-input.flow',
  'apps/companion-server/test/import/import.flow',
  'scripts/test/delivery.flow',
  'apps/desktop/test/core/crash.flow',
  'apps/companion-server/test/cli.flow',
  'apps/desktop/test/core/services/setups/whole-production.flow',
  'apps/companion-server/test/import/changed-ceremonies.flow',
  'packages/ceremony/test/bundle/wrong.flow',
  'packages/ceremony/test/bundle/mutations.flow',
  'apps/companion-server/test/import/import-keys.flow',
  'apps/desktop/test/core/faults/crash-matrix-changes.flow',
  'apps/desktop/test/core/production-change.flow',
  'apps/desktop/test/core/cancel.flow',
  'apps/desktop/test/core/production-recovery.flow',
  'apps/desktop/test/core/history.flow',
]

/** Vitest goes by the size of a file where it has no times of an earlier run, and a short file may play a whole ceremony. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = longest.findIndex((name) => moduleId === join(root, `${name}.test.ts`))
      return at < 0 ? longest.length : at
    }
    return (await super.sort(files)).toSorted((one, other) => place(one) - place(other))
  }
}
