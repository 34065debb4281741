import { expect, test } from 'vitest'
import { openKeyWork } from '../../../src/keys/key-work.ts'
import { type EndingParts, endingEntries } from '../../../src/keys/operations/ending.ts'
import type { StoredKey } from '../../../src/keys/repository.ts'

test('KEY-SHREDDED of two who shred a key at once, both have the receipt that stands', async () => {
  let tombstone: string | 'absent' = 'absent'
  let signed = 0
  const parts = {
    audience: 'here',
    now: () => new Date(0),
    repository: { listVersions: async () => [] },
    unwrapping: { forgetAll: () => undefined },
    sign: async () => ({ signature: signed++ }),
    noteShredded: async () => undefined,
    lifecycle: {
      findTombstone: async () => tombstone,
      async shredKey(_id: string, receipt: string) {
        if (tombstone === 'absent') tombstone = receipt
      },
    },
  } as unknown as EndingParts
  const { shred } = endingEntries(parts, openKeyWork(parts))
  const found = {
    id: 'k',
    organisation_id: 'o',
    project_id: 'p',
    name: 'orders',
    threshold: null,
  } as StoredKey
  const call = { caller: { identity: 'i', grants: [] }, door: 'direct', reqId: 'r', receipt: null } as const
  const subject = {
    ...{ operation: 'key.shred', asked: '', organisation: null, project: null, key: null, version: null },
    ...{ input: [], output: [] },
  }
  const asked = { found, input: { id: 'k', confirm: 'orders' }, call, subject }
  const [one, other] = await Promise.all([
    shred.run({ ...asked, fitting: 'absent' }),
    shred.run({ ...asked, fitting: 'absent' }),
  ])
  expect(signed).toBe(2)
  expect(one).toEqual(other)
  expect(one).toMatchObject({ ok: true, value: JSON.parse(tombstone) })
})
