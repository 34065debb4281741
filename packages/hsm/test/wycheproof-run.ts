import { createHash, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { CKK, CKO } from '../src/constants.ts'
import { type HashName, HsmError, type KeyRef } from '../src/index.ts'
import { CKA, hex, is, num, raw } from '../src/pkcs11/library/attributes.ts'
import { attempt } from '../src/pkcs11/library/errors.ts'
import { importPublicKey } from '../src/pkcs11/objects/keys.ts'
import { withKnownKey, withScratchKey } from '../src/pkcs11/objects/known-keys.ts'
import { chooseWrapMechanism } from '../src/pkcs11/objects/mechanisms.ts'
import { decrypt, encrypt } from '../src/pkcs11/operations/cipher.ts'
import { hmac, verify } from '../src/pkcs11/operations/signing.ts'
import type { TokenSession } from '../src/pkcs11/session/session.ts'
import { importUnderWrapping, wrapKey } from '../src/pkcs11/wrapping/key-wrapping.ts'
import { closedTemplate } from '../src/templates.ts'

/** What a token did otherwise than the vector says: `made` another value than the vector's, `took` an invalid one, `refused` a valid one. */
export type Difference = { readonly tcId: number; readonly what: 'made' | 'took' | 'refused' }

const newId = () => randomBytes(16).toString('hex')

type Case = Readonly<Record<string, string>> & { readonly tcId: number; readonly result: string }
type Group = Readonly<Record<string, unknown>> & { readonly tests: readonly Case[] }

/** The same files that our software primitives pass in packages/crypto/test. */
const shared = (name: string) => new URL(`../../crypto/vectors/wycheproof/${name}.json`, import.meta.url)
const own = (name: string) => new URL(`./vectors/${name}.json`, import.meta.url)

function groups(url: URL): readonly Group[] {
  return (JSON.parse(readFileSync(url, 'utf8')) as { testGroups: readonly Group[] }).testGroups
}

const bytes = (hex: string | undefined): Buffer => Buffer.from(hex ?? '', 'hex')

/** A refusal is an answer; anything else that is thrown is our mistake. */
async function answer<T>(run: () => T | Promise<T>): Promise<T | null> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof HsmError || error instanceof RangeError) return null
    throw error
  }
}

const answerNow = <T>(run: () => T): T | null => {
  const made = attempt(run)
  return made.ok ? made.value : null
}

const judge = ({ tcId, result }: Case, accepted: boolean): Difference[] => {
  if (result === 'acceptable' || accepted === (result === 'valid')) return []
  return [{ tcId, what: accepted ? 'took' : 'refused' }]
}

/** What was opened or made, against the vector's bytes: of an invalid one any answer is too much, whatever its bytes. */
const judgeBytes = (test: Case, made: Uint8Array | null, wanted: Buffer): Difference[] =>
  test.result === 'invalid' || made === null || wanted.equals(Buffer.from(made))
    ? judge(test, made !== null)
    : [{ tcId: test.tcId, what: 'made' }]

async function keyWrap(token: TokenSession, file: string, kind: 'kw' | 'kwp'): Promise<Difference[]> {
  const all = groups(shared(file)).flatMap(({ tests }) => tests)
  chooseWrapMechanism(token)
  const standard = kind === 'kw' ? 'KW-RFC3394' : 'KWP-RFC5649'
  const proof = token.wrapProofs.find((p) => p.standard === standard)
  if (!proof) return all.flatMap((test) => judge(test, false))
  const { module, session } = token
  const open = [
    num('CLASS', CKO.SECRET_KEY),
    num('KEY_TYPE', CKK.GENERIC_SECRET),
    is('TOKEN', false),
    is('SENSITIVE', false),
    is('EXTRACTABLE', true),
  ]
  const found: Difference[] = []
  for (const test of all) {
    const { key, msg, ct, tcId } = test
    const opened = withScratchKey(token, bytes(key), CKK.AES, [is('UNWRAP', true)], (kek) => {
      const made = attempt(() =>
        module.unwrapKey(session, { mechanism: proof.number }, kek, bytes(ct), open, 'unwrapping'),
      )
      if (!made.ok) return null
      const value = module.getAttribute(session, made.value, CKA.VALUE)
      token.destroyHandle(made.value)
      return value === 'absent' ? Buffer.alloc(0) : value
    })
    found.push(...judgeBytes(test, opened, bytes(msg)))
    if (test.result !== 'valid') continue
    const wrapped = await withKnownKey(token, bytes(key), CKK.AES, [is('WRAP', true)], (by) =>
      withKnownKey(token, bytes(msg), CKK.GENERIC_SECRET, [], async (ref) =>
        answer(() => wrapKey(token, { by, mechanism: { kind }, key: ref })),
      ),
    )
    if (wrapped === null) found.push({ tcId, what: 'refused' })
    else if (!Buffer.from(wrapped).equals(bytes(ct))) found.push({ tcId, what: 'made' })
  }
  return found
}

async function gcm(token: TokenSession): Promise<Difference[]> {
  const found: Difference[] = []
  for (const test of groups(shared('aes_gcm_test')).flatMap(({ tests }) => tests)) {
    const { key, iv, aad, msg, ct, tag } = test
    const flags = [is('ENCRYPT', true), is('DECRYPT', true)]
    const mechanism = () => ({ kind: 'gcm' as const, nonce: bytes(iv), aad: bytes(aad) })
    const sealed = Buffer.concat([bytes(ct), bytes(tag)])
    const tried = await answer(() =>
      withKnownKey(token, bytes(key), CKK.AES, flags, async (ref) => {
        const opened = await answer(() =>
          decrypt(token, { key: ref, mechanism: mechanism(), ciphertext: sealed }),
        )
        found.push(...judgeBytes(test, opened, bytes(msg)))
        if (test.result !== 'valid') return true
        const made = await answer(() =>
          encrypt(token, { key: ref, mechanism: mechanism(), plaintext: bytes(msg) }),
        )
        found.push(...judgeBytes(test, made, sealed))
        return true
      }),
    )
    if (tried === null) found.push(...judge(test, false))
  }
  return found
}

/** Signatures are checked by the token's own public key object. A key that it refuses has every signature refused. */
async function signatures(
  token: TokenSession,
  file: URL,
  check: (key: KeyRef, test: Case) => Promise<boolean | null>,
): Promise<Difference[]> {
  const found: Difference[] = []
  for (const group of groups(file)) {
    const spki = createPublicKey({ key: bytes(group.publicKeyDer as string), format: 'der', type: 'spki' })
    const asked = {
      id: newId(),
      label: 'w',
      spki: spki.export({ format: 'der', type: 'spki' }),
      token: false,
    }
    const key = answerNow(() => importPublicKey(token, asked))
    for (const test of group.tests)
      found.push(...judge(test, key !== null && (await check(key, test)) === true))
    if (key !== null) token.destroyHandle(token.find(key))
  }
  return found
}

const ecdsa = (token: TokenSession, file: URL, hash: HashName) =>
  signatures(token, file, (key, { msg, sig }) =>
    answer(() =>
      verify(token, {
        key,
        mechanism: { kind: 'ecdsa', hash },
        input: { digest: createHash(hash).update(bytes(msg)).digest() },
        signature: bytes(sig),
      }),
    ),
  )

const eddsa = (token: TokenSession) =>
  signatures(token, shared('ed25519_test'), (key, { msg, sig }) =>
    answer(() =>
      verify(token, {
        key,
        mechanism: { kind: 'eddsa' },
        input: { message: bytes(msg) },
        signature: bytes(sig),
      }),
    ),
  )

const wrappedRsa = (token: TokenSession, pkcs8: Buffer): KeyRef =>
  importUnderWrapping(token, {
    id: newId(),
    label: 'w',
    kind: 'rsa',
    value: Uint8Array.from(pkcs8),
    template: { ...closedTemplate, decrypt: true },
  }).ref

/** PKCS#11 3.1 section 6.1.3: CKA_PRIVATE_EXPONENT to CKA_COEFFICIENT, by the names that they have in a JWK. */
const privateParts = [
  [0x123, 'd'],
  [0x124, 'p'],
  [0x125, 'q'],
  [0x126, 'dp'],
  [0x127, 'dq'],
  [0x128, 'qi'],
] as const

/** For a token that unwraps no private key: as an object that is made of its numbers. */
function plainRsa(token: TokenSession, pkcs8: Buffer): KeyRef {
  const jwk = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' })
  const part = (name: 'n' | 'e' | (typeof privateParts)[number][1]) =>
    Buffer.from(jwk[name] ?? '', 'base64url')
  const id = newId()
  const asked = [
    num('CLASS', CKO.PRIVATE_KEY),
    num('KEY_TYPE', CKK.RSA),
    is('TOKEN', false),
    is('PRIVATE', true),
    is('SENSITIVE', false),
    is('EXTRACTABLE', true),
    is('DECRYPT', true),
    hex('ID', id),
    raw('MODULUS', part('n')),
    raw('PUBLIC_EXPONENT', part('e')),
    ...privateParts.map(([type, name]) => ({ type, value: part(name) })),
  ]
  token.module.createObject(token.session, asked, 'making a known RSA key')
  return { id, class: 'private' }
}

async function mac(token: TokenSession, file: URL): Promise<Difference[]> {
  const found: Difference[] = []
  for (const group of groups(file)) {
    const tagBytes = Number(group.tagSize) / 8
    for (const test of group.tests) {
      const made = await answer(() =>
        withKnownKey(token, bytes(test.key), CKK.GENERIC_SECRET, [is('SIGN', true)], async (key) =>
          hmac(token, { key, message: Uint8Array.from(bytes(test.msg)) }),
        ),
      )
      const right = made !== null && bytes(test.tag).equals(Buffer.from(made).subarray(0, tagBytes))
      // The token makes the tag and is not asked to compare it: of a wrong one it makes the right one.
      if (test.result === 'valid' && made !== null && !right) found.push({ tcId: test.tcId, what: 'made' })
      else found.push(...judge(test, right))
    }
  }
  return found
}

async function oaep(token: TokenSession, file: URL, hash: HashName): Promise<Difference[]> {
  const found: Difference[] = []
  for (const group of groups(file)) {
    const pkcs8 = bytes(group.privateKeyPkcs8 as string)
    const key = answerNow(() => wrappedRsa(token, pkcs8)) ?? answerNow(() => plainRsa(token, pkcs8))
    for (const test of group.tests) {
      const { ct, msg, label } = test
      const mechanism = { kind: 'oaep', hash, label: bytes(label) } as const
      const opened = key && (await answer(() => decrypt(token, { key, mechanism, ciphertext: bytes(ct) })))
      found.push(...judgeBytes(test, opened, bytes(msg)))
    }
    if (key !== null) token.destroyHandle(token.find(key))
  }
  return found
}

type Suite = { readonly file: URL; readonly run: (token: TokenSession, file: URL) => Promise<Difference[]> }

const suites: Readonly<Record<string, Suite>> = {
  'AES-KW': { file: shared('aes_wrap_test'), run: (token) => keyWrap(token, 'aes_wrap_test', 'kw') },
  'AES-KWP': { file: shared('aes_kwp_test'), run: (token) => keyWrap(token, 'aes_kwp_test', 'kwp') },
  'AES-GCM': { file: shared('aes_gcm_test'), run: gcm },
  'HMAC-SHA-256': { file: shared('hmac_sha256_test'), run: mac },
  'RSA-OAEP SHA-1': {
    file: own('rsa_oaep_2048_sha1_mgf1sha1_test'),
    run: (token, file) => oaep(token, file, 'sha1'),
  },
  'RSA-OAEP SHA-256': {
    file: own('rsa_oaep_2048_sha256_mgf1sha256_test'),
    run: (token, file) => oaep(token, file, 'sha256'),
  },
  'ECDSA P-256': {
    file: shared('ecdsa_secp256r1_sha256_p1363_test'),
    run: (token, file) => ecdsa(token, file, 'sha256'),
  },
  'ECDSA P-384': {
    file: own('ecdsa_secp384r1_sha384_p1363_test'),
    run: (token, file) => ecdsa(token, file, 'sha384'),
  },
  'ECDSA P-521': {
    file: own('ecdsa_secp521r1_sha512_p1363_test'),
    run: (token, file) => ecdsa(token, file, 'sha512'),
  },
  EdDSA: { file: shared('ed25519_test'), run: eddsa },
}

export const suiteNames: readonly string[] = Object.keys(suites)

function suite(name: string): Suite {
  const found = suites[name]
  if (found === undefined) throw new RangeError(`name: no vectors ${name}`)
  return found
}

/** What the token does otherwise than the vectors; a mechanism that it lacks is every valid case refused. */
export const differencesOf = (token: TokenSession, name: string): Promise<Difference[]> =>
  suite(name).run(token, suite(name).file)

export const casesOf = (name: string): readonly Case[] =>
  groups(suite(name).file).flatMap(({ tests }) => tests)
