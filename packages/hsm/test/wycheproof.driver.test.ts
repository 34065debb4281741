import { constants, createPrivateKey, createPublicKey, privateDecrypt, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CKR } from '../src/constants.ts'
import { attempt, ckrError } from '../src/pkcs11/library/errors.ts'
import { Module } from '../src/pkcs11/library/module.ts'
import type { TokenSession } from '../src/pkcs11/session/session.ts'
import { Tokens } from '../src/pkcs11/session/tokens.ts'
import { type Bench, startBench, userPin } from './soft-token-bench.ts'
import { casesOf, differencesOf, suiteNames } from './wycheproof-run.ts'
import { expectedOf, readTriage, shown } from './wycheproof-triage.ts'

const triage = readTriage('softhsm')

const tagBytes = 16

/** SoftHSM, or a token that encrypts nothing and decrypts everything, to bytes of its own where it should refuse. */
class CheckedModule extends Module {
  // On a busy machine a slow call would go to a thread, past what is overridden here.
  override readonly threads = false
  lax = false

  override begin(...given: Parameters<Module['begin']>): void {
    if (this.lax && given[0] === 'C_EncryptInit') throw ckrError(CKR.MECHANISM_INVALID, given[4])
    super.begin(...given)
  }
  override finish(...given: Parameters<Module['finish']>): Buffer {
    const done = attempt(() => super.finish(...given))
    if (done.ok) return done.value
    if (this.lax && given[0] === 'C_Decrypt') return Buffer.alloc(given[2].length - tagBytes, 0x5a)
    throw done.error
  }
}

/** In this process, without the host: a thousand cases want no thousand round trips. */
describe('Wycheproof against SoftHSM', () => {
  let bench: Bench
  let session: TokenSession
  let module: CheckedModule
  beforeAll(async () => {
    bench = await startBench()
    const { serial } = await bench.newToken('wycheproof')
    process.env.SOFTHSM2_CONF = bench.environment.SOFTHSM2_CONF
    module = new CheckedModule(bench.library)
    session = new Tokens(module).get(serial)
    session.logIn({ user: 'user', pin: userPin(), keep: false })
  })
  afterAll(async () => {
    session.close()
    delete process.env.SOFTHSM2_CONF
    await bench.close()
  })

  const counts = {
    'AES-KW': 165,
    'AES-KWP': 254,
    'AES-GCM': 316,
    'HMAC-SHA-256': 174,
    'RSA-OAEP SHA-1': 36,
    'RSA-OAEP SHA-256': 37,
    'ECDSA P-256': 252,
    'ECDSA P-384': 270,
    'ECDSA P-521': 308,
    EdDSA: 150,
  }
  it.each(Object.entries(counts))(
    '%s (%i cases): the token differs where the triage says, and nowhere else',
    async (name, cases) => {
      expect(casesOf(name).length).toBe(cases)
      expect(shown(await differencesOf(session, name))).toEqual(expectedOf(triage, name))
    },
    60_000,
  )

  it('AES-GCM: whoever takes what is invalid, or seals nothing, is found out case by case', async () => {
    const fair = new Set(shown(await differencesOf(session, 'AES-GCM')))
    module.lax = true
    const found = new Set(shown(await differencesOf(session, 'AES-GCM')))
    module.lax = false
    // What the driver itself refuses, by the length of the nonce, reaches no token.
    const reached = casesOf('AES-GCM').filter(({ iv }) => iv?.length === 24)
    for (const { tcId, result } of reached)
      expect([tcId, found.has(`${result === 'valid' ? 'refused' : 'took'} ${tcId}`)]).toEqual([tcId, true])
    expect(reached.some(({ tcId }) => fair.has(`took ${tcId}`))).toBe(false)
  })
})

describe.each(['softhsm', 'opencryptoki', 'swtpm'])('the triage of %s', (name) => {
  const { lacking, differences } = readTriage(name)

  it('has nothing that is taken although a vector calls it invalid', () => {
    expect(differences.filter(({ what }) => what !== 'refused')).toEqual([])
  })

  it('has a reason for every difference, and for all that is lacking', () => {
    for (const { reason, file } of [...differences, ...lacking]) {
      expect(reason.length).toBeGreaterThan(40)
      expect(suiteNames).toContain(file)
    }
    for (const { cases, file } of differences) {
      expect(cases.length).toBeGreaterThan(0)
      expect(lacking.map((one) => one.file)).not.toContain(file)
    }
  })
})

describe('our software', () => {
  const read = <Group>(name: string) =>
    JSON.parse(readFileSync(new URL(`./vectors/${name}.json`, import.meta.url), 'utf8')) as {
      testGroups: Group[]
    }

  type Oaep = { privateKeyPkcs8: string; tests: Record<'msg' | 'ct' | 'label' | 'result', string>[] }
  it.each(['sha1', 'sha256'])('passes the OAEP cases with %s, labels included', (oaepHash) => {
    for (const { privateKeyPkcs8, tests } of read<Oaep>(`rsa_oaep_2048_${oaepHash}_mgf1${oaepHash}_test`)
      .testGroups) {
      const der = Buffer.from(privateKeyPkcs8, 'hex')
      const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
      const padding = constants.RSA_PKCS1_OAEP_PADDING
      for (const { msg, ct, label, result } of tests) {
        const oaepLabel = Buffer.from(label, 'hex')
        let opened: string | null
        try {
          opened = privateDecrypt({ key, padding, oaepHash, oaepLabel }, Buffer.from(ct, 'hex')).toString(
            'hex',
          )
        } catch {
          opened = null
        }
        expect(opened).toBe(result === 'invalid' ? null : msg)
      }
    }
  })

  type Ecdsa = { publicKeyDer: string; tests: Record<'msg' | 'sig' | 'result', string>[] }
  it.each([
    ['ecdsa_secp384r1_sha384_p1363_test', 'sha384'],
    ['ecdsa_secp521r1_sha512_p1363_test', 'sha512'],
  ])('passes %s', (file, hash) => {
    for (const { publicKeyDer, tests } of read<Ecdsa>(file).testGroups) {
      const key = createPublicKey({ key: Buffer.from(publicKeyDer, 'hex'), format: 'der', type: 'spki' })
      for (const { msg, sig, result } of tests) {
        const given = { key, dsaEncoding: 'ieee-p1363' } as const
        const right = verify(hash, Buffer.from(msg, 'hex'), given, Buffer.from(sig, 'hex'))
        expect([sig, right]).toEqual([sig, result === 'valid'])
      }
    }
  })
})
