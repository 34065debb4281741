import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeItem, encodeItem } from '../../../../src/doors/kmip/codec/ttlv.ts'
import { changes, items, spoil } from '../support/hostile.ts'
import { kmipVectors } from '../support/vectors.ts'

const rounds = 100
const each = 100_000

test('KMIP-TTLV ten million spoiled messages: no crash, and what is taken is canonical, in bounded memory', () => {
  const honest = kmipVectors().flatMap(({ request, response }) => [request, response])
  // Values are drawn by the hundred thousand and used anew in each round, on other messages: drawing costs more than decoding.
  const all = fc.sample(changes, each)
  const own = fc.sample(items, 1000).map(encodeItem)
  const sources = [...honest, ...own]
  let taken = 0
  let before = 0
  for (let round = 0; round < rounds; round++) {
    for (const [index, change] of all.entries()) {
      const source = sources[(index * 31 + round * 977) % sources.length]
      if (source === undefined) throw new Error('no source')
      const bytes = spoil(source, change)
      const outcome = decodeItem(bytes)
      if (!outcome.ok) continue
      taken++
      if (Buffer.compare(encodeItem(outcome.value), bytes) !== 0)
        throw new Error(`not canonical: ${Buffer.from(bytes).toString('hex')}`)
    }
    if (round === 9) before = process.memoryUsage().heapUsed
  }
  expect(taken).toBeGreaterThan(100_000)
  // Nothing is kept of what was read: the heap is no larger, but for what is not collected yet.
  expect(process.memoryUsage().heapUsed).toBeLessThan(before + (512 << 20))
})
