import { describe, expect, it } from 'vitest'
import { signingTemplate, startHsm } from '../../src/index.ts'
import { newId, refusal, utf8 } from '../soft-token-bench.ts'
import { startSwtpm } from './swtpm.ts'

const named = /^HSM-(DEVICE-ERROR|TOKEN-ABSENT|SESSION-LOST|CRASHED|TIMEOUT|UNKNOWN|MEMORY)$/

describe('a TPM that goes away', () => {
  it('in use: every call after it is a named error, within its time, and the host lives', async () => {
    const real = await startSwtpm()
    const hsm = await startHsm({ ...real, callTimeoutMs: 5_000 })
    const options = { label: 'gone', soPin: utf8('so-pin-1'), userPin: utf8('user-pin-1') }
    const token = hsm.token((await hsm.token('new').initialise(options)).serial)
    await token.logIn({ user: 'user', pin: utf8('user-pin-1') })
    real.stop()
    const pair = { id: newId(), label: 'x', kind: 'p-256', template: signingTemplate } as const
    expect(await refusal(token.generateKeyPair(pair))).toMatch(named)
    expect(await refusal(token.random(8))).toMatch(named)
    await hsm.close()
  }, 60_000)

  it('before the library starts: it does not start, and says so', async () => {
    const real = await startSwtpm()
    real.stop()
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await refusal(startHsm({ ...real }))).toMatch(/^HSM-/)
  }, 60_000)
})
