import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hmacTemplate, sealingTemplate, type Token } from '../../src/index.ts'
import { newId, refusal } from '../soft-token-bench.ts'
import { type FaultBench, startFaultBench } from './fault-bench.ts'

describe('a file of the token’s store that is cut off', () => {
  let bench: FaultBench
  let token: Token
  let store: string
  beforeEach(async () => {
    bench = await startFaultBench()
    token = await bench.loggedIn('cut')
    store = join(bench.tokens, readdirSync(bench.tokens)[0] ?? '')
  })
  afterEach(() => bench.close())
  const lasting = { ...sealingTemplate, token: true }
  const make = (id = newId()) => token.generateAes({ id, label: id, bits: 256, template: lasting })
  const objects = () => readdirSync(store).filter((name) => /^(?!token).*\.object$/.test(name))
  /** Runs `meddle` while the key, whose file is written by then, is read back. */
  const meanwhile = async (meddle: (made: string) => void) => {
    const before = new Set(objects())
    const fifth = bench.count('C_GetAttributeValue') + 5
    bench.plan(`C_GetAttributeValue@${fifth}=hold`)
    const id = newId()
    const made = refusal(make(id))
    const reached = () => bench.count('C_GetAttributeValue')
    await expect.poll(reached, { timeout: 15_000, interval: 10 }).toBe(fifth)
    meddle(objects().find((name) => !before.has(name)) ?? '')
    bench.plan()
    const code = await made
    return { code, id }
  }
  const cutOf = (name: string) => {
    const whole = readFileSync(join(store, name))
    return whole.subarray(0, whole.length - 10)
  }

  it('HSM-DISK is the new key’s own: the key is refused', async () => {
    const { code } = await meanwhile((made) => {
      const path = join(store, made)
      truncateSync(path, statSync(path).size - 10)
    })
    expect(code).toBe('HSM-DISK')
  })

  it('that another program left before the key was made costs the key nothing', async () => {
    await make()
    writeFileSync(join(store, 'left.object'), cutOf(objects()[0] ?? ''))
    await wait(100)
    const id = newId()
    expect(await refusal(make(id))).toBe('no error')
    expect(await token.findById(id)).toHaveLength(1)
  })

  it('that another program is still writing costs the key nothing', async () => {
    await make()
    const whole = objects()[0] ?? ''
    const slow = join(store, 'slow.object')
    const bytes = readFileSync(join(store, whole))
    let finishing: NodeJS.Timeout | undefined
    try {
      const { code, id } = await meanwhile(() => {
        writeFileSync(slow, cutOf(whole))
        finishing = setTimeout(() => writeFileSync(slow, bytes), 200)
      })
      expect(code).toBe('no error')
      expect(await token.findById(id)).toHaveLength(1)
    } finally {
      clearTimeout(finishing)
      rmSync(slow, { force: true })
    }
  })

  it('that another program was killed over costs the key nothing where it holds another kind of object', async () => {
    await token.generateHmac({ id: newId(), label: 'hmac', template: hmacTemplate })
    const other = cutOf(objects()[0] ?? '')
    const { code, id } = await meanwhile(() => writeFileSync(join(store, 'killed.object'), other))
    expect(code).toBe('no error')
    expect(await token.findById(id)).toHaveLength(1)
  })
})
