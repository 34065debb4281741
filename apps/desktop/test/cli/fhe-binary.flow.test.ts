import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import tfhe from 'node-tfhe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { custody, custodyJson, each, temporaryFolder } from './support/custody.ts'

let folder: string
const at = (...parts: string[]) => join(folder, ...parts)
const verifier = fileURLToPath(new URL('../../../../tools/verifier/verify.py', import.meta.url))

beforeAll(async () => {
  folder = temporaryFolder()
  const boolean = tfhe.Boolean.new_client_key(tfhe.Boolean.get_parameters(0))
  writeFileSync(at('key.bin'), tfhe.Boolean.serialize_client_key(boolean))
  const deal = ['fhe', 'deal', '--client-key', at('key.bin'), '--quorum', '2', '--holders', '3']
  expect((await custody([...deal, '--rehearsal', '--out', at('dealt')])).exit).toBe(0)
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a TFHE_BINARY key', () => {
  test('is dealt in a rehearsal of a ceremony, and both verifiers accept its bundle', async () => {
    const set = ['--set', 'fheType=TFHE_BINARY', '--set', 'fheMode=S', '--set', 'fheSquash=false']
    const run = await custody(['rehearse', 'threshold-fhe', ...set, '--out', at('run')])
    expect(run.exit, run.stderr).toBe(0)
    const [bundle, policy] = [at('run', 'bundle.zip'), at('run', 'policy.json')]
    expect((await custody(['verify', bundle, '--policy', policy])).exit).toBe(0)
    const second = spawnSync('python3', [verifier, bundle, '--policy', policy], { encoding: 'utf8' })
    expect(second.stdout).toMatch(/\naccepted /)
    const seen = await custodyJson(['fhe', 'inspect', at('run', 'fhe', 'public.bin')])
    expect(seen.json.facts).toMatchObject({ key: 'TFHE_BINARY', size: 18_939 })
  }, 240_000)

  test('is printed in a plan with what its shares are for', async () => {
    const plan = at('run', 'plan.yaml')
    const shown = await custody(['plan', 'print', plan])
    expect(shown.stdout).toContain('its shares decrypt nothing, and no ceremony recovers it')
    expect(readFileSync(plan, 'utf8')).toContain('TFHE_BINARY')
  }, 60_000)

  test('its shares are refreshed with a word on how they are proved: by recovering, for no audit can', async () => {
    const shares = [1, 3].map((i) => at('dealt', `holder-${i}.bin`))
    const common = ['--public', at('dealt', 'public.bin'), ...each('--share', ...shares), '--rehearsal']
    const refreshed = await custody(['fhe', 'refresh', ...common, '--out', at('next')])
    expect(refreshed.exit).toBe(0)
    expect(refreshed.stdout).toContain('unproven until "custody fhe recover" of them gives the same key')
    expect(refreshed.stdout).not.toMatch(/audit|blocks/)
    const next = [2, 3].map((i) => at('next', `holder-${i}.bin`))
    const recover = ['fhe', 'recover', ...next, '--public', at('next', 'public.bin'), '--rehearsal']
    expect((await custody([...recover, '--out', at('again.bin')])).exit).toBe(0)
    expect(readFileSync(at('again.bin'))).toEqual(readFileSync(at('key.bin')))
  }, 60_000)

  test('FHE-WHOLE-KEY no remedy sends anybody to a ceremony that does not exist', async () => {
    const deal = ['fhe', 'deal', '--client-key', at('key.bin'), '--quorum', '2', '--holders', '3']
    const open = await custody([...deal, '--out', at('open')])
    expect(open.exit).toBe(1)
    expect(open.stderr).toContain('FHE-WHOLE-KEY')
    expect(open.stderr).toContain('deals a TFHE_INTEGER key of its own')
    expect(open.stderr).not.toContain('deal it inside a ceremony')
  }, 60_000)
})
