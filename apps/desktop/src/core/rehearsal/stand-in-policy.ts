import { join } from 'node:path'
import { encodePolicyFile, memberOf, type Policy, policyDigest, policyDocument } from '@lux/ceremony/policy'
import { newest } from '@lux/ceremony/wire'
import { writeDurably } from '@lux/node-files'
import { nextPolicyFile } from '../runs/folder/next-policy.ts'
import type { RehearsalRequest } from './rehearsal-request.ts'
import { makeStandIns } from './stand-ins.ts'

/**
 * The next version of a rehearsal's policy, whose digest it gives: the last officer leaves, and another comes, who has signed it
 * already. It lies where a run reads it.
 */
export async function makeNextPolicy(
  { folder, entropy }: Pick<RehearsalRequest, 'folder' | 'entropy'>,
  before: Policy,
): Promise<string> {
  const [comes] = await makeStandIns([{ role: 'officer', name: 'Officer who joins' }], entropy)
  const leaves = before.officers.at(-1)
  if (comes === undefined || leaves === undefined) throw new RangeError('a policy has an officer')
  const member = memberOf(comes.card)
  const change = (of: typeof member, how: 'added' | 'removed') => ({
    role: 'officer' as const,
    name: of.name,
    card: of.card,
    change: how,
    reason: 'rehearsed',
  })
  const policy: Policy = {
    ...before,
    v: newest,
    oldest: { card: before.oldest?.card ?? 1, run: newest },
    version: before.version + 1,
    previous: policyDigest(before),
    officers: [...before.officers.slice(0, -1), member],
    changes: [change(member, 'added'), change(leaves, 'removed')],
  }
  const signatures = [policyDocument.sign(comes.identity, policy, 'rehearsal')]
  writeDurably(join(folder, nextPolicyFile), encodePolicyFile({ policy, signatures }))
  return policyDigest(policy)
}
