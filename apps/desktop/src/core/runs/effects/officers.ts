import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Predicate } from '@lux/ceremony/bundle'
import { checkAhead, checkNewPolicy, type PolicyFile, policyDigest } from '@lux/ceremony/policy'
import { ExpectedError, readBounded } from '@lux/node-files'
import { nextPolicyFile, readNextPolicy } from '../folder/next-policy.ts'
import type { RunFolder } from '../folder/run-folder.ts'
import type { Perform } from './context.ts'
import type { Collected } from './sealing/bundle-threshold.ts'
import { leavesNothing, type Works } from './work.ts'

/** Reads the next version of the policy from the run's folder, which need not be signed yet. Errors: POLICY-NEXT-MISSING, POLICY-…. */
export const readPolicy: Perform<'read-policy'> = async (_effect, { folder }) => {
  if (!existsSync(join(folder.path, nextPolicyFile)))
    throw new ExpectedError('POLICY-NEXT-MISSING', `${nextPolicyFile} is not in the run’s folder`)
  const file = readNextPolicy(folder)
  const made = checkNewPolicy(file.policy)
  if (!made.ok) throw new ExpectedError(made.rule, made.detail)
  return whoSigns(folder, file)
}

function whoSigns(folder: RunFolder, file: PolicyFile) {
  const ahead = checkAhead(folder.policy.policy, file)
  if (!ahead.ok) throw new ExpectedError(ahead.rule, ahead.detail)
  const { version, officerQuorum: quorum } = file.policy
  return { policy: policyDigest(file.policy), version, quorum, ...ahead.value }
}

/** The next policy as it was signed in the run. */
export function nextPolicyOf(folder: RunFolder, collected: Collected): Pick<Predicate, 'nextPolicy'> {
  if (folder.state.nextPolicy === null) return {}
  return { nextPolicy: collected.bytes(readBounded(join(folder.path, nextPolicyFile), 1 << 20)) }
}

export const works = {
  'read-policy': { perform: readPolicy, look: leavesNothing },
} satisfies Works<'read-policy'>
