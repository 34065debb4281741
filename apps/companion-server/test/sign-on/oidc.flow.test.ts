import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { hashSecret } from '../../src/access/tokens.ts'
import { given, openKms } from '../support/kms-under-test.ts'
import { makeFolder } from '../support/temporary-folder.ts'
import { clientId, clientSecret, macked, openOidcPeer, signed, unsigned } from './support/oidc-peer.ts'
import { browserOf, callbackOf, origin } from './support/sign-on-under-test.ts'

const callback = callbackOf('corp')

let browser: ReturnType<typeof browserOf>
let kms: Awaited<ReturnType<typeof openKms>>
let folder = ''
let peer: Awaited<ReturnType<typeof openOidcPeer>>

const people: Record<string, readonly string[]> = {
  ada: ['officers', 'everybody'],
  grace: ['everybody'],
  lin: ['officers'],
  mary: ['officers'],
  'other-ada': ['officers'],
}

beforeAll(async () => {
  process.env.PUBLIC_URL = origin
  folder = await makeFolder()
  peer = await openOidcPeer(folder, callback, people)
  process.env.EGRESS_PRIVATE_HOSTS = new URL(peer.issuer).host
  kms = await openKms()
  browser = browserOf(kms)
  const { signOn } = kms.server.services
  const settings = { kind: 'oidc', issuer: peer.issuer, clientId, ca: peer.ca } as const
  given(
    await signOn.addProvider(kms.callAs(kms.admin), {
      name: 'corp',
      organisation: null,
      settings,
      secret: clientSecret,
    }),
  )
  const place = { organisation: kms.organisation.id, project: kms.project.id }
  given(
    await signOn.addGroupRole(kms.callAs(kms.chief), {
      provider: 'corp',
      group: 'officers',
      grant: { role: 'crypto-officer', ...place },
    }),
  )
})

beforeEach(() => peer.forgeBy(null))

afterAll(async () => {
  await peer?.close()
  await kms?.close()
  await rm(folder, { recursive: true, force: true })
  delete process.env.PUBLIC_URL
  delete process.env.EGRESS_PRIVATE_HOSTS
})

const begin = () => browser.begin('corp')
const answered = (url: string, cookie: string) => browser.answered(url, cookie)
const takeToken = (cookie: string, headers = {}) => browser.takeToken(cookie, headers)
const get = (url: string) => browser.get(url)

async function logIn(person: string) {
  const { to, cookie } = await begin()
  const word = await answered(await peer.browse(to, person), cookie)
  return { word, cookie }
}

async function tokenOf(person: string): Promise<string> {
  const { word, cookie } = await logIn(person)
  expect(word).toBe('ready')
  const taken = await takeToken(cookie)
  expect(taken.statusCode).toBe(200)
  return taken.json().accessToken
}

const keysBy = (token: string) => browser.keysBy(token)

test('SIGN-ON-01 a member is made at the first log-in, with the roles of the groups, and is the same at the next', async () => {
  const named = await get('/api/v1/auth/sign-on')
  expect(named.json()).toEqual({ providers: [{ name: 'corp' }] })
  const { to, cookie, whole } = await begin()
  expect(whole).toMatch(/^__Host-sign-on=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax/)
  const asked = new URL(to).searchParams
  expect(asked.get('code_challenge_method')).toBe('S256')
  expect(asked.get('nonce')).toMatch(/^[\w-]{43}$/)
  expect(asked.get('redirect_uri')).toBe(callback)
  expect(await answered(await peer.browse(to, 'ada'), cookie)).toBe('ready')
  const taken = await takeToken(cookie)
  expect(taken.json()).toMatchObject({ tokenType: 'Bearer', expiresIn: 12 * 3600 })
  expect(taken.headers['audit-receipt']).toMatch(/^v1;/)
  expect((await keysBy(taken.json().accessToken)).statusCode).toBe(200)
  expect((await takeToken(cookie)).json()).toMatchObject({ code: 'SIGN-ON-STATE' })
  await tokenOf('ada')
  const { database } = kms.server.services
  const members = await database.selectFrom('member').selectAll().execute()
  expect(members).toHaveLength(1)
  expect(members[0]).toMatchObject({ subject: 'ada', groups: ['officers', 'everybody'] })
  const audited = await database
    .selectFrom('audit')
    .select(['operation', 'outcome', 'entry'])
    .where('identity_id', '=', members[0]!.identity_id)
    .orderBy('time')
    .execute()
  expect(audited.map(({ operation }) => operation)).toEqual(
    expect.arrayContaining(['sign-on.log-in', 'sign-on.take-token']),
  )
  expect(audited.every(({ entry }) => /^10\.0\.[12]\.1$/.test(JSON.parse(entry!).source))).toBe(true)
  // AUDIT-BY: the provider's answer, and the session that came of it; a second factor is what it says.
  const by = new Map(audited.map(({ operation, entry }) => [operation, JSON.parse(entry!)]))
  const { id } = await database.selectFrom('identity_provider').select('id').executeTakeFirstOrThrow()
  expect(by.get('sign-on.log-in')).toMatchObject({ credential: `provider:${id}` })
  expect(by.get('sign-on.take-token').credential).toMatch(/^session:[0-9a-f-]{36}$/)
  for (const one of by.values()) expect(one.factor).toMatch(/^(none|provider:20.*Z)$/)
})

test('SIGN-ON-STATE whom a log-in proved is never whom the database names', async () => {
  const { database } = kms.server.services
  const name = () =>
    database.updateTable('sign_on_attempt').set({ identity_id: kms.caller.identity }).execute()
  const proved = await logIn('ada')
  await name()
  expect((await takeToken(proved.cookie)).json()).toMatchObject({ code: 'SIGN-ON-STATE' })
  const begun = await begin()
  await name()
  expect((await takeToken(begun.cookie)).json()).toMatchObject({ code: 'SIGN-ON-STATE' })
})

test('SIGN-ON-08 the console gets its session as a cookie that no script reads, and no token', async () => {
  const { word, cookie } = await logIn('ada')
  expect(word).toBe('ready')
  const own = {
    'x-custody-console': '1',
    origin: 'https://localhost',
    host: 'localhost',
    'sec-fetch-site': 'same-origin',
  }
  const taken = await takeToken(cookie, own)
  expect(Object.keys(taken.json())).toEqual(['expiresIn'])
  const given = [taken.headers['set-cookie']].flat().find((one) => one?.startsWith('__Host-custody-session='))
  expect(given).toMatch(/HttpOnly; SameSite=Strict/)
  const session = given?.split(';')[0] ?? ''
  const keys = await kms.server.app.inject({
    method: 'GET',
    url: `/api/v1/kms/keys?projectId=${kms.project.id}`,
    headers: { cookie: session, 'x-custody-console': '1' },
  })
  expect(keys.statusCode).toBe(200)
})

test('SIGN-ON-02 an answer is good once, for the browser that began it, and only as long as it is the same log-in', async () => {
  const mine = await begin()
  const url = await peer.browse(mine.to, 'ada')
  const other = await begin()
  // What an attacker began does not end in the victim's browser, and the reverse.
  expect(await answered(url, other.cookie)).toBe('SIGN-ON-STATE')
  expect(await answered(url, '')).toBe('SIGN-ON-STATE')
  expect(await answered(url, mine.cookie)).toBe('ready')
  expect(await answered(url, mine.cookie)).toBe('SIGN-ON-STATE')
  expect((await takeToken(other.cookie)).json()).toMatchObject({ code: 'SIGN-ON-STATE' })
  expect((await takeToken(mine.cookie, { 'sec-fetch-site': 'cross-site' })).statusCode).toBe(401)
  expect((await takeToken(mine.cookie, { 'sec-fetch-site': 'same-origin' })).statusCode).toBe(200)
  const twice = await begin()
  const back = new URL(await peer.browse(twice.to, 'ada'))
  back.searchParams.append('code', 'another')
  expect(await answered(back.href, twice.cookie)).toBe('SIGN-ON-ANSWER')
  // The code of one log-in in another one: its verifier is not theirs.
  const [one, two] = [await begin(), await begin()]
  const stolen = new URL(await peer.browse(one.to, 'ada')).searchParams.get('code') ?? ''
  const own = new URL(await peer.browse(two.to, 'lin'))
  own.searchParams.set('code', stolen)
  expect(await answered(own.href, two.cookie)).toBe('SIGN-ON-CODE')
  const wrongIssuer = await begin()
  const said = new URL(await peer.browse(wrongIssuer.to, 'ada'))
  said.searchParams.set('iss', 'https://evil.example')
  expect(await answered(said.href, wrongIssuer.cookie)).toBe('SIGN-ON-ISSUER')
  const denied = await begin()
  const state = new URL(denied.to).searchParams.get('state')
  const refused = `${callback}?error=access_denied&state=${state}&iss=${encodeURIComponent(peer.issuer)}`
  expect(await answered(refused, denied.cookie)).toBe('SIGN-ON-DENIED')
})

const past = () => Math.floor(Date.now() / 1000) - 3600
const forgeries = {
  'signed by nobody': [
    'SIGN-ON-SIGNATURE',
    ({ header, claims }) => unsigned({ ...header, alg: 'none' }, claims),
  ],
  'without its signature': ['SIGN-ON-SIGNATURE', ({ header, claims }) => unsigned(header, claims)],
  'signed by a stranger': [
    'SIGN-ON-SIGNATURE',
    ({ header, claims }) => signed(header, claims, peer.stranger),
  ],
  'under a MAC of the client’s secret': [
    'SIGN-ON-SIGNATURE',
    ({ header, claims }) => macked({ ...header, alg: 'HS256' }, claims, clientSecret),
  ],
  'of a key that the provider does not list': [
    'SIGN-ON-SIGNATURE',
    ({ header, claims }) => signed({ ...header, kid: 'new' }, claims, peer.stranger),
  ],
  'changed after it was signed': [
    'SIGN-ON-SIGNATURE',
    ({ header, claims }) => {
      const [head, , mac] = signed(header, claims, peer.own).split('.')
      return [head, Buffer.from(JSON.stringify({ ...claims, sub: 'ada' })).toString('base64url'), mac].join(
        '.',
      )
    },
  ],
  'of another issuer': [
    'SIGN-ON-ISSUER',
    ({ header, claims }) => signed(header, { ...claims, iss: 'https://evil.example' }, peer.own),
  ],
  'for another client': [
    'SIGN-ON-AUDIENCE',
    ({ header, claims }) => signed(header, { ...claims, aud: 'other' }, peer.own),
  ],
  'over since an hour': [
    'SIGN-ON-EXPIRED',
    ({ header, claims }) => signed(header, { ...claims, exp: past() }, peer.own),
  ],
  'of another log-in': [
    'SIGN-ON-NONCE',
    ({ header, claims }) => signed(header, { ...claims, nonce: 'x' }, peer.own),
  ],
  'without a nonce': [
    'SIGN-ON-NONCE',
    ({ header, claims }) => signed(header, { ...claims, nonce: undefined }, peer.own),
  ],
  'with groups that are no list of texts': [
    'SIGN-ON-CLAIM',
    ({ header, claims }) => signed(header, { ...claims, groups: [{ officers: true }] }, peer.own),
  ],
} as const satisfies Record<string, readonly [string, Parameters<typeof peer.forgeBy>[0]]>

test.each(Object.entries(forgeries))(
  'SIGN-ON-03 an ID token %s is refused by name',
  async (_, [rule, forge]) => {
    peer.forgeBy(({ header, claims }) => signed(header, claims, peer.own))
    expect((await logIn('lin')).word).toBe('ready')
    peer.forgeBy(forge)
    const { word, cookie } = await logIn('lin')
    expect(word).toBe(rule)
    expect((await takeToken(cookie)).statusCode).toBe(401)
  },
)

test('SIGN-ON-09 a session was proved when the provider saw its person, and never where the provider does not say', async () => {
  const id = await kms.make('kept')
  const seconds = Math.floor(Date.now() / 1000)
  const shredsAfter = async (auth_time: number | undefined) => {
    peer.forgeBy(({ header, claims }) => signed(header, { ...claims, auth_time }, peer.own))
    return shreds()
  }
  const shreds = async () => {
    const reply = await kms.server.app.inject({
      method: 'POST',
      url: `/api/v1/kms/keys/${id}/shred`,
      payload: { confirmName: 'no' },
      headers: { authorization: `Bearer ${await tokenOf('mary')}` },
    })
    return reply.json().code
  }
  expect(new URL((await begin()).to).searchParams.get('max_age')).toBe('600')
  expect(await shredsAfter(seconds)).toBe('SHRED-CONFIRM')
  expect(await shredsAfter(seconds - 11 * 60)).toBe('SECOND-FACTOR-ANEW')
  expect(await shredsAfter(undefined)).toBe('SECOND-FACTOR-ANEW')
  // Where two factors are wanted, what the ID token says of the log-in counts, and of all that is wanted there.
  const { signOn } = kms.server.services
  const change = (settings: object) =>
    signOn.changeProvider(kms.callAs(kms.admin), { name: 'corp', settings })
  given(await change({ acr: ['urn:two', 'urn:three'], amr: ['mfa', 'hwk'] }))
  expect(new URL((await begin()).to).searchParams.get('acr_values')).toBe('urn:two urn:three')
  const shredsBy = async (said: object) => {
    peer.forgeBy(({ header, claims }) =>
      signed(header, { ...claims, acr: undefined, amr: undefined, auth_time: seconds, ...said }, peer.own),
    )
    return shreds()
  }
  expect(await shredsBy({ acr: 'urn:two', amr: ['pwd', 'hwk'] })).toBe('SHRED-CONFIRM')
  expect(await shredsBy({ acr: 'urn:two', amr: ['pwd'] })).toBe('SECOND-FACTOR-ANEW')
  expect(await shredsBy({ acr: 'urn:one', amr: ['mfa'] })).toBe('SECOND-FACTOR-ANEW')
  expect(await shredsBy({ amr: ['mfa'] })).toBe('SECOND-FACTOR-ANEW')
  expect(await shredsBy({ acr: 'urn:two' })).toBe('SECOND-FACTOR-ANEW')
  given(await change({ acr: null, amr: null }))
  expect(await shredsBy({})).toBe('SHRED-CONFIRM')
  // As the provider itself says it.
  peer.forgeBy(null)
  const { database } = kms.server.services
  const hash = hashSecret(await tokenOf('mary'))
  const { proved_at } = await database
    .selectFrom('token')
    .select('proved_at')
    .where('hash', '=', hash)
    .executeTakeFirstOrThrow()
  expect(Number(proved_at)).toBeGreaterThanOrEqual((seconds - 1) * 1000)
  // A clock that is ahead proves for no longer.
  peer.forgeBy(({ header, claims }) => signed(header, { ...claims, auth_time: seconds + 9000 }, peer.own))
  const ahead = await database
    .selectFrom('token')
    .select('proved_at')
    .where('hash', '=', hashSecret(await tokenOf('mary')))
    .executeTakeFirstOrThrow()
  expect(Number(ahead.proved_at)).toBeLessThanOrEqual(Date.now())
})

test('SIGN-ON-10 a provider gets another secret and other settings, and its members are the same', async () => {
  const { database, signOn } = kms.server.services
  const authorization = await kms.bearer(kms.admin.grants)
  const change = async (payload: object, as = authorization) => {
    const reply = await kms.server.app.inject({
      method: 'PATCH',
      url: '/api/v1/sign-on/providers/corp',
      payload,
      headers: { authorization: as },
    })
    return reply.json()
  }
  const memberOf = (subject: string) =>
    database
      .selectFrom('member')
      .select('identity_id')
      .where('subject', '=', subject)
      .executeTakeFirstOrThrow()
  await tokenOf('ada')
  const before = await memberOf('ada')
  const [old] = given(await signOn.listProviders(kms.callAs(kms.admin), {}))
  expect((await change({ clientSecret: 'of another client' })).provider.roles).toHaveLength(1)
  expect((await logIn('ada')).word).toBe('SIGN-ON-CODE')
  const changed = await change({ clientSecret, settings: { scopes: ['groups'], acr: ['urn:two'] } })
  expect(changed.provider.settings).toEqual({ ...old?.settings, scopes: ['groups'], acr: ['urn:two'] })
  expect(JSON.stringify(changed)).not.toContain(clientSecret)
  await tokenOf('ada')
  expect(await memberOf('ada')).toEqual(before)
  // What it is and who its subjects are stays; so does everything where something is refused.
  const refused = async (payload: object, as?: string) => (await change(payload, as)).code
  expect(await refused({ settings: { issuer: 'https://evil.example' } })).toBe('REQUEST-FIELDS')
  expect(await refused({ settings: { clientId: 'another' } })).toBe('REQUEST-FIELDS')
  expect(await refused({ settings: { entryPoint: 'https://evil.example' } })).toBe('SIGN-ON-SETTINGS')
  expect(await refused({ settings: { ca: 'no certificate' } })).toBe('SIGN-ON-SETTINGS')
  // The provider is asked first, and its certificate is of no public CA.
  expect(await refused({ settings: { ca: null }, clientSecret: 'lost' })).toBe('PROVIDER-UNREACHABLE')
  expect(await refused({ clientSecret: 'lost' }, await kms.bearer(kms.chief.grants))).toBe('ROLE-REFUSED')
  await tokenOf('ada')
  const last = await change({ settings: { scopes: null, acr: null } })
  expect(last.provider.settings).toEqual(old?.settings)
})

test('SIGN-ON-04 who has no group with a role gets none, who lost the group loses it, and who was revoked stays out', async () => {
  const { database, organisations } = kms.server.services
  expect((await logIn('grace')).word).toBe('SIGN-ON-NO-ROLE')
  expect(
    await database.selectFrom('member').select('subject').where('subject', '=', 'grace').execute(),
  ).toEqual([])
  const token = await tokenOf('mary')
  people.mary = ['everybody']
  expect((await logIn('mary')).word).toBe('SIGN-ON-NO-ROLE')
  await expect.poll(async () => (await keysBy(token)).statusCode).not.toBe(200)
  people.mary = ['officers']
  await tokenOf('mary')
  const { identity_id } = await database
    .selectFrom('member')
    .select('identity_id')
    .where('subject', '=', 'mary')
    .executeTakeFirstOrThrow()
  given(await organisations.revokeIdentity(kms.callAs(kms.chief), { identity: identity_id }))
  expect((await logIn('mary')).word).toBe('SIGN-ON-BARRED')
})

test('SIGN-ON-05 accounts are linked by provider and subject alone: the same name or address is another one', async () => {
  const { people: ours, database } = kms.server.services
  const place = { organisation: kms.organisation.id, project: kms.project.id }
  const grants = [{ role: 'crypto-officer', ...place }] as const
  const invited = given(
    await ours.invite(kms.callAs(kms.chief), { username: 'ada', name: 'Person other-ada', grants }),
  )
  await tokenOf('other-ada')
  const row = await database
    .selectFrom('member')
    .select('identity_id')
    .where('subject', '=', 'other-ada')
    .executeTakeFirstOrThrow()
  expect(row.identity_id).not.toBe(invited.identity)
})

test('SIGN-ON-06 a group’s role ends for its members when it is taken away, and all of them when the provider is removed', async () => {
  const { signOn, authentication } = kms.server.services
  const chief = () => kms.callAs(kms.chief)
  const place = { organisation: kms.organisation.id, project: kms.project.id }
  const token = await tokenOf('lin')
  const grant = { role: 'auditor', ...place } as const
  const made = given(await signOn.addGroupRole(chief(), { provider: 'corp', group: 'officers', grant }))
  const roles = async () => {
    const caller = await authentication.find(token)
    return caller === 'unknown' ? caller : caller.grants.map(({ role }) => role).toSorted()
  }
  await expect.poll(roles).toEqual(['auditor', 'crypto-officer'])
  given(await signOn.removeGroupRole(chief(), { provider: 'corp', id: made.id }))
  await expect.poll(roles).toEqual(['crypto-officer'])
  expect(await signOn.removeProvider(chief(), { name: 'corp' })).toMatchObject({ rule: 'ROLE-REFUSED' })
  const settings = { kind: 'oidc', issuer: peer.issuer, clientId, ca: peer.ca } as const
  const short = { name: 'short', organisation: kms.organisation.id, settings, secret: clientSecret }
  given(await signOn.addProvider(chief(), short))
  const elsewhere = { role: 'auditor', organisation: null, project: null } as const
  expect(
    await signOn.addGroupRole(kms.callAs(kms.admin), { provider: 'short', group: 'g', grant: elsewhere }),
  ).toMatchObject({ rule: 'GRANT-REFUSED' })
  expect(await signOn.addProvider(chief(), short)).toMatchObject({ rule: 'SIGN-ON-NAME-TAKEN' })
  given(await signOn.removeProvider(chief(), { name: 'short' }))
  const reply = await get('/api/v1/auth/sign-on/short/start')
  expect(browser.wordOf(reply)).toBe('SIGN-ON-PROVIDER')
  expect(given(await signOn.listProviders(kms.callAs(kms.admin), {})).map(({ name }) => name)).toEqual([
    'corp',
  ])
})

test('SIGN-ON-07 nothing of a provider’s secret, state or verifier is kept in the clear', async () => {
  const { to } = await begin()
  const { database } = kms.server.services
  const kept = JSON.stringify([
    await database.selectFrom('identity_provider').selectAll().execute(),
    await database.selectFrom('sign_on_attempt').selectAll().execute(),
  ])
  const sought = [
    clientSecret,
    new URL(to).searchParams.get('state') ?? '',
    new URL(to).searchParams.get('nonce') ?? '',
  ]
  for (const one of sought) {
    expect(one).not.toBe('')
    expect(kept).not.toContain(one)
    expect(kept).not.toContain(JSON.stringify([...Buffer.from(one)]).slice(1, -1))
  }
})

test('PROVIDER-ADDRESS a provider is no way into the server’s own network', async () => {
  const { signOn } = kms.server.services
  const add = async (issuer: string) => {
    const settings = { kind: 'oidc', issuer, clientId } as const
    const made = await signOn.addProvider(kms.callAs(kms.admin), {
      name: 'evil',
      organisation: null,
      settings,
      secret: null,
    })
    return made.ok ? 'added' : made.rule
  }
  for (const issuer of [
    'https://10.0.0.1',
    'https://169.254.169.254',
    'https://[::1]',
    'https://[fe80::1]',
    'https://0.0.0.0',
  ])
    expect([issuer, await add(issuer)]).toEqual([issuer, 'PROVIDER-ADDRESS'])
  expect(await add('http://127.0.0.1')).toBe('SIGN-ON-SETTINGS')
  expect(await add('https://user:pw@127.0.0.1')).toBe('SIGN-ON-SETTINGS')
  // Its certificate is not of a CA that is trusted.
  expect(await add(peer.issuer)).toBe('PROVIDER-UNREACHABLE')
})
