import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  companionMessage,
  createCompanion,
  evidenceOf,
  profileById,
  rootTemplate,
  type SignedStatement,
  signStatement,
  type Token,
  verifyStatement,
  verifyYubiHsmAttestation,
} from '../../src/index.ts'
import { type Bench, newId, startBench } from '../soft-token-bench.ts'

const head = createHash('sha256').update('transcript').digest('hex')

describe('companion key', () => {
  let bench: Bench
  let token: Token
  let signed: SignedStatement
  let companionId: string
  let rootId: string
  beforeAll(async () => {
    bench = await startBench()
    token = await bench.loggedIn('companion')
    companionId = newId()
    rootId = newId()
    await createCompanion(token, { id: companionId, label: 'companion' })
    await token.generateAes({ id: rootId, label: 'root', bits: 256, template: rootTemplate })
    signed = await signStatement(token, {
      domain: 'rehearsal',
      companionId,
      key: { id: rootId, class: 'secret' },
      transcriptHead: head,
    })
  })
  afterAll(() => bench.close())

  it('signs serial, id, attributes as read and the transcript’s head, and openly verifies', () => {
    expect(signed.statement).toMatchObject({ serial: token.serial, ckaId: rootId, transcriptHead: head })
    expect(signed.statement.attributes).toMatchObject({ EXTRACTABLE: 'false', NEVER_EXTRACTABLE: 'true' })
    expect(verifyStatement('rehearsal', signed)).toBe(true)
  })

  it('the message is canonical JSON under the domain’s own context', () => {
    const text = companionMessage('production', {
      serial: 'a"b',
      ckaId: '00ff',
      attributes: { SENSITIVE: 'true', LABEL: 'é' },
      transcriptHead: head,
    }).toString('utf8')
    expect(text).toBe(
      `lux-custody/companion/v1/production\0{"attributes":{"LABEL":"é","SENSITIVE":"true"},"ckaId":"00ff","serial":"a\\"b","transcriptHead":"${head}","v":1}`,
    )
  })

  it('nothing of it can be changed, and a rehearsal’s is not a production’s', () => {
    expect(verifyStatement('production', signed)).toBe(false)
    const { statement } = signed
    for (const change of [
      { serial: '1' },
      { ckaId: companionId },
      { transcriptHead: '0'.repeat(64) },
      { attributes: { ...statement.attributes, EXTRACTABLE: 'true' } },
    ])
      expect(verifyStatement('rehearsal', { ...signed, statement: { ...statement, ...change } })).toBe(false)
    expect(verifyStatement('rehearsal', { ...signed, signature: 'AAAA' })).toBe(false)
    expect(verifyStatement('rehearsal', { ...signed, spki: 'AAAA' })).toBe(false)
    // A sound signature of the same length under another curve.
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
    const message = companionMessage('rehearsal', statement)
    const signature = sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString(
      'base64',
    )
    const spki = publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
    expect(verifyStatement('rehearsal', { statement, signature, spki })).toBe(false)
  })

  it('on a token that nobody attests it stays at E1, and says why', async () => {
    const probe = await token.probe()
    const [root] = await token.findById(rootId, rootTemplate)
    const attestation = verifyYubiHsmAttestation({
      chain: Buffer.from('none'),
      roots: [],
      spki: Buffer.from(signed.spki, 'base64'),
      time: new Date(),
    })
    const { level, reasons } = evidenceOf({
      attributes: root?.attributes ?? [],
      probe,
      profile: profileById('softhsm')!,
      companion: {
        statement: { ok: verifyStatement('rehearsal', signed), detail: 'signed' },
        attestation: attestation.ok ? { ok: true, detail: '' } : { ok: false, detail: attestation.rule },
      },
    })
    expect(level).toBe('E1')
    expect(reasons).toContainEqual({ code: 'companion-signed', holds: true, detail: 'signed', said: [] })
    const refused = { code: 'companion-attested', holds: false, detail: 'ATTESTATION-FORMAT', said: [] }
    expect(reasons).toContainEqual(refused)
  })
})
