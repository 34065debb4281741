import { constants, type KeyObject, privateDecrypt } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verifyBundle } from '@lux/ceremony/bundle'
import { parsePolicyFile } from '@lux/ceremony/policy'
import { type Receipt, receiptCodec, serverCardCodec, transportCodec } from '@lux/ceremony/wire'
import {
  aesKwpWrap,
  fromHex,
  generateIdentity,
  generateSealIdentity,
  openWith,
  type SigningIdentity,
  sha256Hex,
  toBase64,
  toHex,
  utf8,
} from '@lux/crypto'
import { type Hsm, softTokenEnvironment, startHsm } from '@lux/hsm'
import { fileReader, readBounded } from '@lux/node-files'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { compare } from '../../../../packages/ceremony/test/support/second-verifier.ts'
import { rsaPair } from '../../../../packages/crypto/test/rsa-pair.ts'
import { runParts } from '../../src/cli/ceremony/session.ts'
import { findProgram } from '../../src/core/program.ts'
import { beginRehearsal, startCommand } from '../../src/core/rehearsal/begin-rehearsal.ts'
import { driveRehearsal } from '../../src/core/rehearsal/drive-rehearsal.ts'
import { rehearsalPins } from '../../src/core/rehearsal/rehearsal-pins.ts'
import { readDestination } from '../../src/core/rehearsal/rehearsal-request.ts'
import { makeStandInTokens } from '../../src/core/rehearsal/stand-in-tokens.ts'
import { loadStandIns } from '../../src/core/rehearsal/stand-ins.ts'
import { firstOfLine } from '../../src/core/runs/effects/context.ts'
import { takeAnswer } from '../../src/core/runs/exchange/take-answer.ts'
import { loadRun, runOn } from '../../src/core/runs/run/load-run.ts'
import type { Run } from '../../src/core/runs/run/run.ts'
import { systemClock, systemEntropy } from '../../src/core/system.ts'

vi.setConfig({ testTimeout: 120_000 })

/** A rehearsal's server whose private halves the test has. */
type KnownServer = {
  receipt: SigningIdentity
  privateKey: KeyObject
  identity: string
  audience: string
  node: string
  serial: string
  file: string
}

let dir: string
let hsm: Hsm
let run: Run
let servers: KnownServer[]

async function makeServer(name: string): Promise<KnownServer> {
  const folder = mkdtempSync(join(dir, `${name}-`))
  const receipt = generateIdentity(systemEntropy, ['p256'])
  const requester = generateIdentity(systemEntropy, ['p256'])
  const { identity, recipient } = await generateSealIdentity()
  const card = {
    v: 1 as const,
    kind: 'server' as const,
    domain: 'rehearsal' as const,
    deployment: toHex(systemEntropy.bytes(16)),
    receiptKey: { p256: receipt.keys.p256! },
    requesterKey: { p256: requester.keys.p256! },
    combinerRecipient: recipient,
  }
  const { publicKey, privateKey } = rsaPair(3072)
  const payload = {
    v: 1 as const,
    kind: 'transport' as const,
    domain: 'rehearsal' as const,
    audience: serverCardCodec.digest(card),
    node: toHex(systemEntropy.bytes(16)),
    serial: `serial-${name}`,
    transportKey: toBase64(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))),
    recipient,
    nonce: toHex(systemEntropy.bytes(16)),
  }
  const signatures = [transportCodec.sign(receipt, payload, 'rehearsal')]
  writeFileSync(join(folder, 'card.json'), serverCardCodec.encode(card))
  const file = join(folder, 'transport.json')
  writeFileSync(file, transportCodec.file.encode({ payload, signatures }))
  const { audience, node, serial } = payload
  return { receipt, privateKey, identity, audience, node, serial, file }
}

async function startLibrary(): Promise<void> {
  const soft = softTokenEnvironment(join(dir, 'token'))
  hsm = await startHsm({ library: soft.library, environment: soft.environment })
}

const partsOf = () => runParts(findProgram(), hsm, { medium: join(dir, 'medium'), lineage: firstOfLine })

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'several-'))
  servers = [await makeServer('first'), await makeServer('second')]
  await startLibrary()
  mkdirSync(join(dir, 'medium'))
})

/** A rehearsal on two real soft tokens for two servers, not yet under way. */
async function begin(script = 'root-several', values: Record<string, unknown> = {}): Promise<void> {
  const program = findProgram()
  const destinations = servers.map(({ file }) => readDestination(file))
  const folder = await beginRehearsal({
    folder: join(dir, 'run'),
    of: {
      script: new Uint8Array(readFileSync(join(program.resources, 'scripts', `${script}.yaml`))),
      values,
    },
    destinations,
    library: hsm.library.sha256,
    measurement: program.measurement,
    entropy: systemEntropy,
    clock: systemClock,
    keyChild: { execPath: program.execPath, entry: program.keyChildEntry },
  })
  run = runOn(folder, partsOf(), () => undefined)
  const tokens = await makeStandInTokens(folder.plan, hsm, rehearsalPins(folder.path))
  expect(run.submit({ ...startCommand(folder, destinations), tokens })).toBeNull()
}
afterEach(async () => {
  run.folder.close()
  await hsm.close()
  rmSync(dir, { recursive: true, force: true })
})

const drive = (until?: string) =>
  driveRehearsal(run, {
    standIns: loadStandIns(run.folder.path),
    pins: rehearsalPins(run.folder.path),
    stopAtSealed: false,
    now: systemClock.now,
    onStep: ({ current }) => {
      if (current === until) throw new Error(`at ${until}`)
    },
  })

const serialOf = (role: string) => run.folder.state.tokens.find((token) => token.role === role)!.serial

/** What is on a token, through a library of its own. */
async function inventoryOf(role: string) {
  const other = await hsm.beside()
  try {
    const token = other.token(serialOf(role))
    await token.logIn({ user: 'user', pin: utf8(rehearsalPins(run.folder.path).user) })
    return (await token.inventory()).objects
  } finally {
    await other.close()
  }
}

function receiptOf(
  { receipt, audience, node, serial }: KnownServer,
  change: Partial<Receipt> = {},
): Uint8Array {
  const { state } = run.folder
  const [root] = state.keys
  const [proof] = state.proofs
  const payload: Receipt = {
    v: 3,
    kind: 'receipt',
    domain: 'rehearsal',
    ceremonyId: state.ceremonyId,
    bundleDigest: state.bundle!.digest,
    audience,
    sequence: '1',
    roots: [
      {
        key: root!.id,
        rootId: root!.rootId,
        node,
        serial,
        ckaId: '44'.repeat(16),
        mechanism: proof!.mechanism,
        possession: proof!.digest,
        attributes: { EXTRACTABLE: false },
        transportKeyDestroyed: true,
      },
    ],
    policyVersion: 1,
    policyDigest: state.policyDigest,
    time: systemClock.now(),
    ...change,
  }
  return receiptCodec.file.encode({ payload, signatures: [receiptCodec.sign(receipt, payload, 'rehearsal')] })
}

function policyOf() {
  const policy = parsePolicyFile(readBounded(join(run.folder.path, 'policy.json'), 1 << 20))
  if (!policy.ok) throw new Error(policy.detail)
  return policy.value
}

async function bundleOf() {
  const path = join(run.folder.path, 'bundle.zip')
  const verdict = await verifyBundle(fileReader(path), {
    policy: policyOf(),
    audience: servers[1]!.audience,
    lastReceipt: null,
  })
  return { path, verdict }
}

describe('one window', () => {
  test('brings one root to two servers and a spare, and closes when both have signed that it is in', async () => {
    await begin()
    const { why } = await drive()
    expect(run.view().exceptions).toEqual([])
    expect(why).toBe('receipt')
    const { state } = run.folder
    const { path, verdict } = await bundleOf()
    expect(verdict.checks.filter(({ ok }) => ok !== true)).toEqual([])
    const { predicate } = verdict.contents!
    expect(predicate).toMatchObject({
      audience: servers[0]!.audience,
      sequence: '1',
      alsoFor: [{ audience: servers[1]!.audience, sequence: '1', previous: null, supersedes: [] }],
      replicas: [{ token: 'spare', way: 'trusted-window', digest: predicate.possession[0]!.digest }],
    })
    const [both] = await compare([{ bytes: new Uint8Array(readFileSync(path)), policy: policyOf() }])
    expect(both?.verdict).toBe('accepted')
    // Each server opens its own blob, and what is in it wraps as the root in both tokens does.
    const { challenge, digest } = predicate.possession[0]!
    for (const [index, { privateKey, identity }] of servers.entries()) {
      const [offer] = predicate.transports[index]!.roots
      const wrapped = await openWith(identity, run.folder.blobs.get(offer!.sealed))
      const key = privateDecrypt(
        { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
        wrapped,
      )
      expect(sha256Hex(aesKwpWrap(new Uint8Array(key), fromHex(challenge)))).toBe(digest)
    }
    expect((await inventoryOf('spare')).map(({ id, class: kind }) => `${kind} ${id}`)).toEqual([
      `secret ${state.keys[0]!.ckaId}`,
    ])
    expect((await inventoryOf('ceremony')).filter(({ label }) => label.startsWith('transport'))).toEqual([])

    const second = receiptOf(servers[1]!)
    expect(takeAnswer(run, second)).toBeNull()
    expect(takeAnswer(run, second)).toMatchObject({ rule: 'SUBMIT-05' })
    await run.pump()
    expect(run.view().needs).toMatchObject({ kind: 'receipt', missing: [servers[0]!.audience] })
    const elsewhere = receiptOf(servers[0]!, { bundleDigest: 'ab'.repeat(32) })
    expect(takeAnswer(run, elsewhere)).toMatchObject({ rule: 'RECEIPT-01' })
    expect(takeAnswer(run, receiptOf(servers[0]!))).toBeNull()
    expect((await drive()).why).toBe('over')
    expect(run.view().state).toBe('Closed')
  })
})

describe('the same window', () => {
  test('of two tokens that no profile knows, by what their probes show', async () => {
    await begin('root-several', { profile: 'measured' })
    expect((await drive()).why).toBe('receipt')
    const { path, verdict } = await bundleOf()
    expect(verdict.checks.filter(({ ok }) => ok !== true)).toEqual([])
    const planned = run.folder.plan.tokens
    expect(planned.map(({ profile, needs }) => [profile, needs])).toEqual(
      planned.map(() => ['measured', ['kwp', 'unwrap-template', 'gcm', 'trusted-window']]),
    )
    const [both] = await compare([{ bytes: new Uint8Array(readFileSync(path)), policy: policyOf() }])
    expect(both?.verdict).toBe('accepted')
  })

  test('makes a root in the place of another for two servers, a spare and a backup, which give it the same proof', async () => {
    await begin('kek-rotation-backup')
    expect((await drive()).why).toBe('receipt')
    const { path, verdict } = await bundleOf()
    expect(verdict.checks.filter(({ ok }) => ok !== true)).toEqual([])
    const { predicate } = verdict.contents!
    const [root, organisation] = predicate.wrapTree
    expect([root, organisation].map((node) => [node?.level, node?.version, node?.replaces?.version])).toEqual(
      [
        ['root', 2, 1],
        ['organisation', 2, 1],
      ],
    )
    expect(predicate).toMatchObject({
      alsoFor: [{ audience: servers[1]!.audience }],
      replicas: [{ token: 'spare', way: 'trusted-window', digest: predicate.possession[0]!.digest }],
      backups: [{ id: root?.id, t: 2, n: 3 }],
    })
    expect(predicate.transports.map(({ roots }) => roots.map(({ id }) => id))).toEqual([
      [root?.id],
      [root?.id],
    ])
    expect(readdirSync(join(run.folder.path, 'backup'))).toContain(`${root?.id}.medium`)
    const [both] = await compare([{ bytes: new Uint8Array(readFileSync(path)), policy: policyOf() }])
    expect(both?.verdict).toBe('accepted')
  })
})

describe('a spare that is pulled out', () => {
  const place = () => {
    const tokens = join(dir, 'token', 'tokens')
    const serial = serialOf('spare')
    return join(tokens, readdirSync(tokens).find((name) => name.replaceAll('-', '').endsWith(serial))!)
  }
  const pullOut = async (): Promise<() => Promise<void>> => {
    const there = place()
    const away = join(dir, 'away')
    renameSync(there, away)
    await expect
      .poll(async () => (await hsm.tokens()).map(({ serial }) => serial), { timeout: 20_000 })
      .not.toContain(serialOf('spare'))
    return async () => {
      renameSync(away, there)
      run.folder.close()
      await hsm.close()
      await startLibrary()
      run = loadRun(run.folder.path, partsOf(), () => undefined)
    }
  }

  test.each(['generate-root', 'bring-spare'])(
    'before %s stops there, and the run goes on once it is back',
    async (step) => {
      await begin()
      await expect(drive(step)).rejects.toThrow(`at ${step}`)
      const putBack = await pullOut()
      await expect(drive()).rejects.toMatchObject({ code: 'HSM-TOKEN-ABSENT' })
      expect(run.view()).toMatchObject({ current: step, state: 'Paused', exceptions: [] })
      await putBack()
      expect((await drive()).why).toBe('receipt')
      expect((await bundleOf()).verdict.verdict).toBe('accepted')
      expect(await inventoryOf('spare')).toHaveLength(1)
    },
  )
})
