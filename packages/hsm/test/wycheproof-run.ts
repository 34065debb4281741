import { createHash, createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { HsmError, type KeyRef } from '../src/index.ts'
import { CKA, is, num } from '../src/pkcs11/attributes.ts'
import { decrypt, encrypt } from '../src/pkcs11/cipher.ts'
import { CKK, CKO } from '../src/pkcs11/constants.ts'
import { attempt } from '../src/pkcs11/errors.ts'
import { importUnderWrapping } from '../src/pkcs11/import-key.ts'
import { wrapKey } from '../src/pkcs11/key-wrapping.ts'
import { importPublicKey } from '../src/pkcs11/keys.ts'
import { chooseWrapMechanism, withKnownKey, withScratchKey } from '../src/pkcs11/mechanisms.ts'
import type { TokenSession } from '../src/pkcs11/session.ts'
import { verify } from '../src/pkcs11/signing.ts'
import { closedTemplate } from '../src/templates.ts'
import { newId } from './soft-token-bench.ts'

/** What a token did otherwise than the vector says: `made` another value than the vector's, `took` or `refused` it. */
export type Difference = { readonly tcId: number; readonly what: 'made' | 'took' | 'refused' }

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

const judge = ({ tcId, result }: Case, accepted: boolean): Difference[] => {
  if (result === 'acceptable' || accepted === (result === 'valid')) return []
  return [{ tcId, what: accepted ? 'took' : 'refused' }]
}

async function keyWrap(token: TokenSession, file: string, kind: 'kw' | 'kwp'): Promise<Difference[]> {
  chooseWrapMechanism(token)
  const standard = kind === 'kw' ? 'KW-RFC3394' : 'KWP-RFC5649'
  const proof = token.wrapProofs.find((p) => p.standard === standard)
  if (!proof) throw new Error(`no ${standard}`)
  const { module, session } = token
  const open = [
    num('CLASS', CKO.SECRET_KEY),
    num('KEY_TYPE', CKK.GENERIC_SECRET),
    is('TOKEN', false),
    is('SENSITIVE', false),
    is('EXTRACTABLE', true),
  ]
  const found: Difference[] = []
  for (const test of groups(shared(file)).flatMap(({ tests }) => tests)) {
    const { key, msg, ct, tcId } = test
    const opened = withScratchKey(token, bytes(key), CKK.AES, [is('UNWRAP', true)], (kek) => {
      const made = attempt(() =>
        module.unwrapKey(session, { mechanism: proof.number }, kek, bytes(ct), open, 'unwrapping'),
      )
      if (!made.ok) return null
      const value = module.getAttribute(session, made.value, CKA.VALUE)
      token.destroyHandle(made.value)
      return value
    })
    const right = opened !== null && opened !== 'absent' && opened.equals(bytes(msg))
    found.push(
      ...(opened !== null && !right && test.result === 'valid'
        ? [{ tcId, what: 'made' } as const]
        : judge(test, opened !== null)),
    )
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
    const { key, iv, aad, msg, ct, tag, tcId } = test
    const flags = [is('ENCRYPT', true), is('DECRYPT', true)]
    const mechanism = () => ({ kind: 'gcm' as const, nonce: bytes(iv), aad: bytes(aad) })
    const sealed = Buffer.concat([bytes(ct), bytes(tag)])
    await withKnownKey(token, bytes(key), CKK.AES, flags, async (ref) => {
      const opened = await answer(() =>
        decrypt(token, { key: ref, mechanism: mechanism(), ciphertext: sealed }),
      )
      found.push(...judge(test, opened !== null && Buffer.from(opened).equals(bytes(msg))))
      if (test.result !== 'valid') return
      const made = await answer(() =>
        encrypt(token, { key: ref, mechanism: mechanism(), plaintext: bytes(msg) }),
      )
      if (made !== null && !Buffer.from(made).equals(sealed)) found.push({ tcId, what: 'made' })
    })
  }
  return found
}

/** Signatures are checked by the token's own public key object. A key that it refuses has every signature refused. */
async function signatures(
  token: TokenSession,
  file: string,
  check: (key: KeyRef, test: Case) => Promise<boolean | null>,
): Promise<Difference[]> {
  const found: Difference[] = []
  for (const group of groups(shared(file))) {
    const spki = createPublicKey({ key: bytes(group.publicKeyDer as string), format: 'der', type: 'spki' })
    const key = importPublicKey(token, {
      id: newId(),
      label: 'w',
      spki: spki.export({ format: 'der', type: 'spki' }),
      token: false,
    })
    for (const test of group.tests) found.push(...judge(test, (await check(key, test)) === true))
    token.destroyHandle(token.find(key))
  }
  return found
}

const ecdsa = (token: TokenSession) =>
  signatures(token, 'ecdsa_secp256r1_sha256_p1363_test', (key, { msg, sig }) =>
    answer(() =>
      verify(token, {
        key,
        mechanism: { kind: 'ecdsa', hash: 'sha256' },
        input: { digest: createHash('sha256').update(bytes(msg)).digest() },
        signature: bytes(sig),
      }),
    ),
  )

const eddsa = (token: TokenSession) =>
  signatures(token, 'ed25519_test', (key, { msg, sig }) =>
    answer(() =>
      verify(token, {
        key,
        mechanism: { kind: 'eddsa' },
        input: { message: bytes(msg) },
        signature: bytes(sig),
      }),
    ),
  )

async function oaep(token: TokenSession): Promise<Difference[]> {
  const found: Difference[] = []
  for (const group of groups(own('rsa_oaep_2048_sha1_mgf1sha1_test'))) {
    const { ref } = importUnderWrapping(token, {
      id: newId(),
      label: 'w',
      kind: 'rsa',
      value: bytes(group.privateKeyPkcs8 as string),
      template: { ...closedTemplate, decrypt: true },
    })
    for (const test of group.tests) {
      const { ct, msg, label } = test
      const mechanism = { kind: 'oaep' as const, hash: 'sha1' as const, label: bytes(label) }
      const opened = await answer(() => decrypt(token, { key: ref, mechanism, ciphertext: bytes(ct) }))
      found.push(...judge(test, opened !== null && Buffer.from(opened).equals(bytes(msg))))
    }
    token.destroyHandle(token.find(ref))
  }
  return found
}

export const wycheproof: Readonly<Record<string, (token: TokenSession) => Promise<Difference[]>>> = {
  'AES-KW': (token) => keyWrap(token, 'aes_wrap_test', 'kw'),
  'AES-KWP': (token) => keyWrap(token, 'aes_kwp_test', 'kwp'),
  'AES-GCM': gcm,
  'RSA-OAEP': oaep,
  ECDSA: ecdsa,
  EdDSA: eddsa,
}

export function casesIn(name: string): number {
  const file: Readonly<Record<string, URL>> = {
    'AES-KW': shared('aes_wrap_test'),
    'AES-KWP': shared('aes_kwp_test'),
    'AES-GCM': shared('aes_gcm_test'),
    'RSA-OAEP': own('rsa_oaep_2048_sha1_mgf1sha1_test'),
    ECDSA: shared('ecdsa_secp256r1_sha256_p1363_test'),
    EdDSA: shared('ed25519_test'),
  }
  const url = file[name]
  return url ? groups(url).reduce((sum, { tests }) => sum + tests.length, 0) : 0
}
