import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildApp } from '../src/app.ts'
import { openLog } from '../src/workers/log.ts'
import { createIdentity } from './support/create-identity.ts'
import { given, openKms } from './support/kms-under-test.ts'

let kms: Awaited<ReturnType<typeof openKms>>

beforeAll(async () => {
  kms = await openKms()
})

afterAll(() => kms.close())

const place = () => ({ organisation: kms.organisation.id, project: kms.project.id })

test('LIST-AUDIT entries are found by a part of a name, by a key, as changes alone and as refusals, and counted', async () => {
  const auditor = await kms.bearer([
    { role: 'auditor', organisation: null, project: null },
    { role: 'auditor', ...place() },
  ])
  const { id } = (await kms.call('POST', '', { projectId: kms.project.id, name: 'study-14' })).body.key
  await kms.call('POST', '', { projectId: kms.project.id, name: 'other' })
  for (let at = 0; at < 3; at++) await kms.call('POST', `${id}/encrypt`, { plaintext: 'AAAA' })
  await kms.call('POST', `${id}/decrypt`, { ciphertext: 'AAAA' })
  const find = async (query: string) => {
    const reply = await kms.server.app.inject({
      method: 'GET',
      url: `/api/v1/audit?${query}`,
      headers: { authorization: auditor },
    })
    return reply.json()
  }
  const operationsOf = async (query: string) =>
    (await find(query)).entries.map(({ entry }: { entry: { operation: string } }) => entry.operation)
  expect(await operationsOf('keyName=STUDY')).toEqual([
    'key.decrypt',
    ...Array(3).fill('key.encrypt'),
    'key.create',
  ])
  expect(await operationsOf(`keyName=study&only=changes`)).toEqual(['key.create'])
  expect(await operationsOf('keyName=study&only=refusals')).toEqual(['key.decrypt'])
  expect(await operationsOf('who=servic&only=changes')).toEqual(['key.create', 'key.create'])
  expect(await operationsOf('who=100%25')).toEqual([])
  expect(await find('keyName=study&limit=2&offset=2')).toMatchObject({ totalCount: 5, isMore: false })
  const saved = await kms.server.app.inject({
    method: 'GET',
    url: '/api/v1/audit/export?keyName=study&only=changes',
    headers: { authorization: auditor },
  })
  expect(saved.body.trim().split('\n')).toHaveLength(1)
})

test('LIST-KEYS keys are counted by state by the server, listed by it, and say when each was used last', async () => {
  const { id: project } = await kms.makeProject('Counted')
  const grants = [
    { role: 'crypto-officer', organisation: kms.organisation.id, project },
    { role: 'service', organisation: kms.organisation.id, project },
  ] as const
  const authorization = await kms.bearer(grants)
  const ask = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, payload?: object) => {
    const url = `/api/v1/kms/keys${path}`
    const reply = await kms.server.app.inject({
      method,
      url,
      headers: { authorization },
      ...(payload && { payload }),
    })
    return reply.json()
  }
  const made: string[] = []
  for (const name of ['a', 'b', 'c', 'd'])
    made.push(
      (await ask('POST', '', { projectId: project, name, ...(name === 'd' && { rotateEveryDays: 7 }) })).key
        .id,
    )
  const [a = '', b = '', c = ''] = made
  await ask('POST', `/${a}/encrypt`, { plaintext: 'AAAA' })
  await ask('PATCH', `/${b}`, { isDisabled: true })
  await ask('DELETE', `/${c}`)
  const list = (query: string) => ask('GET', `?projectId=${project}&${query}`)
  const whole = await list('state=any&details=true')
  expect(whole.counts).toEqual({ any: 4, serving: 2, stopped: 1, ending: 1, rotating: 1, due: 3 })
  expect(whole.totalCount).toBe(4)
  const used = whole.keys.map(({ name, lastUsed }: { name: string; lastUsed: string | null }) => [
    name,
    lastUsed !== null,
  ])
  expect(used).toEqual([
    ['a', true],
    ['b', false],
    ['c', false],
    ['d', false],
  ])
  const names = async (query: string) => (await list(query)).keys.map(({ name }: { name: string }) => name)
  expect(await names('state=due')).toEqual(['b', 'c', 'd'])
  expect(await names('state=stopped')).toEqual(['b'])
  expect(await names('')).toEqual(['a', 'b', 'd'])
  expect(await names('algorithm=AES-128')).toEqual([])
})

test('LOG-REQUEST a request is one line of the log, which names its route and no query', async () => {
  const lines: string[] = []
  const to = { write: (line: string) => void lines.push(line) }
  const app = await buildApp(kms.server.services, openLog('info', to))
  await app.inject({ method: 'GET', url: '/api/v1/audit?who=somebody', headers: kms.headers })
  await app.close()
  const said = lines.map((line) => JSON.parse(line)).filter(({ reqId }) => reqId !== undefined)
  expect(said).toMatchObject([
    { msg: 'request completed', req: { method: 'GET', route: '/api/v1/audit' }, res: { status: 403 } },
  ])
  expect(lines.join('')).not.toContain('somebody')
})

test('LIST-PEOPLE people are found by role, place, factor and sight, in an order, and counted whatever is searched for', async () => {
  const { people, database, organisations } = kms.server.services
  const chief = kms.callAs(kms.chief)
  for (const [at, name] of ['Nora', 'Noah', 'Ada'].entries())
    given(
      await people.invite(chief, {
        ...{ username: name.toLowerCase(), name },
        grants: [{ role: at === 0 ? 'auditor' : 'user', ...place() }],
      }),
    )
  await createIdentity(database, { name: 'nosy', grants: [{ role: 'service', ...place() }] })
  const list = async (input: object) => given(await organisations.listIdentities(chief, input))
  const names = async (input: object) =>
    (await list({ kind: 'person', ...input })).identities.map(({ name }) => name)
  expect(await names({ search: 'NO' })).toEqual(['Noah', 'Nora'])
  expect(await names({ search: 'no', orderDirection: 'desc' })).toEqual(['Nora', 'Noah'])
  expect(await names({ role: 'auditor' })).toEqual(['Nora'])
  expect(await names({ where: kms.project.id })).toHaveLength(3)
  expect(await names({ where: 'another' })).toEqual([])
  expect(await names({ factor: 'none', unseenDays: 90, state: 'invited' })).toHaveLength(3)
  expect(await names({ factor: 'app' })).toEqual([])
  expect(await list({ kind: 'person', search: 'ada' })).toMatchObject({
    ...{ totalCount: 1, allCount: 3, withoutFactor: 3 },
    identities: [{ factor: 'none', lastSeen: null }],
  })
  const services = await list({ kind: 'service', orderBy: 'lastSeen', orderDirection: 'desc' })
  // Who never came stands last.
  expect(services.identities.at(0)?.lastSeen).toBeInstanceOf(Date)
  expect(services.identities.at(-1)).toMatchObject({ name: 'nosy', factor: null, lastSeen: null })
})
