import { createHash } from 'node:crypto'
import type { RequestPackage } from '@lux/ceremony/wire'
import { toHex } from '@lux/crypto'
import type { InjectOptions } from 'fastify'
import { afterAll, beforeAll } from 'vitest'
import { createIdentity } from './create-identity.ts'
import { openHttp, type Who } from './http-under-test.ts'
import { cardOf } from './server-under-test.ts'
import { dealNative, native, thresholdAlterations } from './threshold-bundle.ts'
import { type RequestChange, requestFor } from './threshold-requests.ts'

// A key with a squash key, dealt 2 of 3, and ciphertexts that native tfhe computed and squashed under it.
export const dealt = dealNative()
export const sum = native('results/sum-u8.squashed.bin')
export const minimum = native('results/minimum-u8.squashed.bin')
export const both = native('results/both-bool.squashed.bin')
export const base = `/api/v1/fhe/keys/${toHex(dealt.keyId)}`
export const id = (n: number) => n.toString(16).padStart(32, '0')
export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** For the file that asks: a server that has taken the key in, with a budget of ten blocks, and calls of its routes. */
export function thresholdServer(seed: string) {
  let http: Awaited<ReturnType<typeof openHttp>>
  let combiner = ''
  beforeAll(async () => {
    http = await openHttp(seed, {
      fhe: true,
      crs: dealt.string,
      alter: thresholdAlterations(dealt, { budget: 10 }),
    })
    await http.takeIn()
    const grants = [{ role: 'server-admin', project: null, organisation: null }] as const
    http.tokens.admin = await http.logIn(
      await createIdentity(http.server.services.database, { name: 'a', grants }),
    )
    combiner = (await cardOf(http.state)).combinerRecipient
  })
  afterAll(() => http.close())

  const get = (who: Who, path: string) => http.get(who, `${base}${path}`)
  const post = (who: Who, path: string, payload: object) => http.post(who, `${base}${path}`, payload)
  return {
    services: () => http.server.services,
    state: () => http.state,
    inject: (options: InjectOptions) => http.server.app.inject(options),
    list: (who: Who) => http.get(who, '/api/v1/fhe/keys'),
    combiner: () => combiner,
    as: (who: Who) => http.as(who),
    get,
    post,
    admin: (method: 'GET' | 'PUT', url: string, payload?: object) =>
      http.server.app.inject({ method, url, headers: http.as('admin'), ...(payload && { payload }) }),
    put: (bytes: Uint8Array, name = sha256(bytes), who: Who = 'user') =>
      http.server.app.inject({
        method: 'PUT',
        url: `${base}/ciphertexts/${name}`,
        headers: { ...http.as(who), 'content-type': 'application/octet-stream' },
        payload: Buffer.from(bytes),
      }),
    ask: (given: RequestPackage) => post('user', '/decrypt-requests', given),
    asked: (n: number, file: Uint8Array, change: RequestChange = {}) =>
      requestFor(dealt, { id: id(n), file, combiner }, change),
    answer: (n: number, body: object) => post('operator', `/decrypt-requests/${id(n)}/answers`, body),
    stateOf: async (n: number) => (await get('user', `/decrypt-requests/${id(n)}`)).json().request,
    budget: async () => (await get('user', '')).json().key.budget,
  }
}
