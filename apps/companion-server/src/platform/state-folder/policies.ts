import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  checkPolicy,
  checkSuccessor,
  encodePolicyFile,
  fingerprintWords,
  type Policy,
  type PolicyFile,
  parsePolicyFile,
  policyDigest,
} from '@lux/ceremony/policy'
import { accept, EnvironmentError, type Outcome, refuse } from '../../refusal.ts'
import type { StateFolder } from './folder.ts'
import { readIfPresent, writeWhole } from './private-file.ts'
import type { Domain } from './settings.ts'

const maxPolicy = 1 << 20

/** `warnings`: it has expired. It is pinned all the same, for bundles of runs that opened before. */
export type Pinned = {
  readonly digest: string
  readonly words: readonly string[]
  readonly policy: Policy
  readonly warnings: readonly string[]
}

/** Every policy ever pinned, oldest first. They are files, not rows: who can write to the database pins nothing. */
export async function pinnedPolicies(state: StateFolder): Promise<PolicyFile[]> {
  const names = (await readdir(state.policies)).filter((name) => /^\d{7}\.json$/.test(name)).toSorted()
  const files: PolicyFile[] = []
  for (const name of names) {
    const bytes = await readIfPresent(join(state.policies, name), maxPolicy)
    if (bytes === 'absent') continue
    const parsed = parsePolicyFile(bytes)
    if (!parsed.ok) throw new EnvironmentError('STATE-DAMAGED', `${name}: ${parsed.detail}`)
    files.push(parsed.value)
  }
  return files
}

/**
 * Pins a policy: the first by hand, each later one only as the successor of the newest, signed by officers of both.
 * A rehearsal derives a policy of its own each time, so a rehearsal server is for one rehearsal: REHEARSAL-POLICY. Refuses
 * POLICY-…; pinning the newest again changes nothing.
 */
export async function pinPolicy(
  state: StateFolder,
  domain: Domain,
  bytes: Uint8Array,
): Promise<Outcome<Pinned>> {
  const parsed = parsePolicyFile(bytes)
  if (!parsed.ok) return parsed
  const file = parsed.value
  if (file.policy.domain !== domain) {
    return refuse('POLICY-DOMAIN', `a ${domain} server pins no ${file.policy.domain} policy`)
  }
  const digest = policyDigest(file.policy)
  const newest = (await pinnedPolicies(state)).at(-1)
  if (newest && policyDigest(newest.policy) === digest) return accept(pinned(newest.policy))
  if (newest && domain === 'rehearsal' && file.policy.previous !== policyDigest(newest.policy)) {
    return refuse(
      'REHEARSAL-POLICY',
      'this server rehearses under another policy already: each rehearsal needs a server folder of its own',
    )
  }
  const checked = newest ? checkSuccessor(newest.policy, file) : checkPolicy(file)
  if (!checked.ok) return checked
  const name = `${String(file.policy.version).padStart(7, '0')}.json`
  await writeWhole(join(state.policies, name), encodePolicyFile(file))
  return accept(pinned(file.policy))
}

function pinned(policy: Policy): Pinned {
  const warnings =
    policy.expiry < new Date().toISOString()
      ? [
          `warning: it expired on ${policy.expiry}: only bundles of runs that opened before are taken in under it`,
        ]
      : []
  return { digest: policyDigest(policy), words: fingerprintWords(policy), policy, warnings }
}
