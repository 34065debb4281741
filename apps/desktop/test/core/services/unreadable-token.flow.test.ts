import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { stubModule } from '../../../../../packages/hsm/test/stub-module/build.ts'
import { findProgram } from '../../../src/core/program.ts'
import { type CoreInTest, startCore } from '../support/core-in-test.ts'

const dir = mkdtempSync(join(tmpdir(), 'unreadable-'))
let core: CoreInTest | undefined
afterEach(async () => {
  await core?.stop()
  rmSync(dir, { recursive: true, force: true })
})

test('HSM-TOKEN-DAMAGED the window’s list has the slot whose token cannot be read, and why, beside the others', async () => {
  const library = stubModule(dir, 'stub', { SLOTS: 2, UNREADABLE: 2, TOKEN_ANSWER: 0xe1 })
  core = await startCore(dir, findProgram(), library)
  expect(await core.call('tokens.list', {})).toMatchObject({
    ok: true,
    value: {
      slots: [
        { slot: '1', token: { serial: '5551234' }, failure: null },
        { slot: '2', token: null, failure: { code: 'HSM-TOKEN-DAMAGED', detail: expect.any(String) } },
      ],
    },
  })
}, 60_000)
