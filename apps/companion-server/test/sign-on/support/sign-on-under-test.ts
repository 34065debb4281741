import { expect } from 'vitest'
import type { openKms } from '../../support/kms-under-test.ts'

export const origin = 'https://custody.example'
export const callbackOf = (name: string) => `${origin}/api/v1/auth/sign-on/${name}/callback`

type Kms = Awaited<ReturnType<typeof openKms>>
type Headers = Record<string, string>

/** What a browser does at this server's door. Each log-in comes from another network, so that no quick machine is a flood. */
export function browserOf(kms: Kms) {
  const { app } = kms.server
  let visitor = 0
  const call = (asked: {
    method: 'GET' | 'POST'
    url: string
    headers: Headers
    payload?: object | string
  }) => app.inject({ ...asked, remoteAddress: `10.${visitor >> 8}.${visitor & 0xff}.1` })
  const get = (url: string, headers: Headers = {}) => call({ method: 'GET', url, headers })

  function wordOf(reply: { statusCode: number; headers: Record<string, unknown> }) {
    expect(reply.statusCode).toBe(303)
    return /^\/console\/#sign-on=(.+)$/.exec(String(reply.headers.location))?.[1]
  }
  return {
    get,
    wordOf,
    async begin(name: string) {
      visitor++
      const reply = await get(`/api/v1/auth/sign-on/${name}/start`)
      expect(reply.statusCode).toBe(303)
      const whole = String(reply.headers['set-cookie'] ?? '')
      return { to: String(reply.headers.location), cookie: whole.split(';')[0] ?? '', whole }
    },
    /** Back at the address that the provider sent the browser to. */
    answered: async (url: string, cookie: string) => wordOf(await get(url.slice(origin.length), { cookie })),
    /** Back with a form that the provider's page posts. */
    posted: async (name: string, form: Headers, cookie: string) =>
      wordOf(
        await call({
          method: 'POST',
          url: callbackOf(name).slice(origin.length),
          headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
          payload: new URLSearchParams(form).toString(),
        }),
      ),
    takeToken: (cookie: string, headers: Headers = {}) =>
      call({
        method: 'POST',
        url: '/api/v1/auth/sign-on/token',
        payload: {},
        headers: { cookie, ...headers },
      }),
    keysBy: (token: string) =>
      get(`/api/v1/kms/keys?projectId=${kms.project.id}`, { authorization: `Bearer ${token}` }),
  }
}
