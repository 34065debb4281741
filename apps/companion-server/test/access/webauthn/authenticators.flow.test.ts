import type { AuthenticationResponseJSON } from '@simplewebauthn/server'
import { TOTP, URI } from 'otpauth'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { strongPassphrase as password } from '../../../../../packages/crypto/test/strong-passphrase.ts'
import type { Caller } from '../../../src/access/authorize.ts'
import { given, openKms } from '../../support/kms-under-test.ts'
import { type Said, SoftwareAuthenticator } from '../../support/software-authenticator.ts'

const origin = 'https://custody.example:8443'
let kms: Awaited<ReturnType<typeof openKms>>

beforeAll(async () => {
  kms = await openKms({ listensAt: () => origin })
})

afterAll(() => kms.close())

const attempt = () => ({ door: 'direct', reqId: crypto.randomUUID(), source: crypto.randomUUID() }) as const

/** Somebody who has enrolled with password and the codes of an app. */
async function person(username: string) {
  const { people } = kms.server.services
  const grants = [{ role: 'auditor', organisation: kms.organisation.id, project: kms.project.id }] as const
  const { identity, code } = given(
    await people.invite(kms.callAs(kms.chief), { username, name: username, grants }),
  )
  const totp = URI.parse(given(await people.beginEnrolment(code, attempt())).totpUri)
  if (!(totp instanceof TOTP)) throw new Error('no TOTP')
  given(await people.enrol({ code, password, totp: totp.generate() }, attempt()))
  const caller: Caller = { identity, grants }
  return { username, identity, call: () => kms.callAs(caller), totp }
}

async function added(owner: Awaited<ReturnType<typeof person>>, name = 'a key') {
  const { authenticators } = kms.server.services
  const device = new SoftwareAuthenticator(origin)
  const response = device.create(given(await authenticators.begin(owner.call(), {})))
  return { device, response, made: given(await authenticators.add(owner.call(), { name, response })) }
}

const asked = async () => given(await kms.server.services.authenticators.ask())

const logIn = (username: string, assertion: AuthenticationResponseJSON, typed = password) =>
  kms.server.services.people.logIn({ username, password: typed, assertion }, attempt())

const outcomeOf = async (work: ReturnType<typeof logIn>) => {
  const done = await work
  return done.ok ? 'in' : done.rule
}

test('WEBAUTHN-01 several authenticators are named, each logs in beside the password, and one that is removed does not', async () => {
  const ada = await person('ada')
  const { authenticators, authentication } = kms.server.services
  const options = given(await authenticators.begin(ada.call(), {}))
  expect(options.rp).toEqual({ name: 'Lux Custody server', id: 'custody.example' })
  expect(options.user.id).not.toContain(Buffer.from(ada.identity).toString('base64url'))
  const blue = await added(ada, 'blue key')
  const green = await added(ada, 'green key')
  const known = given(await authenticators.begin(ada.call(), {})).excludeCredentials?.map(({ id }) => id)
  expect(known?.toSorted()).toEqual([blue.device.id, green.device.id].toSorted())
  for (const { device } of [blue, green]) {
    const inside = given(await logIn('ada', device.get(await asked())))
    expect(await authentication.find(inside.token.accessToken)).toMatchObject({
      identity: ada.identity,
      by: { credential: expect.stringMatching(/^session:/), proved: { by: 'webauthn' } },
    })
  }
  const listed = given(await authenticators.list(ada.call(), {}))
  expect(listed.map(({ name, usedAt }) => [name, usedAt === null])).toEqual([
    ['blue key', false],
    ['green key', false],
  ])
  given(await authenticators.remove(ada.call(), { id: blue.made.id }))
  expect(await outcomeOf(logIn('ada', blue.device.get(await asked())))).toBe('LOGIN-REFUSED')
  expect(await outcomeOf(logIn('ada', green.device.get(await asked())))).toBe('in')
})

test('WEBAUTHN-02 a lost authenticator leaves the codes of the app; a reset by whoever appoints ends both', async () => {
  const bea = await person('bea')
  const { device } = await added(bea)
  const { people, authenticators } = kms.server.services
  const code = bea.totp.generate({ timestamp: Date.now() + 30_000 })
  given(await people.logIn({ username: 'bea', password, totp: code }, attempt()))
  given(await people.reset(kms.callAs(kms.chief), { identity: bea.identity }))
  expect(given(await authenticators.list(bea.call(), {}))).toEqual([])
  expect(await authenticators.begin(bea.call(), {})).toMatchObject({ rule: 'OBJECT-ABSENT' })
  expect(await outcomeOf(logIn('bea', device.get(await asked())))).toBe('LOGIN-REFUSED')
})

const lies: readonly (readonly [string, Said])[] = [
  ['made for another origin', { origin: 'https://custody.example.evil' }],
  ['made for another port of the host', { origin: 'https://custody.example' }],
  ['made for another RP ID', { rpId: 'example' }],
  ['of a device that nobody touched', { userPresent: false }],
  ['of a challenge that this server never made', { challenge: 'AAAA' }],
  ['meant for something else', { type: 'webauthn.else' }],
]

test.each(lies)('WEBAUTHN-03 an answer %s neither adds an authenticator nor logs in', async (_, said) => {
  const name = `liar-${crypto.randomUUID().slice(0, 8)}`
  const owner = await person(name)
  const { authenticators } = kms.server.services
  const response = new SoftwareAuthenticator(origin).create(
    given(await authenticators.begin(owner.call(), {})),
    said,
  )
  const refused = await authenticators.add(owner.call(), { name: 'x', response })
  expect(refused).toMatchObject({ rule: 'AUTHENTICATOR-REFUSED' })
  const { device } = await added(owner)
  expect(await outcomeOf(logIn(name, device.get(await asked(), said)))).toBe('LOGIN-REFUSED')
  // The same device, honest, is let in: it was the lie that was refused.
  expect(await outcomeOf(logIn(name, device.get(await asked())))).toBe('in')
})

test('WEBAUTHN-04 an answer is taken once, by its person, with the password, and signed by the device', async () => {
  const cai = await person('cai')
  const eve = await person('eve')
  const { device, response } = await added(cai)
  const hers = await added(eve)
  const { authenticators } = kms.server.services
  // A registration is no log-in, and is taken once: not again, and not by another.
  const again = async (owner: typeof cai) => authenticators.add(owner.call(), { name: 'again', response })
  expect(await again(cai)).toMatchObject({ rule: 'AUTHENTICATOR-REFUSED' })
  expect(await again(eve)).toMatchObject({ rule: 'AUTHENTICATOR-REFUSED' })
  const stolen = device.create(given(await authenticators.begin(eve.call(), {})))
  const taken = await authenticators.add(eve.call(), { name: 'stolen', response: stolen })
  expect(taken).toMatchObject({ rule: 'AUTHENTICATOR-TAKEN' })
  const used = device.get(await asked())
  expect(await outcomeOf(logIn('cai', used, 'a wrong password'))).toBe('LOGIN-REFUSED')
  expect(await outcomeOf(logIn('eve', used))).toBe('LOGIN-REFUSED')
  const forged = {
    ...used,
    response: { ...used.response, signature: hers.device.get(await asked()).response.signature },
  }
  expect(await outcomeOf(logIn('cai', forged))).toBe('LOGIN-REFUSED')
  expect(await outcomeOf(logIn('cai', used))).toBe('in')
  expect(await outcomeOf(logIn('cai', used))).toBe('LOGIN-REFUSED')
  // The challenge of an enrolment opens no session.
  const enrolling = given(await authenticators.begin(cai.call(), {}))
  const turned = device.get({ challenge: enrolling.challenge, rpId: 'custody.example' })
  expect(await outcomeOf(logIn('cai', turned))).toBe('LOGIN-REFUSED')
})

test('WEBAUTHN-05 two at once with the same answer: one is let in', async () => {
  await person('two').then(async (owner) => {
    const { device } = await added(owner)
    const answer = device.get(await asked())
    const done = await Promise.all([logIn('two', answer), logIn('two', answer), logIn('two', answer)])
    expect(done.filter(({ ok }) => ok)).toHaveLength(1)
  })
})

test('WEBAUTHN-06 a device that counts backwards may be a copy: it is refused, and that is in the audit', async () => {
  const dan = await person('dan')
  const { device } = await added(dan)
  device.counter = 40
  expect(await outcomeOf(logIn('dan', device.get(await asked())))).toBe('in')
  for (const counter of [10, 50]) {
    device.counter = counter
    expect(await outcomeOf(logIn('dan', device.get(await asked())))).toBe(
      counter === 10 ? 'LOGIN-REFUSED' : 'in',
    )
  }
  device.counter = -1
  expect(await outcomeOf(logIn('dan', device.get(await asked())))).toBe('LOGIN-REFUSED')
  const entries = await kms.server.services.database
    .selectFrom('audit')
    .select('outcome')
    .where('operation', '=', 'authenticator.counter')
    .where('identity_id', '=', dan.identity)
    .execute()
  expect(entries).toEqual([{ outcome: 'LOGIN-REFUSED' }, { outcome: 'LOGIN-REFUSED' }])
})

test('WEBAUTHN-07 a person has ten at most; a service has none', async () => {
  const fay = await person('fay')
  const { authenticators } = kms.server.services
  const options = given(await authenticators.begin(fay.call(), {}))
  for (let made = 0; made < 10; made++) await added(fay, `key ${made}`)
  expect(await authenticators.begin(fay.call(), {})).toMatchObject({ rule: 'AUTHENTICATORS-FULL' })
  const eleventh = { name: 'more', response: new SoftwareAuthenticator(origin).create(options) }
  expect(await authenticators.add(fay.call(), eleventh)).toMatchObject({ rule: 'AUTHENTICATORS-FULL' })
  expect(await authenticators.begin(kms.callAs(kms.caller), {})).toMatchObject({ rule: 'OBJECT-ABSENT' })
})

test('WEBAUTHN-08 over HTTP: a log-in gives one second factor, and an answer of the wrong form is 422', async () => {
  const gus = await person('gus')
  const { device } = await added(gus)
  const post = async (url: string, payload?: object) => {
    const reply = await kms.server.app.inject({
      method: 'POST',
      url: `/api/v1${url}`,
      ...(payload === undefined ? {} : { payload }),
    })
    return { status: reply.statusCode, body: reply.json() }
  }
  const { body } = await post('/auth/webauthn/challenge')
  expect(body.options).toMatchObject({ rpId: 'custody.example', userVerification: 'preferred' })
  expect(body.options.allowCredentials ?? []).toEqual([])
  const assertion = device.get(body.options)
  const both = { username: 'gus', password, assertion, totp: '000000' }
  expect((await post('/auth/password/login', both)).status).toBe(422)
  expect((await post('/auth/password/login', { username: 'gus', password })).status).toBe(422)
  const odd = { username: 'gus', password, assertion: { ...assertion, id: 'not base64url!' } }
  expect((await post('/auth/password/login', odd)).status).toBe(422)
  const done = await post('/auth/password/login', { username: 'gus', password, assertion })
  expect(done).toMatchObject({ status: 200, body: { tokenType: 'Bearer' } })
})
