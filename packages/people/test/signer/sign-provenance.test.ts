import { checkProvenance, provenanceCodec } from '@lux/ceremony/wire'
import { CANARY_PROGRAM, seeCiphertext } from '@lux/crypto/fhe'
import { beforeAll, expect, test } from 'vitest'
import { enrol, prepareProvenance, provenanceToSign, signProvenance } from '../../src/index.ts'
import { accepted, ruleOf } from '../support/outcome.ts'
import { entropyOf, now, shareWorld, type World } from '../support/share-world.ts'

let world: World
beforeAll(async () => {
  world = await shareWorld()
})
const asked = (of: readonly number[], program = 'sum 1.0') =>
  provenanceToSign({
    pub: world.held[0]!.pub,
    ciphertexts: of.map((at) => seeCiphertext(world.ciphertexts[at]!.bytes)),
    program,
    inputs: [{ digest: 'ab'.repeat(32), admitted: 'proof', by: 'clinic' }],
  })

test('an evaluator reads what it attests and what a wrong word costs, and signs what holders believe', () => {
  const { evaluator } = world.people
  const prepared = accepted(prepareProvenance(accepted(asked([2])), evaluator))
  expect(prepared.lines).toContain(`ciphertext ${world.ciphertexts[2]!.digest}`)
  expect(prepared.warnings).toEqual([expect.stringContaining('gives the whole key away')])
  const { bytes, said } = accepted(signProvenance(prepared, now))
  const document = accepted(provenanceCodec.file.parse(bytes))
  expect(document.payload).toEqual(said)
  expect(said).toMatchObject({ mode: 'S', type: 'u8', ciphertexts: [world.ciphertexts[2]!.digest] })
  const { domain, keyId } = said
  const evaluators = [{ name: 'Eve', keys: evaluator.card.keys }]
  expect(ruleOf(checkProvenance(document, { domain, keyId, evaluators, encryptors: [] }))).toBe('accepted')
  const canary = accepted(prepareProvenance(accepted(asked([2], CANARY_PROGRAM)), evaluator))
  expect(canary.warnings).toContainEqual(expect.stringContaining('canary'))
})

test('REQUEST-ROLE REQUEST-DOMAIN FHE-PROVENANCE-MODE FHE-TYPE-MIXED nobody attests what is not theirs to attest', async () => {
  const key = async (kind: 'encryptor' | 'evaluator', domain: 'production' | 'rehearsal') =>
    accepted(await enrol({ kind, domain, name: 'Ann' }, entropyOf(`${kind} ${domain}`))).key
  expect(ruleOf(asked([0, 1]))).toBe('FHE-TYPE-MIXED')
  const one = accepted(asked([0]))
  expect(ruleOf(prepareProvenance(one, world.people.requester))).toBe('REQUEST-ROLE')
  expect(ruleOf(prepareProvenance(one, await key('evaluator', 'rehearsal')))).toBe('REQUEST-DOMAIN')
  expect(ruleOf(prepareProvenance(one, await key('encryptor', 'production')))).toBe('FHE-PROVENANCE-MODE')
  const hidden = accepted(prepareProvenance(accepted(asked([0], 'sum\u202e')), world.people.evaluator))
  expect(ruleOf(signProvenance(hidden, now))).toBe('FHE-PROVENANCE')
})
