import { readFileSync } from 'node:fs'
import type { Json } from '@lux/crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { ownSignatures } from '../../crypto/test/quick-signatures.ts'
import { verifyBundle } from '../src/exports/bundle.ts'
import { parsePolicyFile } from '../src/exports/policy.ts'
import { makeVectors } from './support/make-vectors.ts'
import { memoryReader } from './support/sample-bundle.ts'

const file = (path: string) => new Uint8Array(readFileSync(new URL(`../${path}`, import.meta.url)))

// Known answers have the signatures of the product, byte for byte.
beforeAll(ownSignatures)

describe('known answers', () => {
  it('are what the code gives', async () => {
    const { json } = await makeVectors()
    for (const [name, value] of Object.entries(json)) {
      // The file is JSON by being parsed.
      expect(value).toEqual(JSON.parse(new TextDecoder().decode(file(`vectors/${name}`))) as Json)
    }
  })

  it('the bundle of release 0.1.0, which is not out yet, is accepted and built again to the same bytes', async () => {
    const bytes = file('history/0.1.0/bundle.zip')
    const policy = parsePolicyFile(file('history/0.1.0/policy.json'))
    if (!policy.ok) throw new Error(policy.detail)
    const { verdict, checks } = await verifyBundle(memoryReader(bytes), { policy: policy.value })
    expect(checks.filter(({ ok }) => ok !== true)).toEqual([])
    expect(verdict).toBe('accepted')
    // Made before a holder who stays had another envelope key in each epoch.
    expect(checks.find(({ id }) => id === 'FHE-EPOCH')?.detail).toContain('of the epoch before: Ito')
    expect((await makeVectors()).bundle).toEqual(bytes)
  })
})
