import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { knownVerdicts } from '../../../crypto/test/quick-signatures.ts'
import { type AttestationCheck, type BundleVerdict, verifyBundle } from '../../src/exports/bundle.ts'
import { encodePolicyFile, type PolicyFile } from '../../src/exports/policy.ts'
import { memoryReader } from './sample-bundle.ts'

/** Folder of verify.py. */
export const verifier = fileURLToPath(new URL('../../../../tools/verifier/', import.meta.url))
// One interpreter for the whole corpus, so that a signature seen before is not verified again.
// Signatures of which it is told the answer it does not compute: each takes plain Python a tenth of a second.
const driver = `
import base64, hashlib, json, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import verify
known = json.loads(open(sys.argv[2]).read())
def told(scheme, compute):
    def answer(*parts):
        name = hashlib.sha256(f'{scheme} verify'.encode())
        for part in parts:
            name.update(f'/{len(part)}/'.encode() + part)
        before = known.get(base64.b64encode(name.digest()).decode())
        return compute(*parts) if before is None else before
    return answer
verify.VERIFY = {scheme: told(scheme, compute) for scheme, compute in verify.VERIFY.items()}
results = []
for line in sys.stdin:
    bundle, policy = json.loads(line)
    loaded = verify.parse(open(policy, 'rb').read(), verify.policy_file_shape, 1 << 20) if policy else None
    with open(bundle, 'rb') as file:
        result = verify.Verifier(file, loaded).verify()
    results.append({'verdict': result['verdict'], 'failed': result['failed'], 'notes': result['notes'], 'said': {check['id']: check['detail'] for check in result['checks']}})
print(json.dumps(results))
`

export type Case = { bytes: Uint8Array; policy: PolicyFile | null }

type Verdict = Pick<BundleVerdict, 'verdict' | 'failed'>

type Words = Verdict & Pick<BundleVerdict, 'notes'> & { said: Record<string, string> }

/**
 * What the second verifier says of bundles, each beside the policy that it is given. It computes every signature itself, or is
 * `told` those that this worker has verified, where signatures are not the claim.
 */
export function secondVerdicts(cases: readonly Case[], signatures?: 'computed' | 'told'): Verdict[] {
  return secondWords(cases, signatures).map(({ verdict, failed }) => ({ verdict, failed }))
}

/** As `secondVerdicts`, with what is said of each check. */
export function secondWords(cases: readonly Case[], signatures: 'computed' | 'told' = 'computed'): Words[] {
  const folder = mkdtempSync(join(tmpdir(), 'lux-corpus-'))
  try {
    writeFileSync(join(folder, 'known'), JSON.stringify(signatures === 'told' ? knownVerdicts() : {}))
    return verdictsIn(folder, cases)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Has both verifiers look at every case, and expects the same verdict and the same failed checks. */
export async function compare(
  cases: readonly Case[],
  attestation?: AttestationCheck,
  signatures?: 'computed' | 'told',
): Promise<Verdict[]> {
  const first: Omit<Words, 'said'>[] = []
  for (const { bytes, policy } of cases) {
    const { verdict, failed, notes } = await verifyBundle(memoryReader(bytes), {
      ...(policy ? { policy } : {}),
      ...(attestation ? { attestation } : {}),
    })
    first.push({ verdict, failed, notes })
  }
  const second = secondWords(cases, signatures)
  expect(second.map(({ verdict, failed, notes }) => ({ verdict, failed, notes }))).toEqual(first)
  return first.map(({ verdict, failed }) => ({ verdict, failed }))
}

function verdictsIn(folder: string, cases: readonly Case[]): ReturnType<typeof secondWords> {
  const lines = cases.map(({ bytes, policy }, index) => {
    const bundle = join(folder, `${index}.zip`)
    writeFileSync(bundle, bytes)
    if (policy === null) return JSON.stringify([bundle, null])
    writeFileSync(`${bundle}.policy`, encodePolicyFile(policy))
    return JSON.stringify([bundle, `${bundle}.policy`])
  })
  const run = spawnSync('python3', ['-c', driver, verifier, join(folder, 'known')], {
    input: lines.join('\n'),
    encoding: 'utf8',
    // 1,500 bundles have more words than a megabyte.
    maxBuffer: 1 << 28,
  })
  expect(run.stderr).toBe('')
  // The driver writes one verdict a line that it reads.
  return JSON.parse(run.stdout) as ReturnType<typeof secondWords>
}
