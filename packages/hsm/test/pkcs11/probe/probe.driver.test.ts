import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ProbeReport, sayingText, type Token } from '../../../src/index.ts'
import { startFaultBench } from '../../faults/fault-bench.ts'
import { type Bench, refusal, startBench, userPin } from '../../soft-token-bench.ts'

describe('attack probe on SoftHSM', () => {
  let bench: Bench
  let token: Token
  let report: ProbeReport
  beforeAll(async () => {
    bench = await startBench()
    token = await bench.loggedIn('probe')
    report = await token.probe()
  })
  afterAll(() => bench.close())

  const outcomes = (template: string) =>
    Object.fromEntries(
      report.attacks.filter((a) => a.template === template).map(({ name, outcome }) => [name, outcome]),
    )

  it('the hardened template holds against every attack', () => {
    expect(outcomes('hardened')).toEqual({
      'wrap-then-decrypt': 'held',
      'reimport-extractable': 'held',
      'silent-unwrap': 'held',
      'copy-escalate': 'held',
      'mechanism-confusion': 'held',
      'flip-attributes': 'held',
      'read-back': 'held',
      'read-value': 'held',
      'wrap-the-kek': 'held',
      'use-otherwise': 'held',
      'tampered-blob': 'held',
      'wrap-to-untrusted': 'held',
      'transport-unwrap': 'held',
    })
    expect(report.passed).toBe(true)
    expect(report.lacking).toEqual([])
  })

  it('the default template is broken, so the attacks are real', () => {
    expect(outcomes('default')).toEqual({
      'wrap-then-decrypt': 'broken',
      'reimport-extractable': 'broken',
      'silent-unwrap': 'held',
      'copy-escalate': 'broken',
      'mechanism-confusion': 'broken',
      'flip-attributes': 'broken',
      'read-back': 'held',
      'read-value': 'held',
      'wrap-the-kek': 'held',
      'use-otherwise': 'broken',
      'tampered-blob': 'held',
      'wrap-to-untrusted': 'broken',
      'transport-unwrap': 'broken',
    })
  })

  it('says every finding by a name that is translated, and in English as the saying has it', () => {
    const findings = [
      ...report.attacks.map(({ detail, said }) => ({ text: detail, said })),
      ...report.knownAnswers.tried.map(({ result, said }) => ({ text: result, said })),
    ]
    expect(findings.length).toBeGreaterThan(13)
    for (const { text, said } of findings) expect(sayingText(said!)).toBe(text)
  })

  it('every mechanism that could wrap is tried: CBC without padding is one that SoftHSM takes', () => {
    const found = report.attacks.find(
      ({ name, template }) => name === 'mechanism-confusion' && template === 'default',
    )
    expect(found?.detail).toMatch(/CKM_AES_KEY_WRAP, .*CKM_AES_CBC$/)
  })

  it('leaves nothing behind on the token', async () => {
    expect((await token.inventory()).objects).toEqual([])
  })

  it('needs the user', async () => {
    await token.logOut()
    expect(await refusal(token.probe())).toBe('HSM-NOT-LOGGED-IN')
  })
})

describe('attack probe on a token that refuses ECB', () => {
  const decrypted = ({ attacks }: ProbeReport) =>
    attacks.find(({ name, template }) => name === 'wrap-then-decrypt' && template === 'default')

  it('decrypts by a chain of one block instead: the default template is broken all the same', async () => {
    const bench = await startFaultBench()
    try {
      const token = await bench.newToken('no ecb')
      await token.logIn({ user: 'user', pin: userPin() })
      const ways: (string | undefined)[] = []
      // The hardened KEK refuses both ways and a transport key refuses its own, so the default KEK is asked fourth.
      for (const ahead of [0, 4]) {
        if (ahead > 0)
          bench.plan(`C_DecryptInit@${bench.count('C_DecryptInit') + ahead}=CKR_MECHANISM_INVALID`)
        const report = await token.probe()
        expect(decrypted(report)?.outcome).toBe('broken')
        expect(report.passed).toBe(true)
        ways.push(decrypted(report)?.detail.split(' by ')[1])
      }
      expect(ways).toEqual(['CKM_AES_ECB', 'CKM_AES_CBC'])
    } finally {
      await bench.close()
    }
  })
})
