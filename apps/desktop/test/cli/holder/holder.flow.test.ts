import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import {
  authoritiesOf,
  encodePolicyFile,
  newPolicy,
  policyDigest,
  policyDocument,
} from '@lux/ceremony/policy'
import {
  acknowledgementCodec,
  cardCodec,
  envelopeSignatureCodec,
  envelopeSignedBytes,
  heartbeatCodec,
  type OpeningCertificate,
  openingCodec,
  signatureContext,
} from '@lux/ceremony/wire'
import {
  encodeCanonical,
  fromUtf8,
  generateIdentity,
  generateSealIdentity,
  openWith,
  type SigningIdentity,
  sealTo,
  sealWithPassphrase,
  sha256Hex,
  signWith,
  toHex,
} from '@lux/crypto'
import { type Authorities, encodeEnvelope, parseShareEnvelope } from '@lux/crypto/fhe'
import { encodeHeldShare, encodeState, freshState, parseState } from '@lux/people'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { prove as proved } from '../../../src/cli/holder/holder.ts'
import { receive as received } from '../../../src/cli/holder/receive.ts'
import { runKeyChild } from '../../../src/core/key-child/index.ts'
import { systemEntropy } from '../../../src/core/system.ts'
import { crowdOf } from '../support/crowd.ts'
import { custody, custodyJson, secretFile, temporaryFolder } from '../support/custody.ts'
import { type Enrolled, enrolled, passphrase, passphraseFile, workFactor } from '../support/people.ts'

const domain = 'rehearsal'
const ceremonyId = '0f'.repeat(16)
let folder: string
let pass: string[]
let holders: Enrolled[]
let ceremony: SigningIdentity
let policyPath: string
let named: Authorities
let digest: string

const at = (...parts: string[]) => join(folder, ...parts)
const receive = (index: number, key: string, out: string, ...more: string[]) =>
  custodyJson([
    'holder',
    'receive',
    at('envelopes', `holder-${index}.age`),
    '--key',
    key,
    '--policy',
    policyPath,
    '--out',
    at(out),
    ...pass,
    ...more,
  ])

const prove = (share: string, key: string, out: string, more = pass) =>
  custodyJson([
    ...['holder', 'prove', at(share), '--key', key, '--policy', policyPath, '--out', at(out)],
    ...more,
  ])

const codeOf = (ran: Promise<unknown>) =>
  ran.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )

/** What a run leaves for its holders: sealed envelopes signed by the ceremony key, the opening certificate, public.bin. */
beforeAll(async () => {
  folder = temporaryFolder()
  pass = ['--passphrase-file', passphraseFile(folder)]
  holders = await Promise.all(['Hal', 'Ida'].map((name) => enrolled(folder, 'holder', name, domain)))
  const officer = await enrolled(folder, 'officer', 'Ada', domain)
  const eve = await enrolled(folder, 'evaluator', 'Eve', domain)
  const enno = await enrolled(folder, 'encryptor', 'Enno', domain)
  const policy = newPolicy({
    organisation: { id: 'acme', name: 'Acme' },
    domain,
    expiry: '2099-01-01T00:00:00.000Z',
    officers: [officer.card],
    officerQuorum: 1,
    ...(await crowdOf(domain)),
    evaluators: [eve.card],
    encryptors: [enno.card],
  })
  named = authoritiesOf(policy)
  digest = policyDigest(policy)
  policyPath = at('policy.json')
  const signatures = [policyDocument.sign(officer.identity, policy, domain)]
  writeFileSync(policyPath, encodePolicyFile({ policy, signatures }))
  ceremony = generateIdentity(systemEntropy, ['ed25519', 'mlDsa65'])
  const payload: OpeningCertificate = {
    ceremonyId,
    domain,
    planHash: '1'.repeat(64),
    policyDigest: digest,
    node0: '2'.repeat(64),
    tokenSerials: ['4711'],
    ceremonyKeys: { ...ceremony.keys },
  }
  const certificate = { payload, signatures: [openingCodec.sign(officer.identity, payload, domain)] }
  writeFileSync(at('opening.json'), openingCodec.file.encode(certificate))
  mkdirSync(at('fhe'))
  mkdirSync(at('envelopes'))
  await runKeyChild({
    do: 'keygen-and-deal',
    params: {
      type: 'TFHE_INTEGER',
      squash: false,
      inputs: 'signed',
      serverKey: false,
      mode: 'F',
      t: 2,
      n: 2,
      domain,
      ceremonyId,
      holders: holders.map(({ card }, i) => ({
        index: i + 1,
        name: card.name,
        cardDigest: cardCodec.digest(card),
        recipient: card.recipient ?? '',
        card: fromUtf8(cardCodec.encode(card)),
      })),
      policyDigest: digest,
      authorities: authoritiesOf(policy),
      budgets: null,
      outDir: at('fhe'),
      envelopeDir: at('envelopes'),
    },
  })
  for (const index of [1, 2]) signEnvelope(index, ceremony)
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What a dealing workstation leaves that puts other people into a share, and has the ceremony key sign it. */
async function dealtTo(others: Partial<Authorities>) {
  const [, ida] = holders
  const honest = new Uint8Array(readFileSync(at('envelopes', 'holder-2.age')))
  const envelope = parseShareEnvelope(await openWith(ida?.seal ?? '', honest))
  const content = encodeEnvelope({ ...envelope, authorities: { ...named, ...others } })
  const sealed = await sealTo([ida?.card.recipient ?? ''], content)
  writeFileSync(at('envelopes', 'holder-3.age'), sealed)
  signEnvelope(3, ceremony)
  return { content, sealed }
}

function signEnvelope(index: number, identity: SigningIdentity, name = `holder-${index}.sig`): string {
  const sealed = new Uint8Array(readFileSync(at('envelopes', `holder-${index}.age`)))
  const signature = signWith(
    identity,
    signatureContext('share-envelope', domain),
    envelopeSignedBytes(sha256Hex(sealed)),
  )
  writeFileSync(at('envelopes', name), envelopeSignatureCodec.encode(signature))
  return at('envelopes', name)
}

describe('holder', () => {
  test('enrol makes a card with a recipient', async () => {
    const { exit } = await custody([
      ...['holder', 'enrol', '--name', 'Uma', '--domain', domain, '--out', at('uma.json')],
      ...['--key', at('uma.key'), ...pass],
    ])
    expect(exit).toBe(0)
    const card = cardCodec.parse(new Uint8Array(readFileSync(at('uma.json'))))
    expect(card.ok && card.value.recipient).toMatch(/^age1pq1/)
  }, 60_000)

  test('receive keeps the share sealed, and prove signs the acknowledgement of that very envelope', async () => {
    const [hal] = holders
    const kept = await receive(1, hal?.keyPath ?? '', 'hal.share')
    const authorities = { requesters: 64, combiners: 32, evaluators: 1 }
    expect(kept).toMatchObject({ exit: 0, json: { holder: 1, t: 2, n: 2, domain, ceremonyId, authorities } })
    expect(readFileSync(at('hal.share'), 'latin1')).toMatch(/^age-encryption\.org\/v1\n-> scrypt /)
    expect(statSync(at('hal.share.state')).mode & 0o777).toBe(0o600)
    expect(await prove('hal.share', hal?.keyPath ?? '', 'hal.ack')).toMatchObject({ exit: 0 })
    const document = acknowledgementCodec.file.parse(new Uint8Array(readFileSync(at('hal.ack'))))
    if (!document.ok) throw new Error(document.detail)
    expect(document.value.payload.envelopeDigest).toBe(
      sha256Hex(new Uint8Array(readFileSync(at('envelopes', 'holder-1.age')))),
    )
    const group = { role: 'holder', members: [{ name: 'Hal', keys: hal?.card.keys ?? {} }], quorum: 1 }
    expect(acknowledgementCodec.verify(document.value, domain, [group]).ok).toBe(true)
  }, 60_000)

  test('heartbeat states over the challenge of a run that the share is held, and changes no record', async () => {
    const [hal] = holders
    const before = readFileSync(at('hal.share.state'))
    const share = await openWith(hal!.seal!, new Uint8Array(readFileSync(at('envelopes', 'holder-1.age'))))
    const { shareBytes, share: held } = parseShareEnvelope(share)
    const request = {
      v: 1,
      kind: 'heartbeat-request',
      ceremonyId,
      domain,
      keyId: toHex(held.header.keyId),
      epochId: toHex(held.header.epochId),
      challenge: '0c'.repeat(32),
      missing: ['Hal'],
      names: ['Administrator'],
    }
    const heartbeat = (out: string, changed: object = {}, key = hal!.keyPath) => {
      writeFileSync(at('heartbeat-request.json'), encodeCanonical({ ...request, ...changed }))
      return custodyJson([
        ...['holder', 'heartbeat', at('heartbeat-request.json'), '--share', at('hal.share'), '--key', key],
        ...['--out', at(out), '--policy', policyPath, '--run', folder, ...pass],
      ])
    }
    expect(await heartbeat('heartbeat.json')).toMatchObject({ exit: 0, json: { holder: 1, name: 'Hal' } })
    const document = heartbeatCodec.file.parse(new Uint8Array(readFileSync(at('heartbeat.json'))))
    if (!document.ok) throw new Error(document.detail)
    const { kind: _kind, missing: _missing, names: _names, v: _v, ...asked } = request
    expect(document.value.payload).toMatchObject({ ...asked, shareDigest: sha256Hex(shareBytes) })
    expect(document.value.payload.left).toEqual({ ...held.budgets })
    const group = { role: 'holder', members: [{ name: 'Hal', keys: hal!.card.keys }], quorum: 1 }
    expect(heartbeatCodec.verify(document.value, domain, [group]).ok).toBe(true)
    expect(readFileSync(at('hal.share.state'))).toEqual(before)
    const other = '6b'.repeat(32)
    const refused = [
      await heartbeat('no.json', { keyId: other }),
      await heartbeat('no.json', { epochId: other }),
      await heartbeat('no.json', { domain: 'production' }),
      await heartbeat('no.json', { ceremonyId: '0e'.repeat(16) }),
      await heartbeat('no.json', { kind: 'acknowledgement-request' }),
      await heartbeat('no.json', { challenge: 'ABC' }),
      await heartbeat('no.json', {}, holders[1]!.keyPath),
    ]
    expect(refused.map(({ json }) => json.code)).toEqual([
      'HEARTBEAT-OTHER',
      'HEARTBEAT-OTHER',
      'REQUEST-DOMAIN',
      'HEARTBEAT-OTHER',
      'HEARTBEAT-REQUEST',
      'HEARTBEAT-REQUEST',
      'FHE-HOLDER-OTHER',
    ])
    expect(existsSync(at('no.json'))).toBe(false)
  }, 60_000)

  test('SHARE-RECEIVED a share is received once; where it is lost it is received as one that has answered all it may', async () => {
    const key = holders[0]!
    const list = `${key.keyPath}.received`
    const before = readFileSync(at('hal.share.state'))
    const again = await receive(1, key.keyPath, 'again.share')
    expect(again).toMatchObject({ exit: 1, json: { code: 'SHARE-RECEIVED' } })
    expect(again.json.detail).toContain(at('hal.share'))
    expect([existsSync(at('again.share')), existsSync(at('again.share.state'))]).toEqual([false, false])
    expect(readFileSync(at('hal.share.state'))).toEqual(before)
    symlinkSync(key.keyPath, at('link.key'))
    expect((await receive(1, at('link.key'), 'again.share')).json.code).toBe('SHARE-RECEIVED')
    const lost = await receive(1, key.keyPath, 'lost.share', '--lost')
    expect(lost).toMatchObject({ exit: 0, json: { holder: 1, lost: true, left: { at64: 0, at128: 0 } } })
    const envelope = parseShareEnvelope(
      await openWith(key.seal!, new Uint8Array(readFileSync(at('envelopes', 'holder-1.age')))),
    )
    const state = parseState(new Uint8Array(readFileSync(at('lost.share.state'))), { key, envelope })
    expect(envelope.share.budgets.at64).toBeGreaterThan(0)
    expect(state).toMatchObject({ ok: true, value: { spent: envelope.share.budgets, canary: true } })
    expect((await receive(1, key.keyPath, 'again.share')).json.detail).toContain(at('lost.share'))
    expect(statSync(list).mode & 0o777).toBe(0o600)
  }, 60_000)

  test('RECEIVED-OTHER a list of received shares that is another holder’s, altered or empty is none', async () => {
    const [hal, ida] = holders
    const list = readFileSync(`${hal!.keyPath}.received`)
    const altered = Buffer.from(list.toString().replace('"holder":1', '"holder":2'))
    expect(altered).not.toEqual(list)
    const codes: string[] = []
    for (const bytes of [list, altered, Buffer.alloc(0)]) {
      writeFileSync(`${ida!.keyPath}.received`, bytes)
      codes.push(String((await receive(2, ida!.keyPath, 'again.share')).json.code))
      rmSync(`${ida!.keyPath}.received`)
    }
    expect(codes).toEqual(Array(3).fill('RECEIVED-OTHER'))
    expect(existsSync(at('again.share'))).toBe(false)
    writeFileSync(`${ida!.keyPath}.received`, altered)
    expect(await receive(2, ida!.keyPath, 'ida-lost.share', '--lost')).toMatchObject({ exit: 0 })
    expect((await receive(2, ida!.keyPath, 'again.share')).json.code).toBe('SHARE-RECEIVED')
    rmSync(`${ida!.keyPath}.received`)
  }, 60_000)

  test('ENVELOPE-SIGNATURE-INVALID an envelope that the ceremony key did not sign, or that was cut, is not opened', async () => {
    const forged = signEnvelope(2, generateIdentity(systemEntropy, ['ed25519', 'mlDsa65']), 'forged.sig')
    const ida = holders[1]?.keyPath ?? ''
    const cut = at('envelopes', 'cut.age')
    writeFileSync(cut, readFileSync(at('envelopes', 'holder-2.age')))
    truncateSync(cut, 3000)
    const [forgedRun, cutRun] = await Promise.all([
      receive(2, ida, 'forged.share', '--sig', forged),
      custodyJson([
        ...['holder', 'receive', cut, '--sig', at('envelopes', 'holder-2.sig'), '--key', ida],
        ...['--policy', policyPath, '--out', at('cut.share'), ...pass],
      ]),
    ])
    expect(forgedRun).toMatchObject({ exit: 1, json: { code: 'ENVELOPE-SIGNATURE-INVALID' } })
    expect(cutRun).toMatchObject({ exit: 1, json: { code: 'ENVELOPE-SIGNATURE-INVALID' } })
  }, 60_000)

  test('FHE-AUTHORITIES-OTHER a share whose people are not the policy’s is neither received nor proved, though the ceremony key signed it', async () => {
    const ida = holders[1]
    const mallory = await enrolled(folder, 'requester', 'Mallory', domain)
    const { recipient } = await generateSealIdentity()
    const own = { key: ida?.keyPath ?? '', policy: policyPath, passphraseFile: at('passphrase') }
    const codes: string[] = []
    for (const others of [
      { requesters: [mallory.card.keys] },
      { evaluators: [...named.evaluators, mallory.card.keys] },
      { encryptors: [] },
      { combiners: [recipient] },
    ]) {
      await dealtTo(others)
      codes.push(
        await codeOf(received(at('envelopes', 'holder-3.age'), { ...own, out: at('mallory.share') })),
      )
    }
    expect(codes).toEqual(Array(4).fill('FHE-AUTHORITIES-OTHER'))
    expect(existsSync(at('mallory.share'))).toBe(false)
    // Kept by a build that did not look.
    const { content, sealed } = await dealtTo({ requesters: [mallory.card.keys] })
    const pub = new Uint8Array(readFileSync(at('fhe', 'public.bin')))
    const held = encodeHeldShare({ content, sealed, pub, ceremonyId, policyDigest: digest })
    const state = encodeState(freshState(), { key: ida!, envelope: parseShareEnvelope(content) })
    writeFileSync(at('kept.share'), await sealWithPassphrase(passphrase, held, { workFactor }))
    writeFileSync(at('kept.share.state'), state)
    expect(await codeOf(proved({ ...own, share: at('kept.share'), out: at('kept.ack') }))).toBe(
      'FHE-AUTHORITIES-OTHER',
    )
  }, 60_000)

  test('another holder’s key, an officer’s key and a production key open nothing', async () => {
    const real = await enrolled(folder, 'holder', 'Max', 'production')
    const runs = await Promise.all([
      receive(2, holders[0]?.keyPath ?? '', 'x.share'),
      receive(2, at('Ada.key'), 'y.share'),
      receive(2, real.keyPath, 'z.share'),
    ])
    expect(runs.map(({ exit, json }) => [exit, json.code])).toEqual([
      [1, 'SEAL-OTHER-RECIPIENT'],
      [1, 'REQUEST-ROLE'],
      [1, 'REQUEST-DOMAIN'],
    ])
  }, 60_000)

  test('another policy, another public.bin and a missing opening certificate are each named', async () => {
    const ida = holders[1]?.keyPath ?? ''
    const other = at('other-policy.json')
    writeFileSync(other, readFileSync(policyPath, 'utf8').replace('2099-01-01', '2098-01-01'))
    const changed = at('changed-public.bin')
    const bytes = readFileSync(at('fhe', 'public.bin'))
    bytes[200] = (bytes[200] ?? 0) ^ 1
    writeFileSync(changed, bytes)
    const runs = await Promise.all([
      receive(2, ida, 'p.share', '--policy', other),
      receive(2, ida, 'q.share', '--public', changed),
      receive(2, ida, 'r.share', '--opening', at('absent.json')),
    ])
    expect(runs.map(({ exit, json }) => [exit, json.code])).toEqual([
      [1, 'SIGNATURE-INVALID'],
      [1, 'FHE-PUBLIC-OTHER'],
      [2, 'FILE-MISSING'],
    ])
  }, 60_000)

  test('prove refuses a file that is no share and a wrong passphrase', async () => {
    const hal = holders[0]?.keyPath ?? ''
    const wrong = secretFile(at('wrong'), 'something else entirely')
    const [noShare, noPass] = await Promise.all([
      prove('Ida.key', hal, 'n.ack'),
      prove('Ida.key', hal, 'n.ack', ['--passphrase-file', wrong]),
    ])
    expect(noShare).toMatchObject({ exit: 1, json: { code: 'SHARE-FILE-WRONG' } })
    expect(noPass).toMatchObject({ exit: 1, json: { code: 'KEY-PASSPHRASE' } })
  })
})
