import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { python } from '../../support/python.ts'
import { startKmip } from './support/kmip-server.ts'

const client = (name: string) => join(import.meta.dirname, 'clients', name)
let kmip: Awaited<ReturnType<typeof startKmip>>
beforeAll(async () => {
  kmip = await startKmip()
})
afterAll(() => kmip.close())

const versions = ['KMIP_1_0', 'KMIP_1_1', 'KMIP_1_2', 'KMIP_1_3', 'KMIP_1_4', 'KMIP_2_0'] as const

/** What PyKMIP saw; a refusal is its reason in that version and the code of the server. */
function lifeIn(version: (typeof versions)[number]) {
  const encrypts = version > 'KMIP_1_1'
  const newest = version === 'KMIP_2_0'
  const wrongState = newest ? 'WRONG_KEY_LIFECYCLE_STATE' : 'PERMISSION_DENIED'
  const sensitive = version >= 'KMIP_1_4' ? 'SENSITIVE' : 'PERMISSION_DENIED'
  return {
    'pre-active': encrypts ? [wrongState, 'KEY-VERSION-DISABLED'] : '-',
    twice: [wrongState, 'KEY-STATE'],
    'name taken': [newest ? 'NON_UNIQUE_NAME_ATTRIBUTE' : 'INVALID_FIELD', 'KEY-NAME-TAKEN'],
    get: [sensitive, 'KEY-EXPORT'],
    attributes: expect.arrayContaining(['Activation Date', 'Name', 'State', 'Unique Identifier']),
    state: [`disk ${version}`, 'State.ACTIVE'],
    located: true,
    'in use': [wrongState, 'KEY-STATE'],
    destroyed: [wrongState, 'KEY-STATE'],
    secret: 'open sesame',
    brought: [sensitive, 'KEY-EXPORT'],
    // In 2.0 PyKMIP sends what only 1.x has.
    rekeyed: newest ? ['INVALID_MESSAGE', 'KMIP-MESSAGE'] : true,
    public: 'PublicKey',
    ...(encrypts
      ? {
          decrypted: 'text',
          opened: 'sealed',
          'revoked encrypts': [wrongState, 'KEY-VERSION-DISABLED'],
          'revoked decrypts': 'text',
          signed: 'VALID',
          forged: 'INVALID',
          mac: 32,
        }
      : {}),
  }
}

test('KMIP-CLIENTS PyKMIP leads keys through their life in every version that it speaks', {
  timeout: 300_000,
}, async () => {
  const { pem } = await kmip.client('disks')
  const seen = await python(client('pykmip_life.py'), String(kmip.port), pem, kmip.ca, ...versions)
  expect(seen).toEqual(Object.fromEntries(versions.map((version) => [version, lifeIn(version)])))
})

test('KMIP-CLIENTS libmongocrypt keeps its data keys here, by a secret of its own and by a key that stays', {
  timeout: 300_000,
}, async () => {
  const { pem } = await kmip.client('mongo')
  const seen = await python(client('libmongocrypt_life.py'), String(kmip.port), pem, kmip.ca)
  const whole = { named: true, opened: 'text', 'asked by the other': true }
  expect(seen).toEqual([
    { ...whole, delegated: false, requests: 4 },
    { ...whole, delegated: true, requests: 4 },
  ])
})
