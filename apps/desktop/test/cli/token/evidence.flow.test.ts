import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rootTemplate, type SignedStatement, softTokenEnvironment, startHsm, verifyStatement } from '@lux/hsm'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { custody, custodyJson, secretFile, temporaryFolder } from '../support/custody.ts'

vi.setConfig({ testTimeout: 60_000 })

const vector = (name: string) =>
  fileURLToPath(new URL(`../../../../../packages/hsm/vectors/attestation/${name}`, import.meta.url))

type Evidence = { level: string; reasons: { code: string; holds: boolean; detail: string }[] }

describe('token evidence', () => {
  const id = 'ab'.repeat(16)
  const weak = '0a'.repeat(16)
  const short = '0b'.repeat(16)
  const head = 'cd'.repeat(32)
  let folder: string
  let at: string[]
  let companion: string
  beforeAll(async () => {
    folder = temporaryFolder()
    const soft = join(folder, 'token')
    const { library, environment } = softTokenEnvironment(soft)
    const hsm = await startHsm({ library, environment })
    const pin = () => new TextEncoder().encode('15926374')
    const { serial } = await hsm
      .token('new')
      .initialise({ label: 'desk', soPin: new TextEncoder().encode('48372615'), userPin: pin() })
    const token = hsm.token(serial)
    await token.logIn({ user: 'user', pin: pin() })
    await token.generateAes({ id, label: 'root', bits: 256, template: rootTemplate })
    const open = { ...rootTemplate, sensitive: false, extractable: true }
    await token.generateAes({ id: weak, label: 'weak', bits: 128, template: open })
    await token.generateAes({ id: short, label: 'short', bits: 128, template: rootTemplate })
    await hsm.close()
    at = ['--soft', soft, '--pin-file', secretFile(join(folder, 'pin'), '15926374')]
    const { exit, json } = await custodyJson(['token', 'companion', ...at])
    expect(exit).toBe(0)
    companion = json.id as string
  }, 60_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('a root on a soft token is E1, with each reason', async () => {
    const { exit, stdout } = await custody(['token', 'evidence', ...at, '--id', id, '--template', 'root'])
    expect(exit).toBe(0)
    expect(stdout).toMatch(/yes attributes as asked for: 18 attributes$/m)
    expect(stdout).toContain('evidence      E1: attributes read back, and the attack probe passed')
    expect(stdout).toContain('yes attack probe passed')
    expect(stdout).toContain('no  a companion key signed')
  })

  test('without a template nothing was compared and nothing is claimed; with one a weak key is told by its faults', async () => {
    const told = async (key: string, ...more: readonly string[]) => {
      const { stdout } = await custody(['token', 'evidence', ...at, '--id', key, ...more])
      return [/^evidence +(E\d)/m, /^ +(yes|no) +attributes as asked for: .+$/m].map((one) =>
        one.exec(stdout),
      )
    }
    for (const key of [id, weak]) {
      const [level, attributes] = await told(key)
      expect(level?.[1]).toBe('E0')
      expect(attributes?.[0]).toMatch(/no +attributes as asked for: \d+ attributes read, none compared$/)
    }
    const [level, attributes] = await told(weak, '--template', 'root')
    expect(level?.[1]).toBe('E0')
    expect(attributes?.[0]).toMatch(
      /no +attributes as asked for: SENSITIVE false, EXTRACTABLE true, VALUE_LEN 16$/,
    )
    const ofShort = await told(short, '--template', 'root')
    expect(ofShort[0]?.[1]).toBe('E0')
    expect(ofShort[1]?.[0]).toMatch(/no +attributes as asked for: VALUE_LEN 16$/)
    const pair = await told(companion, '--private', '--template', 'pair')
    expect(pair[0]?.[1]).toBe('E1')
    expect(pair[1]?.[0]).toMatch(/yes attributes as asked for: \d+ attributes$/)
  })

  test('a companion signs what was read; unattested it lifts nothing', async () => {
    const vouched = ['--template', 'root', '--companion', companion, '--transcript-head', head, '--rehearsal']
    const { exit, json } = await custodyJson(['token', 'evidence', ...at, '--id', id, ...vouched])
    expect(exit).toBe(0)
    const { level, reasons } = json.evidence as Evidence
    expect(level).toBe('E1')
    expect(reasons).toContainEqual(expect.objectContaining({ code: 'companion-signed', holds: true }))
    const signed = json.signed as SignedStatement
    expect(signed.statement).toMatchObject({ ckaId: id, transcriptHead: head })
    expect([verifyStatement('rehearsal', signed), verifyStatement('production', signed)]).toEqual([
      true,
      false,
    ])
  })

  test('another vendor’s attestation does not vouch for a soft token', async () => {
    const vouched = ['--template', 'root', '--companion', companion, '--transcript-head', head]
    const papers = ['--attestation', vector('yubihsm-chain.pem'), '--root', vector('yubihsm-root.pem')]
    const { json } = await custodyJson(['token', 'evidence', ...at, '--id', id, ...vouched, ...papers])
    const { level, reasons } = json.evidence as Evidence
    expect(level).toBe('E1')
    expect(reasons).toContainEqual({
      code: 'companion-attested',
      holds: false,
      detail: 'SoftHSM 2: attestations of this kind are not read',
      said: [],
    })
  })

  test('TOKEN-EVIDENCE options that say nothing without each other are refused, and so is a missing key', async () => {
    const wrong = [
      ['--id', 'XY'],
      ['--id', id, '--companion', companion],
      ['--id', id, '--template', 'strongest'],
      ['--id', id, '--template', 'pair'],
      ['--id', companion, '--private', '--template', 'root'],
      ['--id', id, '--attestation', vector('yubihsm-chain.pem')],
      ['--id', id, '--attestation', vector('yubihsm-chain.pem'), '--root', vector('yubihsm-root.pem')],
    ]
    const runs = await Promise.all(
      wrong.map((options) => custodyJson(['token', 'evidence', ...at, ...options])),
    )
    expect(runs.map(({ exit, json }) => [exit, json.code])).toEqual(wrong.map(() => [2, 'TOKEN-EVIDENCE']))
    const { exit, json } = await custodyJson(['token', 'evidence', ...at, '--id', 'ff'.repeat(16)])
    expect([exit, json.code]).toEqual([3, 'HSM-KEY-ABSENT'])
  })
})
