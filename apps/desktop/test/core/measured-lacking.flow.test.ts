import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type FaultBench, startFaultBench } from '../../../../packages/hsm/test/faults/fault-bench.ts'
import { rehearsed } from './support/rehearsed.ts'

vi.setConfig({ testTimeout: 180_000 })

let dir: string
let bench: FaultBench
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'measured-lacking-'))
  bench = await startFaultBench()
  bench.plan(
    'C_GenerateKey@*=refuses:COPYABLE:CKR_TEMPLATE_INCONSISTENT',
    'C_GenerateKeyPair@*=refuses:COPYABLE|WRAP_WITH_TRUSTED:CKR_ATTRIBUTE_TYPE_INVALID',
    'C_UnwrapKey@*=refuses:COPYABLE:CKR_TEMPLATE_INCONSISTENT',
    'C_GetAttributeValue@*=lacks:COPYABLE',
    'C_CopyObject@*=CKR_FUNCTION_NOT_SUPPORTED',
  )
})
afterAll(async () => {
  await bench?.close()
  rmSync(dir, { recursive: true, force: true })
})

test('a measured token without COPYABLE and C_CopyObject holds a root, and both verifiers accept its bundle', async () => {
  // No window: it ends with a copy.
  const needs = ['kwp', 'unwrap-template', 'gcm']
  const values = { profile: 'measured', needs }
  const { plan, transcript } = await rehearsed({ hsm: bench.hsm, dir, script: 'root-kek', values })
  expect(plan.tokens).toMatchObject([{ profile: 'measured', needs }])
  const probed = JSON.parse(transcript.split('\n').find((line) => line.includes('"capabilities"')) ?? '{}')
  expect(probed.fact?.result.capabilities).toEqual([{ role: 'root', able: true, lacks: ['COPYABLE'] }])
})
