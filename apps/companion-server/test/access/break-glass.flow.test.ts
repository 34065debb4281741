import { TOTP, URI } from 'otpauth'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { strongPassphrase as password } from '../../../../packages/crypto/test/strong-passphrase.ts'
import type { Grant } from '../../src/access/authorize.ts'
import { given, openKms } from '../support/kms-under-test.ts'

let kms: Awaited<ReturnType<typeof openKms>>
const everything = [{ role: 'server-admin', organisation: null, project: null }] as const

beforeAll(async () => {
  kms = await openKms()
})
afterAll(() => kms.close())

const asked = { door: 'direct', reqId: 'r', source: '192.0.2.1' } as const
const admin = () => kms.callAs(kms.admin)
const services = () => kms.server.services

/** Its codes are of three steps that the server takes, used one after the other. */
async function enrolled(username: string, grants: readonly Grant[], call = admin()) {
  const { people } = services()
  const { code, identity } = given(await people.invite(call, { username, name: username, grants }))
  const totp = URI.parse(given(await people.beginEnrolment(code, asked)).totpUri)
  if (!(totp instanceof TOTP)) throw new Error('no TOTP')
  const at = (step: number) => totp.generate({ timestamp: Date.now() + step * 30_000 })
  given(await people.enrol({ code, password, totp: at(-1) }, asked))
  const logIn = async (step: number) => {
    const done = await people.logIn({ username, password, totp: at(step) }, asked)
    return done.ok ? 'in' : done.rule
  }
  return { identity, logIn }
}

test('BREAK-GLASS-LAST single sign-on that is required locks out everybody but the break-glass admin, who stays and is seen', async () => {
  await expect.poll(() => 30 - ((Date.now() / 1000) % 30), { timeout: 30_000 }).toBeGreaterThan(15)
  const { people, organisations, database } = services()
  const place = { organisation: kms.organisation.id, project: kms.project.id }
  const ada = await enrolled('ada', everything)
  const officer = [{ role: 'crypto-officer', ...place }] as const
  const grace = await enrolled('grace', officer, kms.callAs(kms.chief))
  expect(await services().breakGlass.requireSignOn(admin(), { required: true })).toMatchObject({
    rule: 'BREAK-GLASS-NONE',
  })
  expect(
    await services().breakGlass.setBreakGlass(admin(), { identity: grace.identity, on: true }),
  ).toMatchObject({
    rule: 'OBJECT-ABSENT',
  })
  given(await services().breakGlass.setBreakGlass(admin(), { identity: ada.identity, on: true }))
  given(await services().breakGlass.requireSignOn(admin(), { required: true }))

  expect(await grace.logIn(0)).toBe('LOGIN-REFUSED')
  expect(await ada.logIn(0)).toBe('in')
  const last = { rule: 'BREAK-GLASS-LAST' }
  expect(
    await services().breakGlass.setBreakGlass(admin(), { identity: ada.identity, on: false }),
  ).toMatchObject(last)
  expect(await people.reset(admin(), { identity: ada.identity })).toMatchObject(last)
  expect(await organisations.revokeIdentity(admin(), { identity: ada.identity })).toMatchObject(last)

  const entries = await database
    .selectFrom('audit')
    .select('operation')
    .where('identity_id', '=', ada.identity)
    .where('operation', 'like', 'person.log-in%')
    .execute()
  expect(entries).toEqual([{ operation: 'person.log-in-break-glass' }])

  given(await services().breakGlass.requireSignOn(admin(), { required: false }))
  expect(await grace.logIn(0)).toBe('in')
})

test('LOG-OUT-EVERYWHERE every token of an identity ends within a second, API keys too, and nobody else’s', async () => {
  const { authentication, credentials, people } = services()
  const place = { organisation: kms.organisation.id, project: kms.project.id }
  const invited = given(
    await people.invite(kms.callAs(kms.chief), {
      username: 'lin',
      name: 'lin',
      grants: [{ role: 'crypto-officer', ...place }],
    }),
  )
  const chief = kms.callAs(kms.chief)
  const wanted = { identity: invited.identity, name: 'laptop', ttlSeconds: 3600 }
  const { token } = given(await credentials.addApiKey(chief, wanted))
  expect(await authentication.find(token)).not.toBe('unknown')
  const keys = async () => (await kms.get(`/api/v1/kms/keys?projectId=${kms.project.id}`)).status
  const reply = await kms.call('POST', `/api/v1/identities/${invited.identity}/log-out`, {})
  expect(reply.body.code).toBe('OBJECT-ABSENT')
  expect(
    given(await services().organisations.logOutEverywhere(chief, { identity: invited.identity })),
  ).toEqual({ ended: 1 })
  await expect.poll(() => authentication.find(token)).toBe('unknown')
  expect(await keys()).toBe(200)
  const own = await kms.call('POST', '/api/v1/auth/log-out-everywhere', {})
  expect(own.body.ended).toBeGreaterThan(0)
  await expect.poll(keys).toBe(401)
})
