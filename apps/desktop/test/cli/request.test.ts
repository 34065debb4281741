import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodePolicyFile, newPolicy, type Policy, policyDigest, policyDocument } from '@lux/ceremony/policy'
import {
  cardCodec,
  envelopeSignatureCodec,
  envelopeSignedBytes,
  holderAnswerCodec,
  type OpeningCertificate,
  openingCodec,
  signatureContext,
} from '@lux/ceremony/wire'
import {
  fromUtf8,
  generateIdentity,
  generateSealIdentity,
  openWithPassphrase,
  sealWithPassphrase,
  sha256Hex,
  signWith,
} from '@lux/crypto'
import tfhe from 'node-tfhe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runKeyChild } from '../../src/core/key-child/index.ts'
import { systemEntropy } from '../../src/core/system-entropy.ts'
import { custodyJson, temporaryFolder } from './support/custody.ts'
import { type Enrolled, enrolled, passphrase, passphraseFile } from './support/people.ts'

const domain = 'rehearsal'
const ceremonyId = '0f'.repeat(16)
const LIMIT = 1n << 30n
let folder: string
let pass: string[]
let holders: Enrolled[]
let people: Record<'requester' | 'approver' | 'encryptor' | 'stranger', Enrolled>
let combiner: { identity: string; recipient: string }
const at = (...parts: string[]) => join(folder, ...parts)

/** A sealed ceremony of a (2,3) key in mode F, its people, and a value that an encryptor encrypted with the public key. */
beforeAll(async () => {
  folder = temporaryFolder()
  pass = ['--passphrase-file', passphraseFile(folder)]
  holders = await Promise.all(['Hal', 'Ida', 'Jan'].map((name) => enrolled(folder, 'holder', name, domain)))
  const officer = await enrolled(folder, 'officer', 'Ada', domain)
  people = {
    requester: await enrolled(folder, 'requester', 'Rita', domain),
    approver: await enrolled(folder, 'approver', 'Abe', domain),
    encryptor: await enrolled(folder, 'encryptor', 'Enno', domain),
    stranger: await enrolled(folder, 'encryptor', 'Sven', domain),
  }
  combiner = await generateSealIdentity()
  writeFileSync(at('combiner.identity'), `${combiner.identity}\n`, { mode: 0o600 })
  const member = ({ card }: Enrolled) => ({
    name: card.name,
    card: cardCodec.digest(card),
    keys: card.keys,
    algorithms: ['ed25519', 'mlDsa65'] as ('ed25519' | 'mlDsa65')[],
  })
  const policy: Policy = {
    ...newPolicy({
      organisation: { id: 'acme', name: 'Acme' },
      domain,
      expiry: '2099-01-01T00:00:00.000Z',
      officers: [officer.card],
      officerQuorum: 1,
    }),
    approvers: [member(people.approver)],
    approverThreshold: 1,
    requesters: [member(people.requester)],
    encryptors: [member(people.encryptor)],
    combiners: [{ name: 'main', recipient: combiner.recipient }],
  }
  const digest = policyDigest(policy)
  const signatures = [policyDocument.sign(officer.identity, policy, domain)]
  writeFileSync(at('policy.json'), encodePolicyFile({ policy, signatures }))
  const ceremony = generateIdentity(systemEntropy, ['ed25519', 'mlDsa65'])
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
      n: 3,
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
      authorities: {
        requesters: [people.requester.card.keys],
        combiners: [combiner.recipient],
        evaluators: [],
        encryptors: [people.encryptor.card.keys],
      },
      budgets: { at64: 10, at128: 0 },
      outDir: at('fhe'),
      envelopeDir: at('envelopes'),
    },
  })
  await Promise.all(
    holders.map(async ({ keyPath }, i) => {
      const sealed = new Uint8Array(readFileSync(at('envelopes', `holder-${i + 1}.age`)))
      const context = signatureContext('share-envelope', domain)
      const signature = signWith(ceremony, context, envelopeSignedBytes(sha256Hex(sealed)))
      writeFileSync(at('envelopes', `holder-${i + 1}.sig`), envelopeSignatureCodec.encode(signature))
      const received = await custodyJson([
        ...['holder', 'receive', at('envelopes', `holder-${i + 1}.age`), '--key', keyPath],
        ...['--policy', at('policy.json'), '--out', at(`share-${i + 1}.sealed`), ...pass],
      ])
      expect(received.exit).toBe(0)
      // Under a cheaper passphrase: every answer opens the share again.
      const file = at(`share-${i + 1}.sealed`)
      const plain = await openWithPassphrase(passphrase, new Uint8Array(readFileSync(file)))
      writeFileSync(file, await sealWithPassphrase(passphrase, plain, { workFactor: 10 }))
    }),
  )
  const publicKey = tfhe.TfheCompactPublicKey.safe_deserialize(
    new Uint8Array(readFileSync(at('fhe', 'compact-public-key.bin'))),
    LIMIT,
  )
  for (const [name, value] of [
    ['six', 66],
    ['nine', 99],
    ['odd', 7],
  ] as const) {
    const builder = tfhe.CompactCiphertextList.builder(publicKey)
    builder.push_u8(value)
    writeFileSync(at(`${name}.bin`), builder.build().expand().get_uint8(0).safe_serialize(LIMIT))
    await vouch(people.encryptor, name)
  }
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function vouch(by: Enrolled, name: string, out = `${name}.provenance`) {
  return custodyJson([
    ...['fhe', 'provenance', 'sign', '--public', at('fhe', 'public.bin'), '--ciphertext', at(`${name}.bin`)],
    ...['--program', 'encrypt 1.0', '--input', `client-key:Enno:${at(`${name}.bin`)}`, '--key', by.keyPath],
    ...['--out', at(out), ...pass],
  ])
}

async function requested(
  name: string,
  { provenance = `${name}.provenance`, to = combiner.recipient, skip = '' } = {},
) {
  const request = at(`${name}.request`)
  const made = await custodyJson([
    ...['request', 'new', '--public', at('fhe', 'public.bin'), '--ciphertext', at(`${name}.bin`)],
    ...['--provenance', at(provenance), '--what', 'one number', '--purpose', 'a test', '--requester', 'Rita'],
    ...['--combiner', to, '--out', `${request}.draft`],
  ])
  expect(made.json).toMatchObject({ ok: true, budget: 4 })
  let last = `${request}.draft`
  for (const [verb, person] of [
    ['sign', people.requester],
    ['approve', people.approver],
  ] as const) {
    if (verb === skip) continue
    const next = `${request}.${verb}`
    const signed = await custodyJson(['request', verb, last, '--key', person.keyPath, '--out', next, ...pass])
    expect(signed.exit).toBe(0)
    last = next
  }
  return last
}

function approve(i: number, request: string, name: string, out: string) {
  return custodyJson([
    ...['holder', 'approve', request, '--share', at(`share-${i}.sealed`), '--key', holders[i - 1]!.keyPath],
    ...[
      '--policy',
      at('policy.json'),
      '--ciphertext',
      at(`${name}.bin`),
      '--out',
      at(`${out}.json`),
      ...pass,
    ],
  ])
}

describe('a decryption from request to value, on files', () => {
  test('two holders approve, the combiner reads the value, the budget is counted, a replay is refused', async () => {
    const request = await requested('six')
    const shown = await custodyJson(['request', 'show', request, '--policy', at('policy.json')])
    expect(shown.json).toMatchObject({ ok: true, checked: true, approvedBy: ['Abe'] })
    const [one, three] = await Promise.all([
      approve(1, request, 'six', 'a1'),
      approve(3, request, 'six', 'a3'),
    ])
    expect(one.json).toMatchObject({ decision: 'approved', spent: 4, left: { at64: 6, at128: 0 } })
    const answer = holderAnswerCodec.file.parse(new Uint8Array(readFileSync(at('a3.json'))))
    if (!answer.ok) throw new Error(answer.detail)
    const signers = [{ role: 'holder', members: [{ name: 'Jan', keys: holders[2]!.card.keys }], quorum: 1 }]
    expect(holderAnswerCodec.verify(answer.value, domain, signers).ok).toBe(true)
    const combine = [
      ...['fhe', 'combine', at('a1.age'), at('a3.age'), '--public', at('fhe', 'public.bin')],
      ...['--ciphertext', at('six.bin'), '--identity', at('combiner.identity'), '--request', request],
    ]
    const cards = ['--card', ...holders.map(({ cardPath }) => cardPath)]
    const [value, others, replay] = await Promise.all([
      custodyJson([...combine, ...cards]),
      custodyJson([...combine, ...[...cards].toSpliced(1, 2, cards[2]!, cards[1]!)]),
      approve(1, request, 'six', 'a1-again'),
    ])
    expect(three.exit).toBe(0)
    expect(value.json).toMatchObject({ ok: true, type: 'u8', value: '66', verified: 0 })
    expect(others.json.code).toBe('FHE-ROSTER-OTHER')
    expect({ exit: replay.exit, code: replay.json.code }).toEqual({ exit: 1, code: 'REQUEST-REPLAYED' })
  }, 120_000)

  test('REQUEST-BUDGET the blocks of a share run out', async () => {
    const nine = await requested('nine')
    const first = await approve(2, nine, 'nine', 'b1')
    expect(first.json).toMatchObject({ spent: 4, left: { at64: 6 } })
    const odd = await requested('odd')
    expect((await approve(2, odd, 'odd', 'b2')).json).toMatchObject({ spent: 4, left: { at64: 2 } })
    const spent = await approve(2, at('six.request.approve'), 'six', 'b3')
    expect({ exit: spent.exit, code: spent.json.code }).toEqual({ exit: 1, code: 'REQUEST-BUDGET' })
  }, 120_000)

  test('a holder refuses with a reason, and cannot be talked into it afterwards', async () => {
    const request = at('odd.request.approve')
    const refused = await custodyJson([
      ...['holder', 'refuse', request, '--share', at('share-3.sealed'), '--key', holders[2]!.keyPath],
      ...['--reason', 'unknown purpose', '--out', at('no.json'), ...pass],
    ])
    expect(refused.json).toMatchObject({
      decision: 'refused',
      reason: 'unknown purpose',
      sealed: null,
      spent: 0,
    })
    expect((await approve(3, request, 'odd', 'c1')).json.code).toBe('REQUEST-REPLAYED')
  }, 60_000)
})

describe('a holder refuses by name', () => {
  test('HOLDER-STATE-MISSING and HOLDER-STATE-OTHER a share without its own count answers nothing', async () => {
    const state = readFileSync(at('share-1.sealed.state'))
    const request = at('odd.request.approve')
    writeFileSync(at('share-1.sealed.state'), readFileSync(at('share-2.sealed.state')))
    const other = await approve(1, request, 'odd', 's1')
    rmSync(at('share-1.sealed.state'))
    const missing = await approve(1, request, 'odd', 's2')
    writeFileSync(at('share-1.sealed.state'), state)
    expect(other.json.code).toBe('HOLDER-STATE-OTHER')
    expect(missing.json.code).toBe('HOLDER-STATE-MISSING')
  }, 60_000)

  test('another ciphertext, a missing approval, a foreign combiner, and who may not vouch', async () => {
    const fresh = temporaryName()
    writeFileSync(at(`${fresh}.bin`), readFileSync(at('odd.bin')))
    const stranger = await generateSealIdentity()
    await vouch(people.stranger, fresh, `${fresh}.strange`)
    await vouch(people.encryptor, fresh)
    const unsigned = await requested(fresh, { skip: 'sign' })
    rmSync(`${at(fresh)}.request.draft`)
    rmSync(`${at(fresh)}.request.approve`)
    const unapproved = await requested(fresh, { skip: 'approve' })
    const swapped = await approve(1, at('odd.request.approve'), 'nine', 'd1')
    const missing = await approve(1, unapproved, fresh, 'd2')
    expect(swapped.json.code).toMatch(/^(REQUEST-CIPHERTEXT|FHE-PROVENANCE-MISSING)$/)
    expect(missing.json.code).toBe('REQUEST-APPROVALS')
    expect(unsigned).toContain('approve')
    for (const file of ['draft', 'sign']) rmSync(`${at(fresh)}.request.${file}`)
    const elsewhere = await approve(1, await requested(fresh, { to: stranger.recipient }), fresh, 'd3')
    expect(elsewhere.json.code).toBe('REQUEST-COMBINER')
    for (const file of ['draft', 'sign', 'approve']) rmSync(`${at(fresh)}.request.${file}`)
    const strange = await approve(1, await requested(fresh, { provenance: `${fresh}.strange` }), fresh, 'd4')
    expect(strange.json.code).toBe('PROVENANCE-SIGNER')
  }, 120_000)

  test('a requester’s key approves nothing, and an evaluator vouches for nothing fresh', async () => {
    const evaluator = await enrolled(folder, 'evaluator', 'Eva', domain)
    const [wrongKind, wrongMode] = await Promise.all([
      custodyJson([
        'request',
        'approve',
        at('odd.request.sign'),
        '--key',
        people.requester.keyPath,
        '--out',
        at('x'),
        ...pass,
      ]),
      vouch(evaluator, 'six', 'y'),
    ])
    expect(wrongKind.json.code).toBe('REQUEST-ROLE')
    expect(wrongMode.json.code).toBe('FHE-PROVENANCE-MODE')
  }, 30_000)
})

let names = 0
const temporaryName = () => `other-${names++}`
