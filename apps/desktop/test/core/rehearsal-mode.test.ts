import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { rehearsalOfScript } from '../../src/core/rehearsal/rehearsal-of-script.ts'
import { listScripts } from '../../src/core/services/ceremonies/begin-ceremony.ts'
import type { Parts } from '../../src/core/services/shared/parts.ts'
import { systemClock, systemEntropy } from '../../src/core/system.ts'

const resources = fileURLToPath(new URL('../../../../resources', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'rehearsal-mode-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function rehearsed(values: Readonly<Record<string, unknown>>) {
  const script = new Uint8Array(readFileSync(join(resources, 'scripts', 'threshold-fhe.yaml')))
  const request = {
    folder,
    of: { script, values },
    destinations: [],
    library: '0a'.repeat(32),
    measurement: { build: `dev:${'0b'.repeat(20)}` },
    entropy: systemEntropy,
    clock: systemClock,
    keyChild: { execPath: '', entry: '' },
  }
  // Of the measurement only the build is read, and no key child is started by a script that deals its own key.
  return (await rehearsalOfScript(request as never, { script, values })).plan.fhe
}

test('a rehearsal of a script makes no squashing key, which takes minutes, unless somebody asks for it', async () => {
  expect(await rehearsed({})).toMatchObject({ mode: 'F', squash: false })
  expect(await rehearsed({ fheMode: 'S', fheSquash: true })).toMatchObject({ mode: 'S', squash: true })
})

test('the window shows these two in the form of a rehearsal, where they can be chosen', () => {
  // Of the parts only the resources are read.
  const { scripts } = listScripts({ program: { resources } } as unknown as Parts)
  const fields = scripts.find(({ id }) => id === 'threshold-fhe')?.fields
  expect(fields).toContainEqual(expect.objectContaining({ name: 'fheMode', initial: 'F' }))
  expect(fields).toContainEqual(expect.objectContaining({ name: 'fheSquash', initial: 'false' }))
})
