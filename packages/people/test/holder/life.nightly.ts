import { expect, test } from 'vitest'
import { liveThrough } from '../support/share-life.ts'

test('no block leaves with two noises, none over its budget, and nothing for whom the share does not name, in many lives', async () => {
  await expect(liveThrough(60)).resolves.toBeUndefined()
}, 1_800_000)
