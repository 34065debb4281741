import { X509Certificate } from 'node:crypto'
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { custody, custodyJson, each, temporaryFolder } from '../support/custody.ts'
import { type Enrolled, enrolled, newPolicy, passphraseFile } from '../support/people.ts'

let folder: string
let pass: string[]
let officers: Enrolled[]
let witness: Enrolled
let policy: string

const named = (out: string) => newPolicy(join(folder, out))
const cards = (people: readonly Enrolled[]) => people.map(({ cardPath }) => cardPath)

beforeAll(async () => {
  folder = temporaryFolder()
  pass = ['--passphrase-file', passphraseFile(folder)]
  officers = await Promise.all(['Ada', 'Bob', 'Eve'].map((name) => enrolled(folder, 'officer', name)))
  witness = await enrolled(folder, 'witness', 'Wim')
  policy = join(folder, 'policy.json')
  const made = await custody([
    ...named('policy.json'),
    ...each('--officer', ...cards(officers)),
    '--quorum',
    '2',
    '--witness',
    witness.cardPath,
    '--witness-quorum',
    '1',
  ])
  expect(made.stderr).toBe('')
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const sign = (file: string, key: string, out: string) =>
  custodyJson(['policy', 'sign', file, '--key', key, '--out', out, '--yes', ...pass])

describe('policy', () => {
  test('a new policy is in order once the quorum of its own officers has signed it, and not before', async () => {
    const [one, two] = [join(folder, 'one.json'), join(folder, 'two.json')]
    const [ada, bob] = officers
    const first = await sign(policy, ada?.keyPath ?? '', one)
    expect(first).toMatchObject({ exit: 0, json: { by: 'Ada', signed: ['Ada'] } })
    expect(first.stderr).toContain('any 2 sign')
    const early = await custodyJson(['policy', 'check', one])
    expect(early).toMatchObject({ exit: 1, json: { code: 'QUORUM-SHORT' } })
    await sign(one, bob?.keyPath ?? '', two)
    const check = await custodyJson(['policy', 'check', two])
    expect(check).toMatchObject({
      exit: 0,
      json: { policies: [{ signed: ['Ada', 'Bob'], officerQuorum: 2 }] },
    })

    const again = await sign(two, ada?.keyPath ?? '', join(folder, 'again.json'))
    expect(again).toMatchObject({ exit: 1, json: { code: 'SIGNATURE-DUPLICATE' } })

    const changed = join(folder, 'changed.json')
    writeFileSync(changed, readFileSync(two, 'utf8').replace('"softTokens":false', '"softTokens":true'))
    expect(await custodyJson(['policy', 'check', changed])).toMatchObject({
      exit: 1,
      json: { code: 'SIGNATURE-INVALID' },
    })
  }, 60_000)

  test('a next version names the one before, and is taken only with signatures of both', async () => {
    const [one, two, next, half] = ['v1a.json', 'v1.json', 'v2.json', 'v2a.json'].map((name) =>
      join(folder, name),
    ) as [string, string, string, string]
    await sign(policy, officers[0]?.keyPath ?? '', one)
    await sign(one, officers[1]?.keyPath ?? '', two)
    const made = await custodyJson([
      ...named('v2.json'),
      ...each('--officer', ...cards(officers)),
      '--quorum',
      '3',
      '--previous',
      two,
      ...['--reason', 'a larger board'],
    ])
    expect(made).toMatchObject({ exit: 0, json: { version: 2 } })
    const { policy: written } = JSON.parse(readFileSync(next, 'utf8'))
    expect(written.changes).toContainEqual(
      expect.objectContaining({ role: 'witness', name: 'Wim', change: 'removed', reason: 'a larger board' }),
    )
    await sign(next, officers[0]?.keyPath ?? '', half)
    const refusedNext = await custodyJson(['policy', 'check', two, half])
    expect(refusedNext).toMatchObject({ exit: 1, json: { code: 'POLICY-QUORUM' } })
    for (const { keyPath } of officers.slice(1)) {
      await custodyJson(['policy', 'sign', half, '--key', keyPath, '--yes', ...pass])
    }
    expect(await custodyJson(['policy', 'check', two, half])).toMatchObject({
      exit: 0,
      json: { policies: [{ version: 1 }, { version: 2, signed: ['Ada', 'Bob', 'Eve'] }] },
    })
  }, 60_000)

  test('POLICY-EXPIRED check says of a policy that has expired that no run opens under it any more', async () => {
    const [old, half, whole] = ['old.json', 'old-1.json', 'old-2.json'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ]
    const people = [...each('--officer', ...cards(officers)), '--quorum', '2']
    await custody([...named('old.json'), ...people, '--expiry', '2020-01-01'])
    await sign(old, officers[0]?.keyPath ?? '', half)
    await sign(half, officers[1]?.keyPath ?? '', whole)
    const late = await custodyJson(['policy', 'check', whole])
    expect(late).toMatchObject({
      exit: 0,
      json: { warnings: [expect.stringMatching(/POLICY-EXPIRED.*2020-01-01/)] },
    })
    expect(late.stderr).toContain('POLICY-EXPIRED')
  }, 60_000)

  test('show gives the fingerprint as words', async () => {
    const { exit, stdout } = await custody(['policy', 'show', policy])
    expect(exit).toBe(0)
    expect(stdout).toContain('witness    Wim')
    expect(stdout).toMatch(/digest +[0-9a-f]{64}\n( {2}([A-Za-z]+ ){7}[A-Za-z]+\n){4}/)
  })

  test('a card of another kind, of the other domain or given twice makes no policy, and no checkout is a build of production', async () => {
    const rehearsal = await enrolled(folder, 'officer', 'Ria', 'rehearsal')
    const [ada] = cards(officers)
    const runs = await Promise.all([
      custodyJson([...named('x.json'), '--officer', witness.cardPath, '--quorum', '1']),
      custodyJson([...named('x.json'), '--officer', rehearsal.cardPath, '--quorum', '1']),
      custodyJson([...named('x.json'), ...each('--officer', ada ?? '', ada ?? ''), '--quorum', '1']),
      custodyJson([...named('x.json'), '--officer', ada ?? '', '--quorum', '2']),
      custodyJson([...named('x.json'), '--officer', witness.keyPath, '--quorum', '1']),
      custodyJson([
        ...named('x.json'),
        ...['--officer', ada ?? '', '--quorum', '1', '--accept-tool', `dev:${'cd'.repeat(20)}`],
      ]),
    ])
    expect(runs.map(({ exit, json }) => [exit, json.code])).toEqual([
      [1, 'CARD-KIND'],
      [1, 'CARD-DOMAIN'],
      [1, 'POLICY-MALFORMED'],
      [1, 'POLICY-QUORUM-IMPOSSIBLE'],
      [1, 'CARD-MALFORMED'],
      [1, 'POLICY-TOOL'],
    ])
  }, 60_000)

  test('only an officer of the policy signs it, and a truncated policy is not shown', async () => {
    const stranger = await enrolled(folder, 'officer', 'Sam')
    const cut = join(folder, 'cut.json')
    writeFileSync(cut, readFileSync(policy))
    truncateSync(cut, 200)
    const [byStranger, byWitness, shown] = await Promise.all([
      sign(policy, stranger.keyPath, join(folder, 's.json')),
      sign(policy, witness.keyPath, join(folder, 'w.json')),
      custodyJson(['policy', 'show', cut]),
    ])
    expect(byStranger).toMatchObject({ exit: 1, json: { code: 'POLICY-SIGNER' } })
    expect(byWitness).toMatchObject({ exit: 1, json: { code: 'POLICY-SIGNER' } })
    expect(shown).toMatchObject({ exit: 1, json: { code: 'POLICY-MALFORMED' } })
  }, 60_000)

  test('CONFIRM-NO-TERMINAL production is not signed without a person at a terminal or --yes', async () => {
    const { exit, json } = await custodyJson([
      'policy',
      'sign',
      policy,
      '--key',
      officers[0]?.keyPath ?? '',
      ...pass,
    ])
    expect(exit).toBe(2)
    expect(json.code).toBe('CONFIRM-NO-TERMINAL')
    expect(readFileSync(policy, 'utf8')).toContain('"signatures":[]')
  })

  test('pins vendors’ root certificates by the digest that the vendor publishes, and asks each class of key for its own evidence', async () => {
    const vectors = join(import.meta.dirname, '../../../../../packages/hsm/vectors/attestation')
    const pem = join(vectors, 'yubihsm-root.pem')
    const make = (out: string, ...options: string[]) =>
      custodyJson([...named(out), '--officer', officers[0]?.cardPath ?? '', '--quorum', '1', ...options])
    const made = await make(
      'vouched.json',
      ...['--attestation-root', `Yubico=yubihsm:${pem}`],
      ...['--least-evidence', 'root=E2,ceremony=E3'],
    )
    expect(made.exit).toBe(0)
    const certificate = new X509Certificate(readFileSync(pem)).fingerprint256
      .replaceAll(':', '')
      .toLowerCase()
    const shown = await custodyJson(['policy', 'show', join(folder, 'vouched.json')])
    expect(shown.json).toMatchObject({
      policy: {
        attestationRoots: [{ name: 'Yubico', certificate, format: 'yubihsm' }],
        leastEvidence: { ceremony: 'E3', root: 'E2', organisation: 'E1', project: 'E1', data: 'E1' },
      },
    })
    const said = await custody(['policy', 'show', join(folder, 'vouched.json')])
    expect(said.stdout).toContain(`vouches         Yubico for yubihsm tokens: root ${certificate}`)
  }, 60_000)
})
