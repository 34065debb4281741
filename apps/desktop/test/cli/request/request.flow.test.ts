import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import {
  type DecryptionRequest,
  decryptionApprovalCodec,
  decryptionRequestCodec,
  holderAnswerCodec,
  provenanceCodec,
  type RequestPackage,
  requestPackageCodec,
} from '@lux/ceremony/wire'
import { generateSealIdentity } from '@lux/crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { approve as approveRequest } from '../../../src/cli/holder/approve.ts'
import { custodyJson, each } from '../support/custody.ts'
import {
  approve,
  at,
  combiner,
  domain,
  folder,
  gather,
  holders,
  keptOf,
  pass,
  people,
  remove,
  requested,
  vouch,
} from '../support/decryption-place.ts'
import { enrolled } from '../support/people.ts'

beforeAll(gather, 120_000)
afterAll(remove)

describe('a decryption from request to value, on files', () => {
  test('two holders approve, the combiner reads the value, the budget is counted, a replay is refused', async () => {
    const request = await requested('six')
    const shown = await custodyJson(['request', 'show', request, '--policy', at('policy.json')])
    expect(shown.json).toMatchObject({ ok: true, checked: true, approvedBy: ['Abe'] })
    const [one, three] = await Promise.all([
      approve(1, request, 'six', 'a1'),
      approve(3, request, 'six', 'a3'),
    ])
    expect(one.json).toMatchObject({
      decision: 'approved',
      spent: 4,
      left: { at64: 6, at128: 0 },
      blockBits: 32,
      floorBits: 40,
      belowFloor: true,
    })
    // Said before the question, with the request's own lines.
    expect(one.stderr).toMatch(/by 32 bits \(floor 40\).*\nBELOW THE FLOOR/)
    const answer = holderAnswerCodec.file.parse(new Uint8Array(readFileSync(at('a3.json'))))
    if (!answer.ok) throw new Error(answer.detail)
    const signers = [{ role: 'holder', members: [{ name: 'Jan', keys: holders[2]!.card.keys }], quorum: 1 }]
    expect(holderAnswerCodec.verify(answer.value, domain, signers).ok).toBe(true)
    const combine = [
      ...['fhe', 'combine', at('a1.age'), at('a3.age'), '--public', at('fhe', 'public.bin')],
      ...['--ciphertext', at('six.bin'), '--identity', at('combiner.identity'), '--request', request],
    ]
    const cards = [...each('--card', ...holders.map(({ cardPath }) => cardPath))]
    const [value, others, replay] = await Promise.all([
      custodyJson([...combine, ...cards]),
      custodyJson([...combine, ...[...cards].toSpliced(1, 3, cards[3]!, '--card', cards[1]!)]),
      approve(1, request, 'six', 'a1-again'),
    ])
    expect(three.exit).toBe(0)
    expect(value.json).toMatchObject({ ok: true, type: 'u8', value: '66', verified: 0 })
    expect(others.json.code).toBe('FHE-ROSTER-OTHER')
    // Lost on its way: the same bytes once more, and nothing is counted.
    expect(replay.json).toMatchObject({ ok: true, again: true, spent: 4, left: { at64: 6 } })
    for (const end of ['json', 'age'])
      expect(readFileSync(at(`a1-again.${end}`))).toEqual(readFileSync(at(`a1.${end}`)))
    writeFileSync(at('share-1.sealed.answers', readdirSync(at('share-1.sealed.answers'))[0]!), 'changed')
    expect((await approve(1, request, 'six', 'a1-changed')).json.code).toBe('REQUEST-REPLAYED')
  }, 120_000)

  test('OPTION-COUNT a request that nobody could answer in time is not made', async () => {
    const made = await custodyJson([
      ...['request', 'new', '--public', at('fhe', 'public.bin'), '--ciphertext', at('six.bin')],
      ...['--provenance', at('six.provenance'), '--what', 'one number', '--purpose', 'a test'],
      ...['--requester', 'Rita', '--combiner', combiner.recipient, '--hours', '0', '--out', at('late.json')],
    ])
    expect(made.json).toMatchObject({ code: 'OPTION-COUNT', detail: expect.stringContaining('1 to 8760') })
  })

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
    const no = (out: string, reason: string) =>
      custodyJson([
        ...['holder', 'refuse', request, '--share', at('share-3.sealed'), '--key', holders[2]!.keyPath],
        ...['--reason', reason, '--out', at(out), ...pass],
      ])
    const refused = await no('no.json', 'unknown purpose')
    expect(refused.json).toMatchObject({
      decision: 'refused',
      reason: 'unknown purpose',
      sealed: null,
      spent: 0,
    })
    expect((await approve(3, request, 'odd', 'c1')).json.code).toBe('REQUEST-REPLAYED')
    expect((await no('no-again.json', 'another reason')).json).toMatchObject({
      again: true,
      reason: 'unknown purpose',
    })
  }, 60_000)
})

/** The signed and approved request for `odd`, changed and signed again by whoever it needs. */
function variant(name: string, change: (given: RequestPackage) => RequestPackage): string {
  const parsed = requestPackageCodec.parse(new Uint8Array(readFileSync(at('odd.request.approve'))))
  if (!parsed.ok) throw new Error(parsed.detail)
  const { request, approvals, provenance } = change(parsed.value)
  const { requester, approver } = people
  const signed = {
    request: {
      payload: request.payload,
      signatures: request.signatures.map(() =>
        decryptionRequestCodec.sign(requester.identity, request.payload, domain),
      ),
    },
    approvals: approvals.map(() => decryptionApprovalCodec.sign(approver.identity, request.payload, domain)),
    provenance,
  }
  writeFileSync(at(name), requestPackageCodec.encode(signed))
  return at(name)
}

function vouchedByStranger(given: RequestPackage): RequestPackage {
  const [document] = given.provenance
  const signature = provenanceCodec.sign(people.stranger.identity, document!.payload, domain)
  return { ...given, provenance: [{ payload: document!.payload, signatures: [signature] }] }
}

let answers = 0
const codeOf = (request: string, ciphertext = 'odd', share = 'share-1.sealed') =>
  approveRequest(request, {
    share: at(share),
    key: holders[0]!.keyPath,
    policy: at('policy.json'),
    ciphertext: [at(`${ciphertext}.bin`)],
    out: at(`never-${answers++}.json`),
    passphraseFile: at('passphrase'),
  }).then(
    () => 'answered',
    (error: { code: string }) => error.code,
  )

describe('a holder refuses by name', () => {
  test('HOLDER-STATE-MISSING and HOLDER-STATE-OTHER a share without its own count answers nothing', async () => {
    const state = readFileSync(at('share-1.sealed.state'))
    writeFileSync(at('share-1.sealed.state'), readFileSync(at('share-2.sealed.state')))
    expect(await codeOf(at('odd.request.approve'))).toBe('HOLDER-STATE-OTHER')
    rmSync(at('share-1.sealed.state'))
    expect(await codeOf(at('odd.request.approve'))).toBe('HOLDER-STATE-MISSING')
    writeFileSync(at('share-1.sealed.state'), state)
  }, 60_000)

  test('another ciphertext, what nobody asked for, approved or may vouch for, and a foreign combiner', async () => {
    const payload =
      (change: Partial<DecryptionRequest>) =>
      (given: RequestPackage): RequestPackage => ({
        ...given,
        request: { ...given.request, payload: { ...given.request.payload, ...change } as DecryptionRequest },
      })
    const stranger = await generateSealIdentity()
    const unsigned = (given: RequestPackage) => ({ ...given, request: { ...given.request, signatures: [] } })
    expect({
      swapped: await codeOf(at('odd.request.approve'), 'nine'),
      unasked: await codeOf(variant('v1', unsigned)),
      unapproved: await codeOf(variant('v2', (given) => ({ ...given, approvals: [] }))),
      elsewhere: await codeOf(variant('v3', payload({ combiner: stranger.recipient }))),
      expired: await codeOf(variant('v4', payload({ expiry: '2020-01-01T00:00:00.000Z' }))),
      otherKey: await codeOf(variant('v5', payload({ keyId: '00'.repeat(32) }))),
      otherEpoch: await codeOf(variant('v6', payload({ epochId: '00'.repeat(32) }))),
      strange: await codeOf(variant('v7', vouchedByStranger)),
    }).toEqual({
      swapped: 'FHE-PROVENANCE-MISSING',
      unasked: 'REQUEST-REQUESTER',
      unapproved: 'REQUEST-APPROVALS',
      elsewhere: 'REQUEST-COMBINER',
      expired: 'REQUEST-EXPIRED',
      otherKey: 'REQUEST-KEY',
      otherEpoch: 'REQUEST-EPOCH',
      strange: 'PROVENANCE-SIGNER',
    })
  }, 60_000)

  test('FHE-AUTHORITIES-OTHER a share into which a dealing workstation put somebody else answers nobody', async () => {
    const { stranger } = people
    const combiner = await generateSealIdentity()
    const codes: string[] = []
    for (const [at, others] of [
      { requesters: [stranger.card.keys] },
      { encryptors: [people.encryptor.card.keys, stranger.card.keys] },
      { evaluators: [stranger.card.keys] },
      { combiners: [combiner.recipient] },
    ].entries()) {
      await keptOf(1, others, `other-${at}.sealed`)
      codes.push(await codeOf(variant(`v1${at}`, vouchedByStranger), 'odd', `other-${at}.sealed`))
    }
    expect(codes).toEqual(Array(4).fill('FHE-AUTHORITIES-OTHER'))
    // The same request, with the share as it was dealt.
    await keptOf(1, {}, 'same.sealed')
    expect(await codeOf(variant('v20', vouchedByStranger), 'odd', 'same.sealed')).toBe('PROVENANCE-SIGNER')
  }, 60_000)

  test('a requester’s key approves nothing, and an evaluator vouches for nothing fresh', async () => {
    const evaluator = await enrolled(folder, 'evaluator', 'Eva', domain)
    const [wrongKind, wrongMode] = await Promise.all([
      custodyJson([
        ...['request', 'approve', at('odd.request.sign'), '--key', people.requester.keyPath],
        ...['--out', at('x'), ...pass, '--policy', at('policy.json'), '--public', at('fhe', 'public.bin')],
      ]),
      vouch(evaluator, 'six', 'y'),
    ])
    expect(wrongKind.json.code).toBe('REQUEST-ROLE')
    expect(wrongMode.json.code).toBe('FHE-PROVENANCE-MODE')
  }, 60_000)
})
