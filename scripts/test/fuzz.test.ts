import { expect, test } from 'vitest'
import { keptInputs } from '../fuzz/kept.ts'
import { targets } from '../fuzz/targets.ts'

// What a long run found once is tried in each short one.
test.each(Object.entries(targets))(
  'FUZZ-KEPT %s does nothing but refuse or take what was kept',
  async (name, { run, seeds }) => {
    for (const input of [...seeds(), ...keptInputs(name)]) expect([true, false]).toContain(await run(input))
  },
)
