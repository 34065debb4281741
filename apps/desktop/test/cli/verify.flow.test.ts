import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parsePolicyFile, policyFileCodec } from '@lux/ceremony/policy'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { custody, custodyJson, temporaryFolder } from './support/custody.ts'

let folder: string
let bundle: string
let policy: string

beforeAll(async () => {
  folder = temporaryFolder()
  const { exit, stderr } = await custody(['rehearse', 'token-initialisation', '--out', join(folder, 'run')])
  expect(stderr).not.toContain('exception')
  expect(exit).toBe(0)
  bundle = join(folder, 'run', 'bundle.zip')
  policy = join(folder, 'run', 'policy.json')
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('verify', () => {
  test('a rehearsed bundle is accepted under its policy, every check by name', async () => {
    const { exit, json, stderr } = await custodyJson(['verify', bundle, '--policy', policy])
    expect(exit).toBe(0)
    expect(stderr).toBe('')
    expect(json).toMatchObject({ ok: true, verdict: 'accepted', failed: [], domain: 'rehearsal' })
    expect(json.words).toHaveLength(32)
    expect(json.checks).toContainEqual(expect.objectContaining({ id: 'MANIFEST-SIGNATURES', ok: true }))
  })

  test('POLICY-MISSING without a policy: consistent, and never accepted', async () => {
    const { exit, stdout } = await custody(['verify', bundle])
    expect(exit).toBe(1)
    expect(stdout).toContain('POLICY-MISSING')
    expect(stdout).not.toContain('accepted')
  })

  test('one flipped byte is refused by the check that finds it', async () => {
    const bytes = readFileSync(bundle)
    const at = bytes.indexOf('"kind":"run.started"')
    bytes[at + 9] = 0x73
    const changed = join(folder, 'flipped.zip')
    writeFileSync(changed, bytes)
    const { exit, json } = await custodyJson(['verify', changed, '--policy', policy])
    expect(exit).toBe(1)
    expect(json.verdict).toBe('refused')
    expect(json.failed).toContain('TRANSCRIPT-DIGEST')
    expect([json.code]).toEqual([json.failed].flat().slice(0, 1))
  })

  test('a truncated bundle and a file that is none are refused by ZIP-PROFILE', async () => {
    const cut = join(folder, 'cut.zip')
    writeFileSync(cut, readFileSync(bundle))
    truncateSync(cut, 5000)
    for (const path of [cut, policy]) {
      const { exit, json } = await custodyJson(['verify', path, '--policy', policy])
      expect(exit).toBe(1)
      expect(json.failed).toContain('ZIP-PROFILE')
    }
  })

  test('AUDIENCE a bundle for nobody is refused for a server', async () => {
    const { exit, json } = await custodyJson([
      'verify',
      bundle,
      '--policy',
      policy,
      '--audience',
      '0'.repeat(64),
    ])
    expect(exit).toBe(1)
    expect(json.failed).toEqual(['AUDIENCE'])
    const detail = expect.stringMatching(/^the bundle is for no server: .*--destination transport\.json/)
    expect(json.checks).toContainEqual(expect.objectContaining({ id: 'AUDIENCE', detail }))
  })

  test('a policy of other people is not the one of the ceremony', async () => {
    const file = parsePolicyFile(new Uint8Array(readFileSync(policy)))
    if (!file.ok) throw new Error(file.detail)
    const other = join(folder, 'other-policy.json')
    const changed = { ...file.value.policy, expiry: '2099-01-01T00:00:00.000Z' }
    writeFileSync(other, policyFileCodec.encode({ ...file.value, policy: changed }))
    const { exit, json } = await custodyJson(['verify', bundle, '--policy', other])
    expect(exit).toBe(1)
    expect(json.failed).toEqual(expect.arrayContaining(['POLICY-QUORUM', 'POLICY-DIGEST']))
  })

  test('a missing bundle, a folder and a policy that is none are each named', async () => {
    const [missing, isFolder, noPolicy] = await Promise.all([
      custodyJson(['verify', join(folder, 'nothing.zip')]),
      custodyJson(['verify', folder]),
      custodyJson(['verify', bundle, '--policy', bundle]),
    ])
    expect(missing).toMatchObject({ exit: 2, json: { code: 'FILE-MISSING' } })
    expect(isFolder).toMatchObject({ exit: 2, json: { code: 'FILE-WRONG-KIND' } })
    expect(noPolicy).toMatchObject({ exit: 1, json: { code: 'POLICY-MALFORMED' } })
  })
})

/** What somebody asks who was not there, and the label beside which the paper answers. */
const questions: readonly [string, RegExp][] = [
  ['Is it for use?', /^REHEARSAL\. Throw-away keys/m],
  ['Whose ceremony was it, and which?', /^Organisation: \S.*\nCeremony: \S.*\nCeremony id: [0-9a-f]{32}$/m],
  ['When was it held, and how long?', /^Held, UTC: \d{4}-\d\d-\d\d [\d:]{8} – .*, \d+ (s|min)$/m],
  ['Which program ran it?', /^Build: \d+\.\d+\.\d+ .*\S$/m],
  ['Was the clock right?', /^Clock: \d+ s apart: another clock showed \S+, the workstation \S+/m],
  [
    'Which plan and policy?',
    /^Plan hash: [0-9a-f]{64}\n {2}(\S+ ){7}\S+[\s\S]*^Policy digest: [0-9a-f]{64}\n/m,
  ],
  [
    'In which token?',
    /^Tokens\n.*Make, model, firmware.*\n {2}.*SoftHSM.*firmware.* \| [0-9a-f]{16} \| [0-9a-f]{64}$/m,
  ],
  ['Who was there?', /^People\n.*In the room\n(.+ \| .+ \| .+\n){5}/m],
  [
    'Which keys were made, and what shows it?',
    /^Keys\n.*Key identifier \| Evidence.*\n {2}The ceremony’s own key \| [0-9a-f]{32} \| E\d/m,
  ],
  [
    'What went otherwise, and who signed the result?',
    /^No deviation was reported\.\n\nSignatures: \d+\n.*\n( {2}.* \| The opening \| .*\n)+/m,
  ],
]

describe('transcript', () => {
  test.each(questions)('PAPER-QUESTIONS the printed transcript alone answers: %s', async (_, answer) => {
    const { exit, stdout } = await custody(['transcript', join(folder, 'run')])
    expect(exit).toBe(0)
    expect(stdout).toMatch(answer)
  })

  test('PAPER-COUNTS it counts and doubts as the verdicts do, and names no place of this machine', async () => {
    const { stdout } = await custody(['transcript', join(folder, 'run')])
    const { stdout: verdict } = await custody(['verify', bundle, '--policy', policy])
    const doubts = verdict.split('\n').filter((line) => line.startsWith('not proved: '))
    expect(doubts.length).toBeGreaterThan(3)
    for (const doubt of doubts) expect(stdout).toContain(`- ${doubt.slice('not proved: '.length)}`)
    const digest = /^digest {2}(\S+)/m.exec(verdict)?.[1]
    expect(stdout).toContain(`Bundle digest: ${digest}`)
    expect(stdout).not.toContain(folder)
    const { json } = await custodyJson(['transcript', join(folder, 'run')])
    const sealed =
      readFileSync(bundle)
        .toString('latin1')
        .match(/^\{"fact[^\n]*"seq":"\d+"/gm) ?? []
    expect(json.bundle).toMatchObject({ digest, entries: sealed.length })
  })
})
