import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { verifyBundle } from '@lux/ceremony/bundle'
import { parsePolicyFile } from '@lux/ceremony/policy'
import type { Hsm } from '@lux/hsm'
import { fileReader, readBounded } from '@lux/node-files'
import { expect } from 'vitest'
import { compare } from '../../../../../packages/ceremony/test/support/second-verifier.ts'
import { runParts } from '../../../src/cli/ceremony/session.ts'
import { findProgram } from '../../../src/core/program.ts'
import { beginRehearsal, startCommand } from '../../../src/core/rehearsal/begin-rehearsal.ts'
import { driveRehearsal } from '../../../src/core/rehearsal/drive-rehearsal.ts'
import { rehearsalPins } from '../../../src/core/rehearsal/rehearsal-pins.ts'
import { makeStandInTokens } from '../../../src/core/rehearsal/stand-in-tokens.ts'
import { loadStandIns } from '../../../src/core/rehearsal/stand-ins.ts'
import { firstOfLine } from '../../../src/core/runs/effects/context.ts'
import { runOn } from '../../../src/core/runs/run/load-run.ts'
import { systemClock, systemEntropy } from '../../../src/core/system.ts'

type Rehearsed = {
  readonly hsm: Hsm
  /** A folder of the caller's, in which the run's is made. */
  readonly dir: string
  readonly script: string
  readonly values: Record<string, unknown>
  /** The tokens that the run takes, where they are there already. */
  readonly tokens?: (pinsFile: string) => { role: string; serial: string }[]
}

/** Rehearses a script on the tokens of a library to its end: no exception, and both verifiers accept the bundle. */
export async function rehearsed({ hsm, dir, script, values, tokens }: Rehearsed) {
  const program = findProgram()
  mkdirSync(join(dir, 'medium'), { recursive: true })
  const folder = await beginRehearsal({
    folder: join(dir, 'run'),
    of: {
      script: new Uint8Array(readFileSync(join(program.resources, 'scripts', `${script}.yaml`))),
      values,
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
    const bound =
      tokens?.(join(folder.path, 'token', 'pins.json')) ??
      (await makeStandInTokens(folder.plan, hsm, rehearsalPins(folder.path)))
    expect(run.submit({ ...startCommand(folder, []), tokens: bound })).toBeNull()
    const { why } = await driveRehearsal(run, {
      standIns: loadStandIns(folder.path),
      pins: rehearsalPins(folder.path),
      stopAtSealed: false,
      now: systemClock.now,
    })
    expect([run.view().exceptions, why, run.view().state]).toEqual([[], 'over', 'Sealed'])
    const policy = parsePolicyFile(readBounded(join(folder.path, 'policy.json'), 1 << 20))
    if (!policy.ok) throw new Error(policy.detail)
    const path = join(folder.path, 'bundle.zip')
    const verdict = await verifyBundle(fileReader(path), { policy: policy.value })
    expect(verdict.checks.filter(({ ok }) => ok !== true)).toEqual([])
    const [both] = await compare([{ bytes: new Uint8Array(readFileSync(path)), policy: policy.value }])
    expect(both?.verdict).toBe('accepted')
    return { plan: folder.plan, transcript: readFileSync(join(folder.path, 'transcript.jsonl'), 'utf8') }
  } finally {
    folder.close()
  }
}
