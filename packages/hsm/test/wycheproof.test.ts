import { constants, createPrivateKey, privateDecrypt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Module } from '../src/pkcs11/module.ts'
import type { TokenSession } from '../src/pkcs11/session.ts'
import { Tokens } from '../src/pkcs11/tokens.ts'
import { type Bench, startBench, userPin } from './soft-token-bench.ts'
import { casesIn, type Difference, wycheproof } from './wycheproof-run.ts'

type Triaged = {
  readonly token: string
  readonly differences: readonly {
    readonly file: string
    readonly what: Difference['what']
    /** Case numbers and ranges. */
    readonly cases: readonly string[]
    readonly by: 'driver' | 'token'
    readonly reason: string
  }[]
}

const triaged = JSON.parse(
  readFileSync(new URL('./vectors/softhsm-differences.json', import.meta.url), 'utf8'),
) as Triaged

const numbers = (cases: readonly string[]) =>
  cases.flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })

const expected = (file: string) =>
  triaged.differences
    .filter((d) => d.file === file)
    .flatMap(({ what, cases }) => numbers(cases).map((tcId) => `${what} ${tcId}`))
    .sort()

/** In this process, without the host: a thousand cases want no thousand round trips. */
describe('Wycheproof against SoftHSM', () => {
  let bench: Bench
  let session: TokenSession
  beforeAll(async () => {
    bench = await startBench()
    const { serial } = await bench.newToken('wycheproof')
    process.env.SOFTHSM2_CONF = bench.environment.SOFTHSM2_CONF
    session = new Tokens(new Module(bench.library)).get(serial)
    session.logIn({ user: 'user', pin: userPin(), keep: false })
  })
  afterAll(async () => {
    session.close()
    delete process.env.SOFTHSM2_CONF
    await bench.close()
  })

  const counts = { 'AES-KW': 165, 'AES-KWP': 254, 'AES-GCM': 316, 'RSA-OAEP': 36, ECDSA: 252, EdDSA: 150 }
  it.each(Object.entries(counts))(
    '%s (%i cases): the token differs where the triage says, and nowhere else',
    async (name, cases) => {
      expect(casesIn(name)).toBe(cases)
      const found = await wycheproof[name]!(session)
      expect(found.map(({ what, tcId }) => `${what} ${tcId}`).sort()).toEqual(expected(name))
    },
    60_000,
  )

  it('nothing is taken that a vector calls invalid', () => {
    expect(triaged.differences.filter(({ what }) => what !== 'refused')).toEqual([])
  })

  it('every triaged difference has its reason', () => {
    for (const { reason, cases, file } of triaged.differences) {
      expect(reason.length).toBeGreaterThan(40)
      expect(cases.length).toBeGreaterThan(0)
      expect(Object.keys(counts)).toContain(file)
    }
  })

  it('our software passes the OAEP cases, labels included', () => {
    const file = new URL('./vectors/rsa_oaep_2048_sha1_mgf1sha1_test.json', import.meta.url)
    type Group = { privateKeyPkcs8: string; tests: Record<'msg' | 'ct' | 'label' | 'result', string>[] }
    const { testGroups } = JSON.parse(readFileSync(file, 'utf8')) as { testGroups: Group[] }
    for (const { privateKeyPkcs8, tests } of testGroups) {
      const der = Buffer.from(privateKeyPkcs8, 'hex')
      const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
      const padding = constants.RSA_PKCS1_OAEP_PADDING
      for (const { msg, ct, label, result } of tests) {
        const oaepLabel = Buffer.from(label, 'hex')
        let opened: string | null
        try {
          opened = privateDecrypt(
            { key, padding, oaepHash: 'sha1', oaepLabel },
            Buffer.from(ct, 'hex'),
          ).toString('hex')
        } catch {
          opened = null
        }
        expect(opened).toBe(result === 'invalid' ? null : msg)
      }
    }
  })
})
