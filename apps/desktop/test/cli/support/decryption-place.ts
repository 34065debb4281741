import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodePolicyFile, newPolicy, type Policy, policyDigest, policyDocument } from '@lux/ceremony/policy'
import { cardCodec } from '@lux/ceremony/wire'
import { fromUtf8, generateSealIdentity, openWith, openWithPassphrase, sealWithPassphrase } from '@lux/crypto'
import { type Authorities, encodeEnvelope, parseShareEnvelope } from '@lux/crypto/fhe'
import { encodeHeldShare, encodeState, freshState, type HeldShare, parseHeldShare } from '@lux/people'
import tfhe from 'node-tfhe'
import { expect } from 'vitest'
import { runKeyChild } from '../../../src/core/key-child/index.ts'
import { custodyJson, temporaryFolder } from './custody.ts'
import { type Enrolled, enrolled, passphrase, passphraseFile } from './people.ts'

export const domain = 'rehearsal'
const ceremonyId = '0f'.repeat(16)
const LIMIT = 1n << 30n
export let folder: string
export let pass: string[]
export let holders: Enrolled[]
export let people: Record<'requester' | 'approver' | 'encryptor' | 'stranger', Enrolled>
export let combiner: { identity: string; recipient: string }
export const at = (...parts: string[]) => join(folder, ...parts)

/** A sealed ceremony of a (2,3) key in mode F, its people, and a value that an encryptor encrypted with the public key. */
export async function gather(): Promise<void> {
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
    fhe: { floorBits: 20, blockFloorBits: 40, budgets: { k64: 10, k128: 0 } },
  }
  const digest = policyDigest(policy)
  const signatures = [policyDocument.sign(officer.identity, policy, domain)]
  writeFileSync(at('policy.json'), encodePolicyFile({ policy, signatures }))
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
  const pub = new Uint8Array(readFileSync(at('fhe', 'public.bin')))
  for (const [i, holder] of holders.entries()) {
    const sealed = new Uint8Array(readFileSync(at('envelopes', `holder-${i + 1}.age`)))
    const content = await openWith(holder.seal!, sealed)
    await keep(
      at(`share-${i + 1}.sealed`),
      { content, sealed, pub, ceremonyId, policyDigest: digest },
      holder,
    )
  }
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
}

/** As `receive` keeps a share, under a cheaper passphrase: every answer opens it again. */
export async function keep(file: string, held: HeldShare, holder: Enrolled): Promise<void> {
  writeFileSync(file, await sealWithPassphrase(passphrase, encodeHeldShare(held), { workFactor: 10 }))
  writeFileSync(
    `${file}.state`,
    encodeState(freshState(), { key: holder, envelope: parseShareEnvelope(held.content) }),
  )
}

/** A kept share of a holder, as it were if the dealing workstation had put other people into it. */
export async function keptOf(i: number, people: Partial<Authorities>, file: string): Promise<void> {
  const holder = holders[i - 1]!
  const kept = new Uint8Array(readFileSync(at(`share-${i}.sealed`)))
  const read = parseHeldShare(await openWithPassphrase(passphrase, kept))
  if (!read.ok) throw new Error(`${file}: ${read.detail}`)
  const held = read.value
  const envelope = parseShareEnvelope(held.content)
  const content = encodeEnvelope({ ...envelope, authorities: { ...envelope.authorities, ...people } })
  await keep(at(file), { ...held, content }, holder)
}

export function remove(): void {
  rmSync(folder, { recursive: true, force: true })
}

export function vouch(by: Enrolled, name: string, out = `${name}.provenance`, program = 'encrypt 1.0') {
  return custodyJson([
    ...['fhe', 'provenance', 'sign', '--public', at('fhe', 'public.bin'), '--ciphertext', at(`${name}.bin`)],
    ...['--program', program, '--input', `signature:Enno:${at(`${name}.bin`)}`, '--key', by.keyPath],
    ...['--out', at(out), ...pass],
  ])
}

/** A request, signed and approved. */
export async function requested(name: string, budget = 4) {
  const request = at(`${name}.request`)
  const made = await custodyJson([
    ...['request', 'new', '--public', at('fhe', 'public.bin'), '--ciphertext', at(`${name}.bin`)],
    ...[
      '--provenance',
      at(`${name}.provenance`),
      '--what',
      'one number',
      '--purpose',
      'a test',
      '--requester',
      'Rita',
    ],
    ...['--combiner', combiner.recipient, '--out', `${request}.draft`],
  ])
  expect(made.json).toMatchObject({ ok: true, budget })
  let last = `${request}.draft`
  const known = ['--policy', at('policy.json'), '--public', at('fhe', 'public.bin')]
  for (const [verb, person] of [
    ['sign', people.requester],
    ['approve', people.approver],
  ] as const) {
    const next = `${request}.${verb}`
    const key = verb === 'approve' ? known : []
    const as = ['--key', person.keyPath, '--out', next, ...pass]
    const signed = await custodyJson(['request', verb, last, ...as, ...key])
    expect(signed.exit).toBe(0)
    last = next
  }
  return last
}

export function approve(i: number, request: string, name: string, out: string) {
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
