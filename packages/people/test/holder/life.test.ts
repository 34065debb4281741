import { test } from 'vitest'
import { liveThrough } from '../support/share-life.ts'

test('REQUEST-BUDGET HOLDER-LEAVING HOLDER-UNPROVEN whatever a share goes through, no block leaves with two noises, none over its budget, and nothing for whom it does not name', async () => {
  await liveThrough(20)
}, 180_000)
