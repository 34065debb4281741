import { mkdir } from 'node:fs/promises'
import { encodePolicyFile, newPolicy, policyDocument } from '@lux/ceremony/policy'
import { expect, test } from 'vitest'
import { makePerson } from '../../../../../packages/ceremony/test/support/people.ts'
import { stateFolder } from '../../../src/platform/state-folder/folder.ts'
import { pinPolicy } from '../../../src/platform/state-folder/policies.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

test.each([
  ['2020-01-01T00:00:00.000Z', [expect.stringContaining('it expired on 2020-01-01')]],
  ['2099-01-01T00:00:00.000Z', []],
])('a policy that expires on %s is pinned, with a warning where that is over', async (expiry, warnings) => {
  const state = stateFolder(await temporaryFolder())
  await mkdir(state.policies)
  const { card, identity } = makePerson('officer', 'Ada', 'production')
  const organisation = { id: 'acme', name: 'Acme Ltd' }
  const policy = newPolicy({
    organisation,
    domain: 'production',
    expiry,
    officers: [card],
    officerQuorum: 1,
  })
  const signatures = [policyDocument.sign(identity, policy, 'production')]
  const pinned = await pinPolicy(state, 'production', encodePolicyFile({ policy, signatures }))
  expect(pinned).toMatchObject({ ok: true, value: { warnings } })
})
