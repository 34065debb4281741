import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { type AttestationCheck, type BundleVerdict, verifyBundle } from '../../src/exports/bundle.ts'
import { encodePolicyFile, type PolicyFile } from '../../src/exports/policy.ts'
import { memoryReader } from './sample-bundle.ts'

/** Folder of verify.py. */
export const verifier = fileURLToPath(new URL('../../../../tools/verifier/', import.meta.url))
// One interpreter for the whole corpus, so that a signature seen before is not verified again.
const driver = `
import json, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import verify
results = []
for line in sys.stdin:
    bundle, policy = json.loads(line)
    loaded = verify.parse(open(policy, 'rb').read(), verify.policy_file_shape, 1 << 20) if policy else None
    with open(bundle, 'rb') as file:
        result = verify.Verifier(file, loaded).verify()
    results.append({'verdict': result['verdict'], 'failed': result['failed']})
print(json.dumps(results))
`

export type Case = { bytes: Uint8Array; policy: PolicyFile | null }

type Verdict = Pick<BundleVerdict, 'verdict' | 'failed'>

/** What the second verifier says of bundles, each beside the policy that it is given. */
export function secondVerdicts(cases: readonly Case[]): Verdict[] {
  const folder = mkdtempSync(join(tmpdir(), 'lux-corpus-'))
  try {
    return verdictsIn(folder, cases)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Has both verifiers look at every case, and expects the same verdict and the same failed checks. */
export async function compare(cases: readonly Case[], attestation?: AttestationCheck): Promise<Verdict[]> {
  const second = secondVerdicts(cases)
  const first: Verdict[] = []
  for (const { bytes, policy } of cases) {
    const { verdict, failed } = await verifyBundle(memoryReader(bytes), {
      ...(policy ? { policy } : {}),
      ...(attestation ? { attestation } : {}),
    })
    first.push({ verdict, failed })
  }
  expect(second).toEqual(first)
  return first
}

function verdictsIn(folder: string, cases: readonly Case[]): Verdict[] {
  const lines = cases.map(({ bytes, policy }, index) => {
    const bundle = join(folder, `${index}.zip`)
    writeFileSync(bundle, bytes)
    if (policy === null) return JSON.stringify([bundle, null])
    writeFileSync(`${bundle}.policy`, encodePolicyFile(policy))
    return JSON.stringify([bundle, `${bundle}.policy`])
  })
  const run = spawnSync('python3', ['-c', driver, verifier], { input: lines.join('\n'), encoding: 'utf8' })
  expect(run.stderr).toBe('')
  // The driver writes one verdict a line that it reads.
  return JSON.parse(run.stdout) as Verdict[]
}
