import { createRequire } from 'node:module'
import { inflateRawSync } from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'
import { openSaml } from '../../src/sign-on/saml.ts'
import { makeServiceKey } from '../../src/sign-on/service-key.ts'

// It brings no types.
const samlp: {
  getSamlResponse(
    options: Record<string, unknown>,
    user: Record<string, unknown>,
    done: (error: Error | null, response: string) => void,
  ): void
} = createRequire(import.meta.url)('samlp')

const entityId = 'https://id.example/saml'
const callback = 'https://custody.example/api/v1/auth/sign-on/office/callback'
const saml = openSaml()
let idp: Awaited<ReturnType<typeof makeServiceKey>>
let own: typeof idp

beforeAll(async () => {
  ;[idp, own] = await Promise.all([makeServiceKey('idp', new Date()), makeServiceKey('own', new Date())])
})

const providerOf = (acr?: readonly string[]) => ({
  settings: {
    ...({ kind: 'saml', entityId, entryPoint: 'https://id.example/login' } as const),
    certificates: [idp.certificate],
    certificate: own.certificate,
    ...(acr === undefined ? {} : { acr }),
  },
  id: 'office',
  secret: own.key,
})

/** What is asked of the provider, and when the session of its answer was proved. */
async function proved(acr: readonly string[] | undefined, said: string | undefined) {
  const provider = providerOf(acr)
  const begun = await saml.begin(provider, { state: 'state', callback })
  if (!begun.ok) throw new Error(begun.detail)
  const asked = new URL(begun.value.location).searchParams.get('SAMLRequest') ?? ''
  const request = inflateRawSync(Buffer.from(asked, 'base64')).toString()
  const options = {
    issuer: entityId,
    cert: idp.certificate,
    key: idp.key,
    recipient: callback,
    destination: callback,
    audience: callback.replace('/callback', '/metadata'),
    inResponseTo: /ID="([^"]+)"/.exec(request)?.[1],
    signatureAlgorithm: 'rsa-sha256',
    digestAlgorithm: 'sha256',
    nameIdentifierFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    ...(said === undefined ? {} : { authnContextClassRef: said }),
  }
  const user = { id: 'ada', displayName: 'Ada', emails: [], name: {} }
  const response = await new Promise<string>((done, failed) =>
    samlp.getSamlResponse(options, user, (error, xml) => (error ? failed(error) : done(xml))),
  )
  const answer = new URLSearchParams({ SAMLResponse: Buffer.from(response).toString('base64') })
  const brought = { answer, state: 'state', callback, checks: begun.value.checks }
  const finished = await saml.finish(provider, brought)
  return { request, at: finished.ok ? finished.value.provedAt : finished.rule }
}

const two = 'https://refeds.org/profile/mfa'
const password = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport'

test('SIGN-ON-SAML-08 where two factors are wanted, they are asked for, and an assertion that says another way proves nothing', async () => {
  const { request, at } = await proved([two, 'urn:example:key'], two)
  expect(request).toMatch(/<samlp:RequestedAuthnContext [^>]*Comparison="exact"/)
  for (const one of [two, 'urn:example:key']) expect(request).toContain(`>${one}</saml:AuthnContextClassRef>`)
  expect(at).toBeInstanceOf(Date)
  expect((await proved([two], password)).at).toBeNull()
  expect((await proved([two], undefined)).at).toBeNull()
  const any = await proved(undefined, password)
  expect(any.request).not.toContain('RequestedAuthnContext')
  expect(any.at).toBeInstanceOf(Date)
})
