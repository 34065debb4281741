import 'reflect-metadata'
import { generateKeyPairSync, webcrypto, X509Certificate } from 'node:crypto'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { exportJWK, type JWTPayload, SignJWT } from 'jose'
import { expect, test, vi } from 'vitest'
import { type Egress, openEgress } from '../../src/platform/http/egress.ts'
import { accept, refuse } from '../../src/refusal.ts'
import { proveCertificate } from '../../src/sign-on/workloads/certificates.ts'
import { openIssuers } from '../../src/sign-on/workloads/issuers.ts'
import { checkRule, type JwtSettings, type KubernetesSettings } from '../../src/sign-on/workloads/settings.ts'
import { ownPod, review } from '../../src/sign-on/workloads/token-review.ts'

const issuer = 'https://issuer.example'
const audience = 'custody'
const rule: JwtSettings = { kind: 'jwt', issuer, audience, subject: 'job:7' }
const cluster: KubernetesSettings = {
  ...{ kind: 'kubernetes', issuer, audience, namespace: 'shop', serviceAccount: 'orders' },
}
const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const [first, second, stranger] = [pair(), pair(), pair()]
const publicOf = async (one: typeof first, kid: string) => ({
  ...(await exportJWK(one.publicKey)),
  ...{ kid, alg: 'ES256', use: 'sig' },
})

type Claims = { readonly [name in keyof JWTPayload]?: JWTPayload[name] | undefined }
const signed = (claims: Claims, header: object = {}, key = first.privateKey) =>
  new SignJWT({ iss: issuer, aud: audience, sub: 'job:7', exp: now() + 60, ...claims } as JWTPayload)
    .setProtectedHeader({ alg: 'ES256', kid: 'one', ...header })
    .sign(key)
const now = () => Math.floor(Date.now() / 1000)

/** An issuer that gives these keys, and counts who asks for them. */
async function issuing(keys: () => object | Promise<object>, description: object = {}) {
  const asked: string[] = []
  const egress: Egress = {
    async send({ url }) {
      asked.push(url)
      const said = url.endsWith('/.well-known/openid-configuration')
        ? { issuer, jwks_uri: `${issuer}/keys`, ...description }
        : await keys()
      return accept({ status: 200, body: Buffer.from(JSON.stringify(said)), type: 'application/json' })
    },
  }
  return { asked, issuers: openIssuers({ egress }) }
}
const oneKey = async () => ({ keys: [await publicOf(first, 'one')] })
const ruleOf = (outcome: { ok: boolean; rule?: string }) => (outcome.ok ? 'ok' : outcome.rule)

test('WORKLOAD-SETTINGS a rule without an audience, an exact subject or a repository’s id is refused', async () => {
  const { subject: _, ...nobody } = rule
  const same = (settings: object) => ruleOf(checkRule({ ...rule, ...settings } as JwtSettings))
  expect(same({})).toBe('ok')
  expect(ruleOf(checkRule(cluster))).toBe('ok')
  expect(ruleOf(checkRule({ ...nobody, claims: { repository_id: '42', ref: 'refs/heads/main' } }))).toBe('ok')
  for (const wrong of [
    { audience: ' ' },
    { subject: 'repo:acme/*' },
    { subject: ' ' },
    { subject: undefined },
    { subject: undefined, claims: { repository: 'acme/shop' } },
    { claims: { repository_id: '4?' } },
    { issuer: 'http://issuer.example' },
    { issuer: 'https://user@issuer.example' },
    { ca: 'no certificate' },
    { jwks: 'no JSON' },
    { jwks: '{"keys":[]}' },
    { jwks: JSON.stringify({ keys: [await exportJWK(first.privateKey)] }) },
    { kind: 'certificate', ca: 'none', subject: 'DNS:shop.example' },
    { ...cluster, review: true, jwks: JSON.stringify(await oneKey()) },
  ])
    expect(same(wrong), JSON.stringify(wrong).slice(0, 80)).toBe('WORKLOAD-SETTINGS')
})

test('WORKLOAD-TOKEN issuer, audience, subject, claims, times, keys, algorithms and critical headers are each refused by name', async () => {
  const { issuers } = await issuing(oneKey)
  const proved = async (token: string | Promise<string>, settings: typeof rule | typeof cluster = rule) =>
    ruleOf(await issuers.prove(settings, await token))
  expect(await proved(signed({}))).toBe('ok')
  expect(await proved(signed({ sub: 'system:serviceaccount:shop:orders' }), cluster)).toBe('ok')
  const { subject: _, ...any } = rule
  const byId = { ...any, claims: { repository_id: '42' } }
  expect(await proved(signed({ repository_id: 42 }), byId)).toBe('ok')
  expect(await proved(signed({ repository_id: ['42'] }), byId)).toBe('WORKLOAD-SUBJECT')
  expect(await proved(signed({}), byId)).toBe('WORKLOAD-SUBJECT')
  expect(await proved(signed({ sub: 'job:8' }))).toBe('WORKLOAD-SUBJECT')
  expect(await proved(signed({ sub: 'system:serviceaccount:other:orders' }), cluster)).toBe(
    'WORKLOAD-SUBJECT',
  )
  // The same service account's name, in a cluster of another issuer.
  const another = { sub: 'system:serviceaccount:shop:orders', iss: 'https://other.example' }
  expect(await proved(signed(another), cluster)).toBe('WORKLOAD-ISSUER')
  expect(await proved(signed({ aud: 'vault' }))).toBe('WORKLOAD-AUDIENCE')
  expect(await proved(signed({ aud: undefined }))).toBe('WORKLOAD-AUDIENCE')
  expect(await proved(signed({ exp: now() - 31 }))).toBe('WORKLOAD-TIME')
  expect(await proved(signed({ exp: undefined }))).toBe('WORKLOAD-TIME')
  expect(await proved(signed({ nbf: now() + 60 }))).toBe('WORKLOAD-TIME')
  expect(await proved(signed({}, {}, stranger.privateKey))).toBe('WORKLOAD-SIGNATURE')
  expect(await proved(signed({}, { kid: 'two' }))).toBe('WORKLOAD-SIGNATURE')
  const none = Buffer.from('{"alg":"none"}').toString('base64url')
  const [, body = ''] = (await signed({})).split('.')
  expect(await proved(`${none}.${body}.`)).toBe('WORKLOAD-SIGNATURE')
  const secret = new TextEncoder().encode(JSON.stringify(await publicOf(first, 'one')))
  const macked = new SignJWT({ iss: issuer, aud: audience, sub: 'job:7', exp: now() + 60 })
  expect(await proved(macked.setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(secret))).toBe(
    'WORKLOAD-SIGNATURE',
  )
  const critical = Buffer.from('{"alg":"ES256","kid":"one","crit":["b"],"b":1}').toString('base64url')
  expect(await proved(`${critical}.${body}.AAAA`)).toBe('WORKLOAD-SIGNATURE')
  for (const rubbish of ['', 'a.b.c', '..', 'x'.repeat(16_000)])
    expect(await proved(rubbish)).toBe('WORKLOAD-TOKEN')
  expect(await proved(signed({}), { ...rule, once: true })).toBe('WORKLOAD-TOKEN')
})

test('WORKLOAD-KEYS are kept, looked for once where the issuer has new ones, and refused where they are none', async () => {
  let keys: object = await oneKey()
  const { asked, issuers } = await issuing(() => keys)
  for (let times = 0; times < 3; times++) expect((await issuers.prove(rule, await signed({}))).ok).toBe(true)
  expect(asked).toEqual([`${issuer}/.well-known/openid-configuration`, `${issuer}/keys`])
  // A key that is not there is looked for at most each half minute.
  keys = { keys: [await publicOf(second, 'two')] }
  const next = await signed({}, { kid: 'two' }, second.privateKey)
  expect(ruleOf(await issuers.prove(rule, next))).toBe('WORKLOAD-SIGNATURE')
  expect(asked).toHaveLength(2)
  vi.setSystemTime(Date.now() + 31_000)
  expect(ruleOf(await issuers.prove(rule, next))).toBe('ok')
  expect(ruleOf(await issuers.prove(rule, await signed({})))).toBe('WORKLOAD-SIGNATURE')
  vi.useRealTimers()
  expect(asked).toHaveLength(3)

  const refused = async (said: () => object, description: object = {}) => {
    const its = await issuing(said, description)
    const checked = ruleOf(await its.issuers.check(rule))
    expect(ruleOf(await its.issuers.prove(rule, await signed({})))).toBe(checked)
    return checked
  }
  expect(await refused(() => ({ keys: 'none' }))).toBe('WORKLOAD-KEYS')
  expect(await refused(() => [])).toBe('WORKLOAD-KEYS')
  expect(await refused(() => ({ keys: [] }), { jwks_uri: 7 })).toBe('WORKLOAD-KEYS')
  expect(await refused(() => ({ keys: [] }), { issuer: 'https://other.example' })).toBe('WORKLOAD-ISSUER')
  // The rules for calls out of this server say so of 10 MB, and of an address inside.
  const long: Egress = { send: async () => refuse('PROVIDER-ANSWER', 'it is too long') }
  expect(await openIssuers({ egress: long }).check(rule)).toMatchObject({
    ...{ rule: 'WORKLOAD-KEYS', detail: 'PROVIDER-ANSWER: it is too long' },
  })
  const inside = openIssuers({ egress: openEgress({ allowed: [] }) })
  expect(await inside.check({ ...rule, issuer: 'https://169.254.169.254' })).toMatchObject({
    ...{ rule: 'WORKLOAD-KEYS', detail: expect.stringContaining('PROVIDER-ADDRESS') },
  })
  // Of a private cluster the keys are in the rule, and nobody is asked.
  const given = await issuing(() => ({ keys: [] }))
  const own = { ...cluster, jwks: JSON.stringify(await oneKey()) }
  expect((await given.issuers.check(own)).ok).toBe(true)
  const account = await signed({ sub: 'system:serviceaccount:shop:orders' })
  expect((await given.issuers.prove(own, account)).ok).toBe(true)
  expect(given.asked).toEqual([])
})

test('WORKLOAD-CERTIFICATE is of the rule’s CA, for clients, in its time, and names the workload exactly', async () => {
  const own = await authority()
  const other = await authority()
  const settings = { kind: 'certificate', ca: own.ca, subject: 'URI:spiffe://shop/orders' } as const
  const proved = (shown: string | null, more: object = {}, at = new Date()) =>
    ruleOf(proveCertificate({ ...settings, ...more }, shown === null ? null : new X509Certificate(shown), at))
  const shown = await own.client('spiffe://shop/orders')
  expect(ruleOf(checkRule(settings))).toBe('ok')
  expect(proved(shown)).toBe('ok')
  for (const subject of ['URI:spiffe://shop/order', 'DNS:spiffe://shop/orders'])
    expect(proved(shown, { subject })).toBe('WORKLOAD-SUBJECT')
  expect(proved(null)).toBe('WORKLOAD-CERTIFICATE')
  expect(proved(await other.client('spiffe://shop/orders'))).toBe('WORKLOAD-CERTIFICATE')
  expect(proved(own.ca)).toBe('WORKLOAD-CERTIFICATE')
  expect(proved(await own.client('spiffe://shop/orders', ExtendedKeyUsage.serverAuth))).toBe(
    'WORKLOAD-CERTIFICATE',
  )
  expect(proved(shown, {}, new Date(Date.now() + 2 * day))).toBe('WORKLOAD-CERTIFICATE')
  for (const wrong of [{ ca: shown }, { subject: 'URI:spiffe://shop/*' }, { subject: 'CN=orders' }])
    expect(ruleOf(checkRule({ ...settings, ...wrong }))).toBe('WORKLOAD-SETTINGS')
})

test('WORKLOAD-KEYS a review is asked of the cluster that this server runs in, and of no other', async () => {
  expect(ownPod({})).toBeNull()
  expect(ownPod({ KUBERNETES_SERVICE_HOST: 'fd00::1' })?.api).toBe('https://[fd00::1]:443')
  expect(ruleOf(await review(null, cluster, 'token'))).toBe('WORKLOAD-KEYS')
  expect(ruleOf(await review({ api: 'https://10.0.0.1', folder: '/nowhere' }, cluster, 'token'))).toBe(
    'WORKLOAD-KEYS',
  )
})

const day = 86_400_000

async function authority() {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const own = await keys()
  const holds = { notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + day) }
  const ca = await X509CertificateGenerator.createSelfSigned({
    ...{ name: 'CN=Workloads', keys: own, signingAlgorithm: algorithm, ...holds },
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  })
  return {
    ca: ca.toString('pem'),
    async client(uri: string, usage = ExtendedKeyUsage.clientAuth) {
      const { publicKey } = await keys()
      const made = await X509CertificateGenerator.create({
        ...{ subject: 'CN=orders', issuer: ca.subject, publicKey, signingKey: own.privateKey },
        ...{ signingAlgorithm: algorithm, ...holds },
        extensions: [
          new ExtendedKeyUsageExtension([usage]),
          new SubjectAlternativeNameExtension([{ type: 'url', value: uri }]),
        ],
      })
      return made.toString('pem')
    },
  }
}
