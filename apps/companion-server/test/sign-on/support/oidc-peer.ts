import { createHmac, createPrivateKey, createSign, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type Configuration, Provider } from 'oidc-provider'
import { rsaPair } from '../../../../../packages/crypto/test/rsa-pair.ts'
import { stateFolder } from '../../../src/platform/state-folder/folder.ts'
import { ownCertificate } from '../../../src/platform/tls/certificate.ts'

type Claims = Record<string, unknown>
/** The ID token in place of the one that the provider made, by claims, header and whoever signs. */
export type Forge = (token: { header: Claims; claims: Claims }) => string

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

export function signed(header: Claims, claims: Claims, key: KeyObject): string {
  const text = `${encoded(header)}.${encoded(claims)}`
  return `${text}.${createSign('sha256').update(text).sign(key).toString('base64url')}`
}

export const unsigned = (header: Claims, claims: Claims): string => `${encoded(header)}.${encoded(claims)}.`

export function macked(header: Claims, claims: Claims, secret: string): string {
  const text = `${encoded(header)}.${encoded(claims)}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

export const clientId = 'custody'
export const clientSecret = 'a secret of the client, of 40 characters'

/** oidc-provider over TLS by a CA of its own, in this process. `people`: groups by subject. */
export async function openOidcPeer(
  folder: string,
  callback: string,
  people: Record<string, readonly string[]>,
) {
  const state = stateFolder(folder)
  const { cert, key } = await ownCertificate(state, '127.0.0.1', new Date())
  const ca = await readFile(state.caCertificate, 'utf8')
  const own = rsaPair(2048).privateKey
  const stranger = rsaPair(2048).privateKey
  let forge: Forge | null = null
  let issuer = ''
  let answer: (request: unknown, reply: unknown) => void = () => undefined
  const server = createServer({ cert, key }, (request, reply) => answer(request, reply))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const configuration: Configuration = {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [callback],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    jwks: { keys: [{ ...own.export({ format: 'jwk' }), kid: 'own', use: 'sig', alg: 'RS256' }] as never },
    pkce: { required: () => true },
    claims: { openid: ['sub', 'groups', 'name'] },
    conformIdTokenClaims: false,
    cookies: { keys: ['one of the test'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, id) => ({
      accountId: id,
      claims: async () => ({ sub: id, name: `Person ${id}`, groups: people[id] }),
    }),
    loadExistingGrant: async (context) => {
      const { client, session, provider } = context.oidc
      const grant = new provider.Grant({ clientId: client!.clientId, accountId: session!.accountId! })
      grant.addOIDCScope('openid profile email')
      grant.addOIDCClaims(['groups', 'name', 'sub'])
      await grant.save()
      return grant
    },
  }
  const provider = new Provider(issuer, configuration)
  provider.use(async (context, next) => {
    await next()
    const body = context.body as { id_token?: string } | undefined
    if (forge === null || typeof body?.id_token !== 'string') return
    const [header = '', claims = ''] = body.id_token.split('.')
    const parsed = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
    context.body = { ...body, id_token: forge({ header: parsed(header), claims: parsed(claims) }) }
  })
  let who = ''
  const interactive = provider.callback()
  answer = (request, reply) => {
    const [req, res] = [
      request as Parameters<typeof interactive>[0],
      reply as Parameters<typeof interactive>[1],
    ]
    if (req.url?.startsWith('/interaction/'))
      provider
        .interactionFinished(req, res, { login: { accountId: who } }, { mergeWithLastSubmission: false })
        .catch((error: unknown) => {
          res.statusCode = 500
          res.end(String(error))
        })
    else interactive(req, res)
  }
  return {
    issuer,
    ca,
    own: createPrivateKey(own.export({ type: 'pkcs8', format: 'pem' })),
    stranger,
    forgeBy(one: Forge | null): void {
      forge = one
    },
    /** A browser of this person, from the address that begins a log-in to the one that the provider sends it back to. */
    async browse(from: string, person: string): Promise<string> {
      who = person
      const jar = new Map<string, string>()
      let at = from
      for (let hops = 0; hops < 8; hops++) {
        const reply = await requestOf(at, ca, jar)
        if (reply.location === null) throw new Error(`${at}: ${reply.status} ${reply.body}`)
        at = new URL(reply.location, at).href
        if (!at.startsWith(issuer)) return at
      }
      throw new Error('the provider sends the browser around')
    },
    close: () =>
      new Promise<void>((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

async function requestOf(url: string, ca: string, jar: Map<string, string>) {
  const { get } = await import('node:https')
  return new Promise<{ status: number; location: string | null; body: string }>((resolve, reject) => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    get(url, { ca, headers: { cookie } }, (reply) => {
      for (const line of reply.headers['set-cookie'] ?? []) {
        const [pair = ''] = line.split(';')
        jar.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
      }
      const chunks: Buffer[] = []
      reply.on('data', (chunk: Buffer) => chunks.push(chunk))
      reply.on('end', () =>
        resolve({
          status: reply.statusCode ?? 0,
          location: reply.headers.location ?? null,
          body: Buffer.concat(chunks).toString(),
        }),
      )
    }).on('error', reject)
  })
}
