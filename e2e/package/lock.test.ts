import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { strongPassphrase } from '../../packages/crypto/test/strong-passphrase.ts'
import { privateFolder } from '../../scripts/electron/launch.ts'
import { jsonOf, runAt } from '../support/commands.ts'
import { packagedFolder } from '../support/packaged.ts'

const folder = privateFolder('lux-packaged-lock-')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The package's own command, as docs/guide/production-commands.md has it, in the folder of whoever tries it. */
async function custody(...args: string[]): Promise<Record<string, unknown>> {
  return jsonOf(await runAt(join(packagedFolder(), 'custody'), ['--json', ...args], folder))
}

const file = (name: string): string => join(folder, name)
const people = [
  ['administrator', 'Anna'],
  ['operator', 'Omar'],
  ['so', 'Sofia'],
  ['officer', 'Ada'],
  ['officer', 'Bob'],
  ['witness', 'Wim'],
] as const

test('PACKAGE-LOCK its own custody leads from people’s cards to a plan that officers have locked for this very build', {
  timeout: 120_000,
}, async () => {
  writeFileSync(file('passphrase'), `${strongPassphrase}\n`)
  chmodSync(file('passphrase'), 0o600)
  const secret = ['--passphrase-file', 'passphrase']
  for (const folder of ['people', 'keys']) mkdirSync(file(folder))
  const names = await Promise.all(
    people.map(async ([role, name]) => {
      const made = ['--out', `people/${name}.json`, '--key', `keys/${name}.key`, '--schemes', 'ed25519']
      await custody(role, 'enrol', '--name', name, '--domain', 'production', ...made, ...secret)
      return `people/${name}.json`
    }),
  )
  const { build } = await custody('version')
  await custody(
    ...[
      'policy',
      'new',
      '--organisation',
      'acme',
      '--organisation-name',
      'Acme Ltd',
      '--domain',
      'production',
    ],
    ...[
      '--expiry',
      '2099-12-31',
      '--officer',
      'people/Ada.json',
      '--officer',
      'people/Bob.json',
      '--quorum',
      '2',
    ],
    ...['--witness', 'people/Wim.json', '--witness-quorum', '1', '--soft-tokens', '--least-evidence', 'E0'],
    ...['--accept-tool', String(build), '--out', 'policy.json'],
  )
  for (const name of ['Ada', 'Bob'])
    await custody('policy', 'sign', 'policy.json', '--key', `keys/${name}.key`, '--yes', ...secret)
  expect(await custody('policy', 'check', 'policy.json')).toMatchObject({ ok: true })
  const shown = await custody('policy', 'show', 'policy.json')

  const planned = await custody(
    ...[
      'plan',
      'new',
      'token-initialisation',
      '--policy',
      'policy.json',
      ...names.flatMap((card) => ['--person', card]),
    ],
    ...['--library', '/usr/lib/softhsm/libsofthsm2.so', '--set', 'title=A token', '--out', 'plan.yaml'],
  )
  expect(await custody('plan', 'lint', 'plan.yaml', '--policy', 'policy.json')).toMatchObject({ ok: true })
  expect(await custody('plan', 'hash', 'plan.yaml')).toMatchObject({ plans: [{ hash: planned.hash }] })
  await custody('rehearse', 'plan.yaml', '--policy', 'policy.json', '--out', 'rehearsal')
  const rehearsed = ['--rehearsed', 'rehearsal/bundle.zip']
  await custody('plan', 'request', 'plan.yaml', ...rehearsed, '--out', 'approve.json')
  for (const name of ['Ada', 'Bob']) {
    const signed = ['--key', `keys/${name}.key`, '--out', `${name}.sig`, '--yes', ...secret]
    await custody('officer', 'approve', 'approve.json', ...signed)
  }
  const policy = ['--policy', 'policy.json', ...rehearsed, '--out', 'plan.lock.json']
  await custody('plan', 'approve', 'plan.yaml', 'Ada.sig', 'Bob.sig', ...policy)
  const lock = JSON.parse(readFileSync(file('plan.lock.json'), 'utf8'))
  expect(lock).toMatchObject({ planHash: planned.hash, policyDigest: shown.digest, diffDigest: null })
  expect(lock.signatures).toHaveLength(2)
  expect(readFileSync(file('plan.yaml'), 'utf8')).toContain(String(build))
})
