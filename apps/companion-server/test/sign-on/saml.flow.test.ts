import { createPublicKey } from 'node:crypto'
import { createRequire } from 'node:module'
import { inflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { hashSecret } from '../../src/access/tokens.ts'
import { makeServiceKey } from '../../src/sign-on/service-key.ts'
import { given, openKms } from '../support/kms-under-test.ts'
import { browserOf, callbackOf, origin } from './support/sign-on-under-test.ts'

let kms: Awaited<ReturnType<typeof openKms>>
let browser: ReturnType<typeof browserOf>
let own: Awaited<ReturnType<typeof makeServiceKey>>
let stranger: typeof own
let serverCertificate = ''

// It brings no types.
const samlp: {
  getSamlResponse(
    options: Record<string, unknown>,
    user: Record<string, unknown>,
    done: (error: Error | null, response: string) => void,
  ): void
} = createRequire(import.meta.url)('samlp')

const xmlEncryption: {
  encrypt(text: string, options: object, done: (error: Error | null, sealed: string) => void): void
} = createRequire(createRequire(import.meta.url).resolve('@node-saml/node-saml'))('xml-encryption')

const entityId = 'https://id.example/saml'
const callback = callbackOf('office')
const audience = callback.replace('/callback', '/metadata')

beforeAll(async () => {
  process.env.PUBLIC_URL = origin
  kms = await openKms()
  browser = browserOf(kms)
  ;[own, stranger] = await Promise.all([makeServiceKey('idp', new Date()), makeServiceKey('idp', new Date())])
  const { signOn } = kms.server.services
  const settings = {
    ...({ kind: 'saml', entityId, entryPoint: 'https://id.example/login' } as const),
    certificates: [own.certificate],
    groupsAttribute: 'http://schemas.passportjs.com/groups',
  } as const
  const made = given(
    await signOn.addProvider(kms.callAs(kms.admin), {
      name: 'office',
      organisation: null,
      settings,
      secret: null,
    }),
  )
  if (made.settings.kind !== 'saml') throw new Error('another kind')
  serverCertificate = made.settings.certificate
  const grant = {
    role: 'crypto-officer',
    organisation: kms.organisation.id,
    project: kms.project.id,
  } as const
  given(await signOn.addGroupRole(kms.callAs(kms.chief), { provider: 'office', group: 'officers', grant }))
})

afterAll(async () => {
  await kms?.close()
  delete process.env.PUBLIC_URL
})

type Begun = { state: string; id: string; cookie: string }

async function begin(): Promise<Begun> {
  const { to, cookie, whole } = await browser.begin('office')
  expect(whole).toContain('SameSite=None')
  const asked = new URL(to).searchParams
  const request = inflateRawSync(Buffer.from(asked.get('SAMLRequest') ?? '', 'base64')).toString()
  expect(asked.get('SigAlg')).toBe('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256')
  expect(request).toContain(`AssertionConsumerServiceURL="${callback}"`)
  expect(request).toContain('ForceAuthn="true"')
  return { cookie, state: asked.get('RelayState') ?? '', id: /ID="([^"]+)"/.exec(request)?.[1] ?? '' }
}

/** What samlp answers, which may then be changed on the way. */
function responseTo({ id }: Begun, options: object = {}, who = 'ada'): Promise<string> {
  const user = {
    ...{ id: who, displayName: `Person ${who}`, emails: [{ value: `${who}@example.com` }] },
    name: { givenName: who, familyName: 'P' },
    groups: ['officers', 'everybody'],
  }
  const whole = {
    ...{
      issuer: entityId,
      cert: own.certificate,
      key: own.key,
      audience,
      recipient: callback,
      inResponseTo: id,
    },
    destination: callback,
    signatureAlgorithm: 'rsa-sha256',
    digestAlgorithm: 'sha256',
    nameIdentifierFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    ...options,
  }
  return new Promise((resolve, reject) =>
    samlp.getSamlResponse(whole, user, (error, xml) => (error ? reject(error) : resolve(xml))),
  )
}

const bring = (begun: Begun, xml: string) =>
  browser.posted(
    'office',
    { SAMLResponse: Buffer.from(xml).toString('base64'), RelayState: begun.state },
    begun.cookie,
  )

const encryption = () => ({
  encryptionCert: serverCertificate,
  encryptionPublicKey: createPublicKey(serverCertificate).export({ type: 'spki', format: 'pem' }),
})
const aes = 'http://www.w3.org/2009/xmlenc11#aes256-gcm'
const encrypted = () => ({ ...encryption(), encryptionAlgorithm: aes })

test.each([
  ['signed', () => ({})],
  ['in a signed response', () => ({ signResponse: true })],
  ['signed and encrypted', encrypted],
])('SIGN-ON-SAML-01 an assertion that is %s logs its subject in, as one identity', async (_, options) => {
  const begun = await begin()
  expect(await bring(begun, await responseTo(begun, options()))).toBe('ready')
  const taken = await browser.takeToken(begun.cookie)
  expect((await browser.keysBy(taken.json().accessToken)).statusCode).toBe(200)
  const members = await kms.server.services.database
    .selectFrom('member')
    .select(['subject', 'groups'])
    .execute()
  expect(members).toEqual([{ subject: 'ada', groups: ['officers', 'everybody'] }])
})

test('SIGN-ON-SAML-02 the server describes itself to a provider, and shows no key', async () => {
  const reply = await browser.get('/api/v1/auth/sign-on/office/metadata')
  expect(reply.statusCode).toBe(200)
  expect(reply.body).toContain(`entityID="${audience}"`)
  expect(reply.body).toContain(`Location="${callback}"`)
  expect(reply.body).not.toContain('PRIVATE')
  expect((await browser.get('/api/v1/auth/sign-on/none/metadata')).json()).toMatchObject({
    code: 'SIGN-ON-PROVIDER',
  })
})

const assertionOf = (xml: string) => /<saml:Assertion.*<\/saml:Assertion>/s.exec(xml)?.[0] ?? ''
const signatureOf = (xml: string) => /<Signature .*?<\/Signature>/s.exec(xml)?.[0] ?? ''
const evilOf = (assertion: string) =>
  assertion
    .replace(signatureOf(assertion), '')
    .replace(/ID="[^"]+"/, 'ID="_evil"')
    .replace('>ada<', '>mallory<')
const ended = '</samlp:Response>'
const encryptedOf = (xml: string) =>
  /<saml:EncryptedAssertion .*<\/saml:EncryptedAssertion>/s.exec(xml)?.[0] ?? ''

/** The response with its assertion, and what is put before it, encrypted for this server. */
function sealedWith(xml: string, before: string, what: 'Assertion' | 'EncryptedAssertion' = 'Assertion') {
  const good = what === 'Assertion' ? assertionOf(xml) : encryptedOf(xml)
  const { encryptionCert: pem, encryptionPublicKey: rsa_pub } = encryption()
  const options = {
    rsa_pub,
    pem,
    encryptionAlgorithm: aes,
    keyEncryptionAlgorithm: 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p',
  }
  return new Promise<string>((resolve, reject) =>
    xmlEncryption.encrypt(before + good, options, (error, sealed) =>
      error
        ? reject(error)
        : resolve(
            xml.replace(
              good,
              `<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${sealed}</saml:EncryptedAssertion>`,
            ),
          ),
    ),
  )
}

/** Each: what it does to a good response, or what the provider was made to sign, and the rule by which it is refused. */
const attacks: Readonly<
  Record<
    string,
    readonly [string, { options?: () => object; change?: (xml: string) => string | Promise<string> }]
  >
> = {
  'a document type': ['SIGN-ON-DOCTYPE', { change: (xml) => `<!DOCTYPE r [<!ENTITY who "mallory">]>${xml}` }],
  'a document type within an encrypted assertion': [
    'SIGN-ON-DOCTYPE',
    { change: (xml) => sealedWith(xml, '<!DOCTYPE a [<!ENTITY who "mallory">]>') },
  ],
  'an encrypted assertion within an encrypted one': [
    'SIGN-ON-ANSWER',
    { change: async (xml) => sealedWith(await sealedWith(xml, ''), '', 'EncryptedAssertion') },
  ],
  'two encrypted assertions': [
    'SIGN-ON-SIGNATURE',
    {
      change: async (xml) => {
        const sealed = await sealedWith(xml, '')
        return sealed.replace(ended, encryptedOf(sealed) + ended)
      },
    },
  ],
  'no signature': ['SIGN-ON-SIGNATURE', { change: (xml) => xml.replace(signatureOf(xml), '') }],
  'never signed': ['SIGN-ON-SIGNATURE', { options: () => ({ signAssertion: false }) }],
  'a stranger’s signature': [
    'SIGN-ON-SIGNATURE',
    { options: () => ({ cert: stranger.certificate, key: stranger.key }) },
  ],
  'a weak signature': ['SIGN-ON-SIGNATURE', { options: () => ({ signatureAlgorithm: 'rsa-sha1' }) }],
  'a weak digest': ['SIGN-ON-SIGNATURE', { options: () => ({ digestAlgorithm: 'sha1' }) }],
  'a weak signature under a prefix of its own': [
    'SIGN-ON-SIGNATURE',
    { options: () => ({ signatureAlgorithm: 'rsa-sha1', signatureNamespacePrefix: 'd-s' }) },
  ],
  'a weak signature, encrypted': [
    'SIGN-ON-SIGNATURE',
    { options: () => ({ ...encrypted(), signatureAlgorithm: 'rsa-sha1' }) },
  ],
  'a weak digest, encrypted': [
    'SIGN-ON-SIGNATURE',
    { options: () => ({ ...encrypted(), digestAlgorithm: 'sha1' }) },
  ],
  'a changed name': ['SIGN-ON-SIGNATURE', { change: (xml) => xml.replaceAll('>ada<', '>mallory<') }],
  'a second assertion': [
    'SIGN-ON-SIGNATURE',
    { change: (xml) => xml.replace(ended, evilOf(assertionOf(xml)) + ended) },
  ],
  'a wrapped assertion in an evil one': [
    'SIGN-ON-SIGNATURE',
    {
      change: (xml) => {
        const good = assertionOf(xml)
        return xml.replace(good, evilOf(good).replace('<saml:Subject>', `${good}<saml:Subject>`))
      },
    },
  ],
  'a wrapped assertion in the evil one’s signature': [
    'SIGN-ON-SIGNATURE',
    {
      change: (xml) => {
        const good = assertionOf(xml)
        const moved = signatureOf(good).replace('</Signature>', `<Object>${good}</Object></Signature>`)
        return xml.replace(good, evilOf(good).replace('<saml:Subject>', `${moved}<saml:Subject>`))
      },
    },
  ],
  'a wrapped assertion in an extension': [
    'SIGN-ON-SIGNATURE',
    {
      change: (xml) => {
        const good = assertionOf(xml)
        return xml.replace(good, `<samlp:Extensions>${good}</samlp:Extensions>${evilOf(good)}`)
      },
    },
  ],
  'an evil assertion of the same ID': [
    'SIGN-ON-SIGNATURE',
    {
      change: (xml) => {
        const good = assertionOf(xml)
        const id = /ID="([^"]+)"/.exec(good)?.[1] ?? ''
        return xml.replace(
          good,
          `<samlp:Extensions>${good}</samlp:Extensions>${evilOf(good).replace('_evil', id)}`,
        )
      },
    },
  ],
  'an unsigned assertion, encrypted': [
    'SIGN-ON-SIGNATURE',
    { options: () => ({ ...encryption(), encryptionAlgorithm: aes, signAssertion: false }) },
  ],
  'weak encryption': [
    'SIGN-ON-ENCRYPTION',
    {
      options: encrypted,
      change: (xml) => xml.replace(aes, 'http://www.w3.org/2001/04/xmlenc#tripledes-cbc'),
    },
  ],
  'a weakly wrapped key': [
    'SIGN-ON-ENCRYPTION',
    { options: encrypted, change: (xml) => xml.replace('#rsa-oaep-mgf1p', '#rsa-1_5') },
  ],
  'another issuer': ['SIGN-ON-ISSUER', { options: () => ({ issuer: 'https://evil.example' }) }],
  'another audience': ['SIGN-ON-AUDIENCE', { options: () => ({ audience: 'https://other.example' }) }],
  'no audience': ['SIGN-ON-AUDIENCE', { options: () => ({ audience: undefined }) }],
  'another recipient': ['SIGN-ON-RECIPIENT', { options: () => ({ recipient: 'https://other.example/acs' }) }],
  'no recipient': ['SIGN-ON-RECIPIENT', { options: () => ({ recipient: undefined }) }],
  'the answer to another request': ['SIGN-ON-STATE', { options: () => ({ inResponseTo: '_another' }) }],
  'an answer that nobody asked for': ['SIGN-ON-STATE', { options: () => ({ inResponseTo: undefined }) }],
  'an assertion that is over': ['SIGN-ON-EXPIRED', { options: () => ({ lifetimeInSeconds: -3600 }) }],
  'a name that changes': [
    'SIGN-ON-CLAIM',
    { options: () => ({ nameIdentifierFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient' }) },
  ],
  'no XML': ['SIGN-ON-ANSWER', { change: () => 'not XML' }],
}

test.each(Object.entries(attacks))(
  'SIGN-ON-SAML-03 %s is refused by name',
  async (_, [rule, { options, change }]) => {
    const begun = await begin()
    const xml = await responseTo(begun, options?.() ?? {})
    const changed = (await change?.(xml)) ?? xml
    if (change) expect(changed).not.toBe(xml)
    expect(await bring(begun, changed)).toBe(rule)
    expect((await browser.takeToken(begun.cookie)).statusCode).toBe(401)
  },
)

test('SIGN-ON-SAML-04 a response is good once, in the browser and for the log-in that it answers', async () => {
  const begun = await begin()
  const xml = await responseTo(begun)
  expect(await bring({ ...begun, cookie: '' }, xml)).toBe('SIGN-ON-STATE')
  expect(await bring(begun, xml)).toBe('ready')
  expect(await bring(begun, xml)).toBe('SIGN-ON-STATE')
  const other = await begin()
  expect(await bring(other, xml)).toBe('SIGN-ON-STATE')
})

test('SIGN-ON-SAML-05 a comment in a name does not cut it', async () => {
  const begun = await begin()
  // Signed as ada.evil, and cut to ada by a reader that stops at the comment.
  const xml = (await responseTo(begun, {}, 'ada.evil')).replaceAll('>ada.evil<', '>ada<!-- -->.evil<')
  expect(xml).toContain('<!-- -->')
  expect(await bring(begun, xml)).toBe('ready')
  const { database } = kms.server.services
  const subjects = await database.selectFrom('member').select('subject').orderBy('subject').execute()
  expect(subjects.map(({ subject }) => subject)).toEqual(['ada', 'ada.evil'])
})

test('SIGN-ON-SAML-06 a session was proved when the assertion says that its subject logged in', async () => {
  const begun = await begin()
  const before = new Date(Date.now() - 5 * 60_000)
  vi.useFakeTimers({ toFake: ['Date'], now: before })
  const xml = await responseTo(begun).finally(() => vi.useRealTimers())
  expect(await bring(begun, xml)).toBe('ready')
  const { accessToken } = (await browser.takeToken(begun.cookie)).json()
  const { proved_at } = await kms.server.services.database
    .selectFrom('token')
    .select('proved_at')
    .where('hash', '=', hashSecret(accessToken))
    .executeTakeFirstOrThrow()
  expect(Math.abs(Number(proved_at) - before.getTime())).toBeLessThan(60_000)
})

test('SIGN-ON-SAML-07 a provider changes its key, and its members and the server’s certificate stay', async () => {
  const { database } = kms.server.services
  const next = { cert: stranger.certificate, key: stranger.key }
  const word = async (options: object) => {
    const begun = await begin()
    return bring(begun, await responseTo(begun, options))
  }
  const membersNow = () => database.selectFrom('member').select(['identity_id', 'subject']).execute()
  expect(await word({})).toBe('ready')
  const before = await membersNow()
  const both = await change({ certificates: [own.certificate, stranger.certificate] })
  expect(given(both).settings).toMatchObject({ certificate: serverCertificate, entityId })
  expect([await word({}), await word(next)]).toEqual(['ready', 'ready'])
  given(await change({ certificates: [stranger.certificate] }))
  expect([await word({}), await word(next)]).toEqual(['SIGN-ON-SIGNATURE', 'ready'])
  expect(await membersNow()).toEqual(before)
  expect(await change({ certificates: ['no certificate'] })).toMatchObject({ rule: 'SIGN-ON-SETTINGS' })
  expect(await change({ entryPoint: 'http://id.example' })).toMatchObject({ rule: 'SIGN-ON-SETTINGS' })
  expect(await change({ entryPoint: null })).toMatchObject({ rule: 'SIGN-ON-SETTINGS' })
  expect(await change({ ca: own.certificate })).toMatchObject({ rule: 'SIGN-ON-SETTINGS' })
  expect(await change({}, 'its secret')).toMatchObject({ rule: 'SIGN-ON-SETTINGS' })
  given(await change({ certificates: [own.certificate] }))
})

const change = (settings: object, secret: string | null = null) =>
  kms.server.services.signOn.changeProvider(kms.callAs(kms.admin), {
    name: 'office',
    settings,
    secret,
  })
