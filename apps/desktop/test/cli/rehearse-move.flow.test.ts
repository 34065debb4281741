import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { serverCardCodec } from '@lux/ceremony/wire'
import { generateSealIdentity } from '@lux/crypto'
import { findSoftTokenLibrary } from '@lux/hsm'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { loadStandIns } from '../../src/core/rehearsal/stand-ins.ts'
import { verdictOf } from '../core/support/run-end.ts'
import { crowdOf } from './support/crowd.ts'
import { custodyJson, each, temporaryFolder } from './support/custody.ts'
import { type Enrolled, enrolled, newPolicy, passphraseFile } from './support/people.ts'

vi.setConfig({ testTimeout: 120_000 })

const holders = ['Hal', 'Ida', 'Jan']
let folder: string
let pass: string[]
const people = new Map<string, Enrolled>()
const at = (name: string) => join(folder, name)
const cardOf = (name: string) => people.get(name)?.cardPath ?? ''

beforeAll(async () => {
  folder = temporaryFolder()
  pass = ['--passphrase-file', passphraseFile(folder)]
  const seats = [
    ...(['administrator', 'operator', 'requester', 'encryptor', 'evaluator'] as const).map(
      (kind) => [kind, kind] as const,
    ),
    ...['Otto', 'Ophelia'].map((name) => ['officer', name] as const),
    ...['Walter', 'Wanda'].map((name) => ['witness', name] as const),
    ...holders.map((name) => ['holder', name] as const),
  ]
  for (const [kind, name] of seats) people.set(name, await enrolled(folder, kind, name))
  const named = (option: string, ...names: string[]) => each(option, ...names.map(cardOf))
  const { servers } = await crowdOf('production')
  writeFileSync(at('server.json'), serverCardCodec.encode(servers[0]!.card))
  const policy = async (file: string, ...more: string[]) => {
    const made = await custodyJson([...newPolicy(at(file)), ...listed, ...more])
    if (made.exit !== 0) throw new Error(JSON.stringify(made.json))
  }
  const listed = [
    ...[...named('--officer', 'Otto', 'Ophelia'), '--quorum', '2'],
    ...[...named('--witness', 'Walter', 'Wanda'), '--witness-quorum', '2'],
    ...named('--requester', 'requester'),
    ...named('--encryptor', 'encryptor'),
    ...named('--evaluator', 'evaluator'),
    ...['--combiner', `main=${(await generateSealIdentity()).recipient}`, '--soft-tokens'],
  ]
  await policy('policy.json')
  await policy('served.json', '--server', `office=${at('server.json')}`)
  for (const name of ['Otto', 'Ophelia'])
    await custodyJson([
      'policy',
      'sign',
      at('policy.json'),
      '--key',
      people.get(name)!.keyPath,
      '--yes',
      ...pass,
    ])
  for (const name of holders) {
    const renewed = await custodyJson([
      ...['holder', 'renew', '--key', people.get(name)!.keyPath],
      ...['--out', at(`${name}.2.json`), '--new-key', at(`${name}.2.key`), ...pass],
    ])
    if (renewed.exit !== 0) throw new Error(JSON.stringify(renewed.json))
  }
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const seated = ['administrator', 'operator', 'Otto', 'Ophelia', 'Walter', 'Wanda', ...holders]
const planned = (policy: string, out: string, ...more: string[]) =>
  custodyJson([
    ...['plan', 'new', 'resharing', '--policy', at(policy), '--out', at(out)],
    ...['--library', findSoftTokenLibrary() ?? ''],
    ...[...each('--person', ...seated.map(cardOf), ...holders.map((name) => at(`${name}.2.json`)))],
    ...set({
      serial: 'a1b2c3d4',
      holders: holders.join(),
      nextHolders: holders.join(),
      dealers: 'Hal,Ida',
    }),
    // No stand-in squashes ciphertexts, so a rehearsal of mode S ends at its canary.
    ...set({ fheMode: 'F', fheSquash: 'false', nextKind: 'refresh', epoch: '0' }),
    ...set({ keyId: 'a'.repeat(64), epochId: 'b'.repeat(64), publicFile: 'c'.repeat(64) }),
    ...more,
  ])
const set = (values: Record<string, string>) =>
  Object.entries(values).flatMap(([name, value]) => ['--set', `${name}=${value}`])

describe('the rehearsal of a production plan that refreshes a key', () => {
  test('PLAN-47 a move leaves no server behind that opens answers for the policy', async () => {
    expect((await planned('served.json', 'orphan.yaml')).json).toMatchObject({
      code: 'PLAN-47',
      detail: expect.stringContaining('office'),
    })
    const named = await planned('served.json', 'named.yaml', '--destination', at('server.json'))
    expect(named.json.detail).toBeUndefined()
    const lint = ['plan', 'lint', at('named.yaml'), '--policy', at('served.json')]
    expect((await custodyJson(lint)).json.plans).toMatchObject([{ refusals: [] }])
  })

  test('PLAN-43 stand-ins who stay renew as people do, ask and combine in place of those whom the policy names, and the officers can lock it', async () => {
    const plan = await planned('policy.json', 'move.yaml')
    expect(plan.json.detail).toBeUndefined()
    const rehearsal = ['rehearse', at('move.yaml'), '--policy', at('policy.json'), '--out', at('rehearsal')]
    expect((await custodyJson(rehearsal)).json).toMatchObject({ ok: true, state: 'Sealed' })
    expect(await verdictOf(at('rehearsal'))).toBe('accepted')
    for (const name of holders) {
      const [now, next] = loadStandIns(at('rehearsal')).filter(
        (one) => one.role === 'holder' && one.name === name,
      )
      expect(next?.identity.id).toBe(now?.identity.id)
      expect(next?.seal).not.toBe(now?.seal)
    }
    const bundle = ['--rehearsed', at('rehearsal/bundle.zip'), '--out', at('ask.json')]
    const asked = await custodyJson(['plan', 'request', at('move.yaml'), ...bundle])
    expect(asked).toMatchObject({ exit: 0, json: { diffDigest: null } })
  })
})
