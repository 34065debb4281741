import { heartbeatCodec } from '@lux/ceremony/wire'
import { sha256Hex, toHex } from '@lux/crypto'
import { beforeAll, expect, test } from 'vitest'
import {
  encodeHeldShare,
  encodeState,
  freshState,
  type HeartbeatRequest,
  type OpenedShare,
  openHeldShare,
  openShare,
  stateHeld,
} from '../../src/index.ts'
import { accepted, ruleOf } from '../support/outcome.ts'
import { most, now, openingOf, shareWorld, type World } from '../support/share-world.ts'

const ceremonyId = '7c'.repeat(16)
const challenge = 'c4'.repeat(32)
let world: World
let opened: OpenedShare
beforeAll(async () => {
  world = await shareWorld()
  const [key, held] = [world.holders[0]!, world.held[0]!]
  const of = { key, envelope: accepted(openHeldShare(held, key)) }
  const state = encodeState({ ...freshState(), spent: { at64: 0, at128: 7 } }, of)
  opened = accepted(openShare({ key, share: encodeHeldShare(held), state }))
})
const requestOf = (): HeartbeatRequest => {
  const { header } = opened.envelope.share
  const { domain, keyId, epochId } = header
  return { domain, ceremonyId, keyId: toHex(keyId), epochId: toHex(epochId), challenge }
}
const stated = (more: Partial<Parameters<typeof stateHeld>[1]> = {}, share = opened) =>
  stateHeld(share, {
    request: requestOf(),
    policy: world.file,
    previous: null,
    opening: openingOf(world, ceremonyId),
    now,
    ...more,
  })

test('a heartbeat says over the challenge which share is held and what is left of it, signed by its holder', () => {
  const document = accepted(heartbeatCodec.file.parse(accepted(stated()).sign()))
  const { card } = world.holders[0]!
  const holder = { role: 'holder', members: [{ name: card.name, keys: card.keys }], quorum: 1 }
  expect(heartbeatCodec.verify(document, 'production', [holder]).ok).toBe(true)
  expect(document.payload).toMatchObject({
    ceremonyId,
    challenge,
    holder: 1,
    name: 'Hal',
    shareDigest: sha256Hex(opened.envelope.shareBytes),
    left: { at64: 0, at128: most - 7 },
    time: now,
  })
})

test('HEARTBEAT-MALFORMED OPENING-POLICY a heartbeat over no challenge, or for a ceremony that no officer opened, is not given', () => {
  expect(ruleOf(stated({ request: { ...requestOf(), challenge: 'c4' } }))).toBe('HEARTBEAT-MALFORMED')
  const stranger = { ...world, officer: world.people.mallory }
  expect(ruleOf(stated({ opening: openingOf(stranger, ceremonyId) }))).not.toBe('accepted')
  const later = { ...world, policy: { ...world.policy, version: 2 } }
  expect(ruleOf(stated({ opening: openingOf(later, ceremonyId) }))).toBe('OPENING-POLICY')
})

const other = '6b'.repeat(32)
test.each([
  ['REQUEST-DOMAIN', { domain: 'rehearsal' }, 'request'],
  ['HEARTBEAT-OTHER', { keyId: other }, 'request'],
  ['HEARTBEAT-OTHER', { epochId: other }, 'request'],
  ['HEARTBEAT-OTHER', { ceremonyId: '0e'.repeat(16) }, 'opening'],
] as const)('%s nothing is signed where the run asks for %o', (rule, change, file) => {
  expect(stated({ request: { ...requestOf(), ...change } })).toMatchObject({ ok: false, rule, file })
})

test('HOLDER-LEAVING nothing is signed of a share that was approved away', () => {
  const left = { ...opened, before: { ...opened.before, leaving: other } }
  expect(stated({}, left)).toMatchObject({ ok: false, rule: 'HOLDER-LEAVING', file: 'share' })
})
