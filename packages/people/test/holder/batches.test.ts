import { digestOfBatch, requestDigest } from '@lux/ceremony/wire'
import { fromHex } from '@lux/crypto'
import { fheThresholdDecrypt } from '@lux/crypto/fhe'
import { beforeAll, expect, test } from 'vitest'
import {
  encodeHeldShare,
  encodeState,
  freshState,
  openHeldShare,
  openShare,
  prepareAnswer,
} from '../../src/index.ts'
import { accepted } from '../support/outcome.ts'
import { now, requestFor, shareWorld, type World } from '../support/share-world.ts'

let world: World
beforeAll(async () => {
  world = await shareWorld()
})

function opened(at: number, state = freshState()) {
  const key = world.holders[at]!
  const held = world.held[at]!
  const envelope = accepted(openHeldShare(held, key))
  return accepted(
    openShare({ key, share: encodeHeldShare(held), state: encodeState(state, { key, envelope }) }),
  )
}

test('a holder reads how many a batch has, and answers its ciphertexts one at a time; again it costs nothing', () => {
  const { policy } = world
  const share = opened(0)
  const { request, ciphertexts } = requestFor(world, share, { id: 1, of: [1, 2], batches: true })
  let held = 0
  const files = {
    *[Symbol.iterator]() {
      for (const bytes of ciphertexts) {
        held += 1
        yield bytes.slice()
      }
    },
  }
  const answer = accepted(prepareAnswer(share, { request, ciphertexts: files, policy, now }))
  expect(held).toBe(2 * ciphertexts.length)
  const batch = digestOfBatch([world.ciphertexts[2]!.digest])
  const told = answer.lines.map(({ name, value }) => `${name}: ${value}`)
  expect(told).toContain(`ciphertext: 1 × u8 ${batch}`)
  expect(told).toContain(`computed: sum 1.0, from 5 inputs, ${now}`)
  expect([answer.spends, answer.after.answered.at(-1)]).toEqual([3, batch])
  const second = requestFor(world, share, { id: 2, of: [1, 2], batches: true })
  const again = accepted(prepareAnswer(opened(0, answer.after), { ...second, policy, now }))
  expect(again.spends).toBe(0)
  const other = accepted(prepareAnswer(opened(1), { request, ciphertexts, policy, now }))
  const combined = fheThresholdDecrypt({
    pub: world.held[0]!.pub,
    ciphertexts,
    partials: [answer.partial, other.partial],
    requestDigest: fromHex(requestDigest(request.request.payload), 32),
    holders: world.holders.map(({ card }) => card.keys),
  })
  expect(combined).toMatchObject({ ok: true, value: { values: [1n, 99n] } })
})
