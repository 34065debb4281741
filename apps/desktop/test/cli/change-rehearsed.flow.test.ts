import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { custody } from './support/custody.ts'

const folder = mkdtempSync(join(tmpdir(), 'lux-change-'))
const verifier = fileURLToPath(new URL('../../../../tools/verifier/verify.py', import.meta.url))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the ceremonies that change what is there', () => {
  test.each(['officer-change', 'kek-rotation', 'kek-rotation-backup', 'revocation', 'decommission'])(
    'custody rehearse %s ends with a bundle that both verifiers accept',
    async (script) => {
      const out = join(folder, script)
      const run = await custody(['rehearse', script, '--out', out])
      expect(run.exit, run.stderr).toBe(0)
      const [bundle, policy] = [join(out, 'bundle.zip'), join(out, 'policy.json')]
      const first = await custody(['verify', bundle, '--policy', policy])
      expect(first.exit, first.stdout).toBe(0)
      const second = spawnSync('python3', [verifier, bundle, '--policy', policy], { encoding: 'utf8' })
      expect(second.stdout).toMatch(/\naccepted \(a rehearsal: nothing in it is for use\)\n$/)
    },
    120_000,
  )
})
