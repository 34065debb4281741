import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signingTemplate } from '../../src/index.ts'
import { newId, refusal } from '../soft-token-bench.ts'
import { type StandIn, startStandIn } from './stand-ins.ts'

let standIn: StandIn
beforeAll(async () => {
  standIn = await startStandIn('yubihsm', 'as-read')
})
afterAll(() => standIn.close())

const digest = new Uint8Array(32).fill(5)

describe('a token that ends its sessions while nobody works', () => {
  it('is logged in to again by a kept PIN, and says so where something would be made', async () => {
    const { token, pin } = standIn
    await token.logIn({ user: 'user', pin: pin(), keepPin: true })
    const asked = { label: 'idle', kind: 'p-256', template: signingTemplate } as const
    const { privateKey: key } = await token.generateKeyPair({ ...asked, id: newId() })
    standIn.idle()
    expect(await token.signEcdsa({ key, digest })).toHaveLength(64)
    standIn.idle()
    const other = { ...asked, id: newId(), label: 'idle too' }
    expect(await refusal(token.generateKeyPair(other))).toBe('HSM-SESSION-LOST')
    await token.generateKeyPair(other)
    await token.logOut()
  })

  it('HSM-SESSION-LOST where no PIN is kept, and the next log-in works', async () => {
    const { token, pin } = standIn
    await token.logIn({ user: 'user', pin: pin() })
    standIn.idle()
    expect(await refusal(token.inventory())).toBe('HSM-SESSION-LOST')
    await token.logIn({ user: 'user', pin: pin() })
    expect((await token.inventory()).objects).not.toEqual([])
    standIn.idle()
    await token.logOut()
  })
})
