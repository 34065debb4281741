import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Hsm, startHsm } from '../src/index.ts'
import { refusal } from './soft-token-bench.ts'
import { stubModule } from './stub-module/build.ts'

const notRecognised = 0xe1

describe('a slot whose token does not say what it is', () => {
  let folder: string
  let hsm: Hsm
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lux-hsm-unreadable-'))
    const says = { SLOTS: 2, UNREADABLE: 2, TOKEN_ANSWER: notRecognised }
    hsm = await startHsm({ library: stubModule(folder, 'damaged', says) })
  }, 60_000)
  afterAll(async () => {
    await hsm?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('is told beside the tokens that can be read, with its own code', async () => {
    expect((await hsm.tokens()).map(({ slot }) => slot)).toEqual(['1'])
    expect(hsm.unreadable).toEqual([
      {
        slot: '2',
        code: 'HSM-TOKEN-DAMAGED',
        ckr: { name: 'CKR_TOKEN_NOT_RECOGNIZED', number: notRecognised },
        detail: expect.stringContaining('reading token information'),
        remedy: null,
      },
    ])
  })

  it('HSM-TOKEN-DAMAGED may be the one that is asked for: it is not called absent', async () => {
    const asked = hsm.token('999').info()
    expect(await refusal(asked)).toBe('HSM-TOKEN-DAMAGED')
    await expect(hsm.token('999').info()).rejects.toThrow(/token 999.*slot 2/)
    expect(await hsm.token('5551234').info()).toMatchObject({ slot: '1' })
  })
})
