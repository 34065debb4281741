import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parsePolicyFile } from '@lux/ceremony/policy'
import { parseTranscript } from '@lux/ceremony/transcript'
import { expect, onTestFinished, test, vi } from 'vitest'
import { compare } from '../../../../packages/ceremony/test/support/second-verifier.ts'
import { custody } from './support/cli.ts'

vi.setConfig({ testTimeout: 180_000 })

test('the run of a script of version 2 is of version 3, as its plan, transcript and bundle are, which name maker, model, firmware and library of the token', async () => {
  const place = mkdtempSync(join(tmpdir(), 'lux-version-3-'))
  onTestFinished(() => rmSync(place, { recursive: true, force: true }))
  const shipped = new URL('../../../../resources/scripts/root-kek.yaml', import.meta.url)
  const script = join(place, 'root-kek.yaml')
  writeFileSync(script, readFileSync(shipped, 'utf8').replace(/^v: \d$/m, 'v: 2'))
  const run = join(place, 'run')
  expect(await custody(['rehearse', script, '--out', run])).toMatchObject({ code: 0, json: { ok: true } })

  const read = parseTranscript(new Uint8Array(readFileSync(join(run, 'transcript.jsonl'))))
  if (!read.ok) throw new Error(read.detail)
  const { header, entries } = read.value
  expect(header.v).toBe(3)
  const facts = entries.flatMap((entry) => ('fact' in entry ? [entry.fact] : []))
  const probed = facts.find((fact) => fact.effect === 'probe-token' && fact.result !== undefined)
  expect(probed).toMatchObject({
    result: {
      token: {
        maker: expect.stringContaining('SoftHSM'),
        model: expect.stringContaining('SoftHSM'),
        firmware: expect.stringMatching(/^\d+\.\d+$/),
        library: header.tokens[0]?.library,
      },
    },
  })
  expect(probed).toMatchObject({ result: { capabilities: [{ role: 'root', able: true, lacks: [] }] } })
  // Where the rehearsal ran, whatever the plan names.
  expect(header.tokens).toMatchObject([
    { device: { maker: expect.stringContaining('SoftHSM'), firmware: expect.any(String) } },
  ])
  const heard = entries.flatMap((entry) =>
    entry.kind === 'reading.heard' && 'fact' in entry ? [entry.fact] : [],
  )
  // Whoever goes on says it where nobody else does.
  const by = [expect.any(String)]
  expect(heard).toEqual(
    [
      { what: 'plan', digest: header.planHash },
      { what: 'policy', digest: header.policyDigest },
      { what: 'bundle', digest: expect.any(String) },
    ].map((one) => ({ ...one, by })),
  )
  const policy = parsePolicyFile(new Uint8Array(readFileSync(join(run, 'policy.json'))))
  if (!policy.ok) throw new Error(policy.detail)
  const bytes = new Uint8Array(readFileSync(join(run, 'bundle.zip')))
  expect(await compare([{ bytes, policy: policy.value }])).toEqual([{ verdict: 'accepted', failed: [] }])
})
