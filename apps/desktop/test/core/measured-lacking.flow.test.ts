import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verifyBundle } from '@lux/ceremony/bundle'
import { parsePolicyFile } from '@lux/ceremony/policy'
import { fileReader, readBounded } from '@lux/node-files'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { compare } from '../../../../packages/ceremony/test/support/second-verifier.ts'
import { type FaultBench, startFaultBench } from '../../../../packages/hsm/test/faults/fault-bench.ts'
import { runParts } from '../../src/cli/ceremony/session.ts'
import { findProgram } from '../../src/core/program.ts'
import { beginRehearsal, startCommand } from '../../src/core/rehearsal/begin-rehearsal.ts'
import { driveRehearsal } from '../../src/core/rehearsal/drive-rehearsal.ts'
import { rehearsalPins } from '../../src/core/rehearsal/rehearsal-pins.ts'
import { makeStandInTokens } from '../../src/core/rehearsal/stand-in-tokens.ts'
import { loadStandIns } from '../../src/core/rehearsal/stand-ins.ts'
import { firstOfLine } from '../../src/core/runs/effects/context.ts'
import { runOn } from '../../src/core/runs/run/load-run.ts'
import { systemClock, systemEntropy } from '../../src/core/system.ts'

vi.setConfig({ testTimeout: 180_000 })

let dir: string
let bench: FaultBench
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'measured-lacking-'))
  mkdirSync(join(dir, 'medium'))
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
  const { hsm } = bench
  const program = findProgram()
  // No window: it ends with a copy.
  const needs = ['kwp', 'unwrap-template', 'gcm']
  const folder = await beginRehearsal({
    folder: join(dir, 'run'),
    of: {
      script: new Uint8Array(readFileSync(join(program.resources, 'scripts', 'root-kek.yaml'))),
      values: { profile: 'measured', needs },
    },
    destinations: [],
    library: hsm.library.sha256,
    measurement: program.measurement,
    entropy: systemEntropy,
    clock: systemClock,
    keyChild: { execPath: program.execPath, entry: program.keyChildEntry },
  })
  const parts = runParts(program, hsm, { medium: join(dir, 'medium'), lineage: firstOfLine })
  const run = runOn(folder, parts, () => undefined)
  try {
    const tokens = await makeStandInTokens(folder.plan, hsm, rehearsalPins(folder.path))
    expect(run.submit({ ...startCommand(folder, []), tokens })).toBeNull()
    const { why } = await driveRehearsal(run, {
      standIns: loadStandIns(folder.path),
      pins: rehearsalPins(folder.path),
      stopAtSealed: false,
      now: systemClock.now,
    })
    expect([run.view().exceptions, why, run.view().state]).toEqual([[], 'over', 'Sealed'])
    expect(folder.plan.tokens).toMatchObject([{ profile: 'measured', needs }])
    const probed = JSON.parse(
      readFileSync(join(folder.path, 'transcript.jsonl'), 'utf8')
        .split('\n')
        .find((line) => line.includes('"capabilities"')) ?? '{}',
    )
    expect(probed.fact?.result.capabilities).toEqual([{ role: 'root', able: true, lacks: ['COPYABLE'] }])
    const policy = parsePolicyFile(readBounded(join(folder.path, 'policy.json'), 1 << 20))
    if (!policy.ok) throw new Error(policy.detail)
    const path = join(folder.path, 'bundle.zip')
    const verdict = await verifyBundle(fileReader(path), { policy: policy.value })
    expect(verdict.checks.filter(({ ok }) => ok !== true)).toEqual([])
    const [both] = await compare([{ bytes: new Uint8Array(readFileSync(path)), policy: policy.value }])
    expect(both?.verdict).toBe('accepted')
  } finally {
    folder.close()
  }
})
