import { generateKeyPairSync, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { openSaml } from '../../apps/companion-server/src/sign-on/saml.ts'
import { openIssuers, saidBy } from '../../apps/companion-server/src/sign-on/workloads/issuers.ts'
import { profiles } from '../../packages/crypto/src/transport/profiles.ts'
import { type RaptorQModule, raptorQ } from '../../packages/crypto/src/transport/raptorq.ts'
import { createReceiver } from '../../packages/crypto/src/transport/receiver.ts'
import { createSender } from '../../packages/crypto/src/transport/sender.ts'
import { root } from '../root.ts'
import { attestation, Refused, registration } from './attestation.ts'
import { bytesOf, type Target, textOf } from './target.ts'

// What strangers answer to this program: providers, issuers, authenticators, cameras.

const issuer = 'https://issuer.example'
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const settings = {
  ...({ kind: 'jwt', issuer, audience: 'lux' } as const),
  jwks: JSON.stringify({ keys: [{ ...pair.publicKey.export({ format: 'jwk' }), kid: 'a', alg: 'ES256' }] }),
}

/** A token of the issuer that is good until 2100. */
function token(): string {
  const coded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const said = { iss: issuer, aud: 'lux', sub: 'team', exp: 4102444800, jti: '1' }
  const head = `${coded({ alg: 'ES256', kid: 'a', typ: 'JWT' })}.${coded(said)}`
  const signature = sign('sha256', Buffer.from(head), { key: pair.privateKey, dsaEncoding: 'ieee-p1363' })
  return `${head}.${signature.toString('base64url')}`
}
const issuers = openIssuers({
  egress: { send: async () => Promise.reject(new Error('a token made this server ask elsewhere')) },
})

const place = 'https://custody.example'
const callback = `${place}/callback`
const saml = openSaml()
const provider = {
  settings: {
    ...({ kind: 'saml', entityId: issuer, entryPoint: `${issuer}/in`, certificate: '' } as const),
    certificates: [pair.publicKey.export({ format: 'pem', type: 'spki' }).toString()],
  },
  id: 'office',
  secret: null,
}
const checks = JSON.stringify({ id: '_1', at: '2026-12-01T00:00:00.000Z' })
const response = (inner: string): Uint8Array =>
  bytesOf(
    `<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns="urn:oasis:names:tc:SAML:2.0:assertion" ID="_2" InResponseTo="_1" Version="2.0"><Issuer>${issuer}</Issuer><p:Status><p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></p:Status>${inner}</p:Response>`,
  )

const types = ['card', 'policy'] as const
// As a page has it.
const raptor = 'raptorq'
const require = createRequire(join(root, 'packages/ui/package.json'))
const wasm: RaptorQModule & { initSync(code: Uint8Array): unknown } = require(`${raptor}/raptorq.js`)
wasm.initSync(readFileSync(require.resolve(`${raptor}/raptorq_bg.wasm`)))
const code = raptorQ(wasm)

export const answers: Readonly<Record<string, Target>> = {
  'workload-token': {
    async run(bytes) {
      const text = textOf(bytes)
      const told = saidBy(settings, text)
      const proved = await issuers.prove(settings, text)
      if (proved.ok && !told.ok) throw new Error('what was proved was not said')
      return proved.ok
    },
    seeds: () => [bytesOf(token())],
  },
  'saml-answer': {
    async run(bytes) {
      const answer = new URLSearchParams({ SAMLResponse: Buffer.from(bytes).toString('base64') })
      const { ok } = await saml.finish(provider, { answer, state: 's', callback, checks })
      // Nobody here has the provider's key.
      if (ok) throw new Error('an answer that nobody signed was taken')
      return false
    },
    seeds: () => [
      response('<Assertion ID="_3" Version="2.0"><Issuer>x</Issuer></Assertion>'),
      response('<EncryptedAssertion/>'),
    ],
  },
  'authenticator-answer': {
    run: async (bytes) =>
      registration(bytes).catch((error: unknown) => {
        if (error instanceof Refused) return false
        throw error
      }),
    seeds: () => [attestation()],
  },
  'qr-transfer': {
    run(bytes) {
      const receiver = createReceiver(types, code)
      try {
        const scans = textOf(bytes)
          .split('\n')
          .map((line) => receiver.take(line))
        return scans.some((scan) => scan.ok && scan.value.state === 'received')
      } finally {
        receiver.close()
      }
    },
    seeds() {
      const sender = createSender(
        { type: 'card', payload: new Uint8Array(600).fill(7) },
        profiles.gentle,
        code,
      )
      if (!sender.ok) throw new Error(sender.detail)
      const { textAt } = sender.value
      return [[0, 1, 2, 3].map(textAt), [0, 5, 6, 0, 7, 8].map(textAt)].map((lines) =>
        bytesOf(lines.join('\n')),
      )
    },
  },
}
