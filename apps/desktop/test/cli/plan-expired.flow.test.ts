import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { findSoftTokenLibrary } from '@lux/hsm'
import { afterAll, expect, test } from 'vitest'
import { custody, custodyJson, each, temporaryFolder } from './support/custody.ts'
import { enrolled, newPolicy, passphraseFile } from './support/people.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('POLICY-EXPIRED new and lint say that no run opens under a plan’s policy, and nobody rehearses or locks it', async () => {
  const seats = ['administrator', 'operator', 'so', 'officer', 'witness'] as const
  const people = await Promise.all(seats.map((kind) => enrolled(folder, kind, `The ${kind}`)))
  const [officer, witness] = people.slice(3)
  const policy = at('policy.json')
  const quorums = ['--quorum', '1', '--witness', witness?.cardPath ?? '', '--witness-quorum', '1']
  await custody([
    ...newPolicy(policy),
    ...['--officer', officer?.cardPath ?? '', ...quorums, '--soft-tokens', '--expiry', '2020-01-01'],
  ])
  const pass = ['--passphrase-file', passphraseFile(folder)]
  await custody(['policy', 'sign', policy, '--key', officer?.keyPath ?? '', '--yes', ...pass])

  const [plan, under] = [at('plan.yaml'), ['--policy', policy]]
  const person = [...each('--person', ...people.map(({ cardPath }) => cardPath))]
  const library = ['--library', findSoftTokenLibrary() ?? '']
  const warned = { warnings: [expect.stringMatching(/POLICY-EXPIRED.*2020-01-01/)] }
  expect(
    await custodyJson([
      'plan',
      'new',
      'token-initialisation',
      ...under,
      ...library,
      ...person,
      '--out',
      plan,
    ]),
  ).toMatchObject({ exit: 0, json: warned })
  expect(await custodyJson(['plan', 'lint', plan, ...under])).toMatchObject({ exit: 0, json: warned })
  const expired = { exit: 1, json: { code: 'POLICY-EXPIRED' } }
  expect(await custodyJson(['rehearse', plan, ...under, '--out', at('rehearsal')])).toMatchObject(expired)
  expect(existsSync(at('rehearsal'))).toBe(false)
  const approve = ['plan', 'approve', plan, at('none.sig'), ...under, '--rehearsed', at('none.zip')]
  expect(await custodyJson([...approve, '--out', at('lock.json')])).toMatchObject(expired)
}, 60_000)
