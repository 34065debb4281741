import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Caller, Grant } from '../src/access/authorize.ts'
import { renewToken } from '../src/access/log-in.ts'
import type { Role } from '../src/access/role-names.ts'
import type { Call } from '../src/audit/record.ts'
import type { Outcome } from '../src/refusal.ts'
import type { Services } from '../src/services.ts'
import { lawfully } from './support/authority.ts'
import { createIdentity } from './support/create-identity.ts'
import { openHttp, type Who } from './support/http-under-test.ts'
import { operationsOfSource } from './support/operations-of-source.ts'

// The same table of refusals through two doors: HTTP, and plain calls of functions. A rule that lived in a handler would be
// missing from the second.
let http: Awaited<ReturnType<typeof openHttp>>
const keyId = 'ab'.repeat(32)
let ciphertext = ''
let foreign = ''

beforeAll(async () => {
  http = await openHttp('doors')
  await http.takeIn()
  const { database } = http.server.services
  const write = lawfully(database)
  await write.insert('organisation', { id: 'else', name: 'Else' })
  await write.insert('project', { id: 'other', organisation_id: 'else', name: 'Other' })
  for (const { project: id } of many(32))
    await write.insert('project', { id, organisation_id: 'org', name: id })
  const of = (role: Role, project: string | null, organisation: string | null) =>
    createIdentity(database, { name: role, grants: [{ role, project, organisation }] }).then(http.logIn)
  http.tokens.reader = await of('auditor', 'payments', 'org')
  http.tokens.stranger = await of('user', 'other', 'else')
  http.tokens.officer = await of('crypto-officer', 'payments', 'org')
  http.tokens.chief = await of('organisation-admin', null, 'org')
  http.tokens.admin = await of('server-admin', null, null)
  const sealed = await http.post('user', '/api/v1/kms/keys/orders/encrypt', { plaintext: 'AAAA' })
  ciphertext = sealed.json().ciphertext
  const bytes = Buffer.from(ciphertext, 'base64')
  bytes[10]! ^= 1
  foreign = bytes.toString('base64')
})

afterAll(() => http.close())

const grants: Readonly<Record<Who, Grant>> = {
  user: { role: 'user', organisation: 'org', project: 'payments' },
  reader: { role: 'auditor', organisation: 'org', project: 'payments' },
  operator: { role: 'operator', organisation: null, project: null },
  stranger: { role: 'user', organisation: 'else', project: 'other' },
  officer: { role: 'crypto-officer', organisation: 'org', project: 'payments' },
  chief: { role: 'organisation-admin', organisation: 'org', project: null },
  admin: { role: 'server-admin', organisation: null, project: null },
}

const many = (count: number) =>
  Array.from(
    { length: count },
    (_, at) => ({ role: 'service', organisation: 'org', project: `p${at}` }) as const,
  )

type Case = {
  claim: string
  who: Who
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT'
  url: string
  /** JSON, or bytes as they are. */
  payload?: () => object
  direct: (services: Services, call: Call) => Promise<Outcome<unknown>>
  rule: string
  operation: string
}

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64'))
const kms = '/api/v1/kms/keys'
const fhe = `/api/v1/fhe/keys/${keyId}`
const requestId = 'cd'.repeat(16)
const shares = { t: 2, n: 3, mode: 'S' } as const
const noNetwork = { kind: 'source' as const, networks: ['nowhere'] }
const noRegistration = {
  id: 'AAAA',
  rawId: 'AAAA',
  type: 'public-key' as const,
  clientExtensionResults: {},
  response: { clientDataJSON: 'AAAA', attestationObject: 'AAAA' },
}
const everywhere = { organisation: null, project: null }
async function* none(): AsyncGenerator<Uint8Array> {}

function refused(
  operation: string,
  who: Who,
  rule: string,
  [request, payload]: readonly [string, object?],
  direct: Case['direct'],
): Case {
  const [method, url = ''] = request.split(' ')
  return {
    claim: `${operation} by ${who}`,
    operation,
    who,
    rule,
    url,
    direct,
    // Each of them begins with one.
    method: method as NonNullable<Case['method']>,
    ...(payload === undefined ? {} : { payload: () => payload }),
  }
}

const signing = { data: bytes('AAAA'), algorithm: 'ECDSA_SHA_256', isDigest: false } as const
const cases: readonly Case[] = [
  ...(['nothing', 'orders'] as const).map((id) => ({
    claim: `a key of another project is as absent: ${id}`,
    who: 'stranger' as const,
    url: `${kms}/${id}/encrypt`,
    payload: () => ({ plaintext: '' }),
    direct: ({ keys }: Services, call: Call) => keys.encrypt(call, { id, plaintext: new Uint8Array(0) }),
    rule: 'OBJECT-ABSENT',
    operation: 'key.encrypt',
  })),
  {
    claim: 'a key by name in another project is as absent',
    who: 'stranger',
    method: 'GET',
    url: `${kms}/key-name/Orders?projectId=payments`,
    direct: ({ keys }, call) => keys.getByName(call, { project: 'payments', name: 'Orders' }),
    rule: 'OBJECT-ABSENT',
    operation: 'key.read',
  },
  {
    claim: 'another project is as absent',
    who: 'stranger',
    method: 'GET',
    url: `${kms}?projectId=payments`,
    direct: ({ keys }, call) =>
      keys.list(call, {
        project: 'payments',
        page: { offset: 0, limit: 10, search: null, orderBy: 'name', orderDirection: 'asc' },
      }),
    rule: 'OBJECT-ABSENT',
    operation: 'key.list',
  },
  {
    claim: 'an auditor encrypts nothing',
    who: 'reader',
    url: `${kms}/orders/encrypt`,
    payload: () => ({ plaintext: '' }),
    direct: ({ keys }, call) => keys.encrypt(call, { id: 'orders', plaintext: new Uint8Array(0) }),
    rule: 'ROLE-REFUSED',
    operation: 'key.encrypt',
  },
  {
    claim: 'an auditor decrypts nothing',
    who: 'reader',
    url: `${kms}/orders/decrypt`,
    payload: () => ({ ciphertext }),
    direct: ({ keys }, call) => keys.decrypt(call, { id: 'orders', ciphertext: bytes(ciphertext) }),
    rule: 'ROLE-REFUSED',
    operation: 'key.decrypt',
  },
  {
    claim: 'more than the most bytes are refused',
    who: 'user',
    url: `${kms}/orders/encrypt`,
    payload: () => ({ plaintext: Buffer.alloc((1 << 20) + 1).toString('base64') }),
    direct: ({ keys }, call) =>
      keys.encrypt(call, { id: 'orders', plaintext: new Uint8Array((1 << 20) + 1) }),
    rule: 'BODY-TOO-LONG',
    operation: 'key.encrypt',
  },
  {
    claim: 'what is no ciphertext is refused',
    who: 'user',
    url: `${kms}/orders/decrypt`,
    payload: () => ({ ciphertext: 'AAAA' }),
    direct: ({ keys }, call) => keys.decrypt(call, { id: 'orders', ciphertext: bytes('AAAA') }),
    rule: 'ENVELOPE-MALFORMED',
    operation: 'key.decrypt',
  },
  {
    claim: 'a ciphertext of another key is refused',
    who: 'user',
    url: `${kms}/orders/decrypt`,
    payload: () => ({ ciphertext: foreign }),
    direct: ({ keys }, call) => keys.decrypt(call, { id: 'orders', ciphertext: bytes(foreign) }),
    rule: 'ENVELOPE-KEY',
    operation: 'key.decrypt',
  },
  {
    claim: 'other additional data is refused',
    who: 'user',
    url: `${kms}/orders/decrypt`,
    payload: () => ({ ciphertext, aad: 'AAAA' }),
    direct: ({ keys }, call) =>
      keys.decrypt(call, { id: 'orders', ciphertext: bytes(ciphertext), aad: bytes('AAAA') }),
    rule: 'ENVELOPE-TAG',
    operation: 'key.decrypt',
  },
  {
    claim: 'users see no bundles',
    who: 'user',
    method: 'GET',
    url: '/api/v1/ceremonies/bundles',
    direct: ({ bundles }, call) => bundles.list(call, { limit: 10 }),
    rule: 'ROLE-REFUSED',
    operation: 'bundle.list',
  },
  {
    claim: 'a bundle that is not here is absent',
    who: 'operator',
    method: 'GET',
    url: `/api/v1/ceremonies/bundles/${keyId}/receipt`,
    direct: ({ bundles }, call) => bundles.receipt(call, { digest: keyId }),
    rule: 'OBJECT-ABSENT',
    operation: 'bundle.receipt',
  },
  {
    claim: 'operators use no keys',
    who: 'operator',
    url: `${kms}/orders/encrypt`,
    payload: () => ({ plaintext: '' }),
    direct: ({ keys }, call) => keys.encrypt(call, { id: 'orders', plaintext: new Uint8Array(0) }),
    rule: 'OBJECT-ABSENT',
    operation: 'key.encrypt',
  },
  {
    claim: 'a threshold key that is not here is absent',
    who: 'user',
    url: `/api/v1/fhe/keys/${keyId}/decrypt-requests/${'cd'.repeat(16)}/release`,
    payload: () => ({}),
    direct: ({ threshold }, call) => threshold.release(call, { id: keyId, requestId }),
    rule: 'OBJECT-ABSENT',
    operation: 'threshold.release',
  },
  {
    claim: 'users make no keys',
    who: 'user',
    url: kms,
    payload: () => ({ projectId: 'payments', name: 'mine' }),
    direct: ({ keys }, call) => keys.create(call, { project: 'payments', name: 'mine' }),
    rule: 'ROLE-REFUSED',
    operation: 'key.create',
  },
  {
    claim: 'a key has a name of its form',
    who: 'officer',
    url: kms,
    payload: () => ({ projectId: 'payments', name: 'Not this' }),
    direct: ({ keys }, call) => keys.create(call, { project: 'payments', name: 'Not this' }),
    rule: 'KEY-NAME',
    operation: 'key.create',
  },
  {
    claim: 'a key is made for what its algorithm does',
    who: 'officer',
    url: kms,
    payload: () => ({
      projectId: 'payments',
      name: 'odd',
      keyUsage: 'sign-verify',
      algorithm: 'aes-256-gcm',
    }),
    direct: ({ keys }, call) =>
      keys.create(call, { project: 'payments', name: 'odd', usage: 'sign-verify', algorithm: 'aes-256-gcm' }),
    rule: 'KEY-USAGE',
    operation: 'key.create',
  },
  {
    claim: 'no version that is not there is the least to decrypt with',
    who: 'officer',
    method: 'PATCH',
    url: `${kms}/orders`,
    payload: () => ({ minDecryptVersion: 9 }),
    direct: ({ keys }, call) => keys.patch(call, { id: 'orders', minDecryptVersion: 9 }),
    rule: 'KEY-VERSION-ABSENT',
    operation: 'key.change',
  },
  {
    claim: 'users delete no keys',
    who: 'user',
    method: 'DELETE',
    url: `${kms}/orders`,
    direct: ({ keys }, call) => keys.delete(call, { id: 'orders' }),
    rule: 'ROLE-REFUSED',
    operation: 'key.delete',
  },
  {
    claim: 'users rotate no keys',
    who: 'user',
    url: `${kms}/orders/rotate`,
    direct: ({ keys }, call) => keys.rotate(call, { id: 'orders' }),
    rule: 'ROLE-REFUSED',
    operation: 'key.rotate',
  },
  {
    claim: 'a version that is not there has no state',
    who: 'officer',
    method: 'PATCH',
    url: `${kms}/orders/versions/9`,
    payload: () => ({ state: 'disabled' }),
    direct: ({ keys }, call) => keys.setVersionState(call, { id: 'orders', version: 9, state: 'disabled' }),
    rule: 'KEY-VERSION-ABSENT',
    operation: 'key.set-version-state',
  },
  {
    claim: 'a key that encrypts signs nothing',
    who: 'user',
    url: `${kms}/orders/sign`,
    payload: () => ({ data: 'AAAA', signingAlgorithm: 'ECDSA_SHA_256' }),
    direct: ({ keys }, call) => keys.sign(call, { id: 'orders', ...signing }),
    rule: 'KEY-USAGE',
    operation: 'key.sign',
  },
  {
    claim: 'a key that encrypts verifies no signature',
    who: 'user',
    url: `${kms}/orders/verify`,
    payload: () => ({ data: 'AAAA', signature: 'AAAA', signingAlgorithm: 'ECDSA_SHA_256' }),
    direct: ({ keys }, call) => keys.verify(call, { id: 'orders', signature: bytes('AAAA'), ...signing }),
    rule: 'KEY-USAGE',
    operation: 'key.verify',
  },
  {
    claim: 'a key that encrypts makes no MAC',
    who: 'user',
    url: `${kms}/orders/generate-mac`,
    payload: () => ({ data: 'AAAA' }),
    direct: ({ keys }, call) => keys.generateMac(call, { id: 'orders', data: bytes('AAAA') }),
    rule: 'KEY-USAGE',
    operation: 'key.generate-mac',
  },
  {
    claim: 'officers verify no MAC',
    who: 'officer',
    url: `${kms}/orders/verify-mac`,
    payload: () => ({ data: 'AAAA', mac: 'AAAA' }),
    direct: ({ keys }, call) =>
      keys.verifyMac(call, { id: 'orders', data: bytes('AAAA'), mac: bytes('AAAA') }),
    rule: 'ROLE-REFUSED',
    operation: 'key.verify-mac',
  },
  {
    claim: 'an auditor is given no data key',
    who: 'reader',
    url: `${kms}/orders/generate-data-key`,
    direct: ({ keys }, call) => keys.generateDataKey(call, { id: 'orders', spec: 'AES_256' }),
    rule: 'ROLE-REFUSED',
    operation: 'key.generate-data-key',
  },
  {
    claim: 'users make no organisations',
    who: 'user',
    url: '/api/v1/organisations',
    payload: () => ({ name: 'Mine' }),
    direct: ({ organisations }, call) => organisations.createOrganisation(call, { name: 'Mine' }),
    rule: 'ROLE-REFUSED',
    operation: 'organisation.create',
  },
  {
    claim: 'an organisation has a name that can be read',
    who: 'admin',
    url: '/api/v1/organisations',
    payload: () => ({ name: ' before it' }),
    direct: ({ organisations }, call) => organisations.createOrganisation(call, { name: ' before it' }),
    rule: 'NAME-MALFORMED',
    operation: 'organisation.create',
  },
  {
    claim: 'a role of a project does not hold everywhere',
    who: 'admin',
    url: '/api/v1/identities',
    payload: () => ({ name: 'far', grants: [{ role: 'service' }] }),
    direct: ({ organisations }, call) =>
      organisations.createIdentity(call, {
        name: 'far',
        grants: [{ role: 'service', organisation: null, project: null }],
      }),
    rule: 'GRANT-REFUSED',
    operation: 'identity.create',
  },
  {
    claim: 'a role is given once in a place',
    who: 'admin',
    url: '/api/v1/identities',
    payload: () => ({ name: 'twice', grants: [{ role: 'operator' }, { role: 'operator' }] }),
    direct: ({ organisations }, call) =>
      organisations.createIdentity(call, { name: 'twice', grants: [grants.operator, grants.operator] }),
    rule: 'GRANT-REFUSED',
    operation: 'identity.create',
  },
  {
    claim: 'officers appoint nobody',
    who: 'officer',
    url: '/api/v1/identities',
    payload: () => ({ name: 'chief', grants: [{ role: 'server-admin' }] }),
    direct: ({ organisations }, call) =>
      organisations.createIdentity(call, { name: 'chief', grants: [grants.admin] }),
    rule: 'ROLE-REFUSED',
    operation: 'identity.create',
  },
  {
    claim: 'an identity that is not here is absent',
    who: 'admin',
    url: '/api/v1/identities/nobody/revoke',
    direct: ({ organisations }, call) => organisations.revokeIdentity(call, { identity: 'nobody' }),
    rule: 'OBJECT-ABSENT',
    operation: 'identity.revoke',
  },
]

async function asked({ method = 'POST', url, payload, who }: Case) {
  if (method === 'GET') return http.get(who, url)
  if (method === 'DELETE') return http.remove(who, url)
  const body = payload?.()
  if (Buffer.isBuffer(body) || (method === 'PUT' && body === undefined)) {
    const headers = { ...http.as(who), 'content-type': 'application/octet-stream' }
    return http.server.app.inject({ method, url, headers, ...(body ? { payload: body } : {}) })
  }
  return http.post(who, url, body ?? {}, method)
}

function plainCall({ who, claim, rule }: Case): Call {
  const caller: Caller = { identity: `direct ${who}`, grants: [grants[who]] }
  return { caller, door: 'direct', reqId: `direct ${claim} ${rule}`, receipt: null }
}

async function entriesOf(reqId: string): Promise<unknown[]> {
  const rows = await http.server.services.database
    .selectFrom('audit')
    .select('entry')
    .where('req_id', '=', reqId)
    .execute()
  return rows.map(({ entry }) => JSON.parse(entry!))
}

const external = '/api/v1/external-keys'
const atAws = { projectId: 'payments', name: 'far', provider: 'aws', settings: {}, credentials: {} } as const

const provider = { kind: 'oidc', issuer: 'https://id.example', clientId: 'c' } as const
/** Of every other operation one. */
const others: readonly Case[] = [
  refused(
    'sign-on.add-provider',
    'chief',
    'ROLE-REFUSED',
    ['POST /api/v1/sign-on/providers', { name: 'corp', settings: provider }],
    ({ signOn }, call) =>
      signOn.addProvider(call, { name: 'corp', organisation: null, settings: provider, secret: null }),
  ),
  refused(
    'sign-on.add-group-role',
    'officer',
    'ROLE-REFUSED',
    ['POST /api/v1/sign-on/providers/corp/roles', { group: 'g', grant: { role: 'auditor' } }],
    ({ signOn }, call) =>
      signOn.addGroupRole(call, { provider: 'corp', group: 'g', grant: { role: 'auditor', ...everywhere } }),
  ),
  refused(
    'sign-on.remove-group-role',
    'officer',
    'SIGN-ON-PROVIDER',
    ['DELETE /api/v1/sign-on/providers/corp/roles/r'],
    ({ signOn }, call) => signOn.removeGroupRole(call, { provider: 'corp', id: 'r' }),
  ),
  ...(['make', 'revoke'] as const).map((what) =>
    refused(
      `sign-on.${what}-scim-token`,
      'chief',
      'SIGN-ON-PROVIDER',
      [`${what === 'make' ? 'POST' : 'DELETE'} /api/v1/sign-on/providers/corp/scim-token`],
      ({ signOn }, call) => signOn[`${what}ScimToken`](call, { name: 'corp' }),
    ),
  ),
  refused(
    'sign-on.require',
    'chief',
    'ROLE-REFUSED',
    ['PUT /api/v1/sign-on/required', { required: true }],
    ({ breakGlass }, call) => breakGlass.requireSignOn(call, { required: true }),
  ),
  refused(
    'person.set-break-glass',
    'chief',
    'ROLE-REFUSED',
    ['PUT /api/v1/people/nobody/break-glass', { breakGlass: true }],
    ({ breakGlass }, call) => breakGlass.setBreakGlass(call, { identity: 'nobody', on: true }),
  ),
  refused(
    'identity.log-out-everywhere',
    'officer',
    'OBJECT-ABSENT',
    ['POST /api/v1/identities/nobody/log-out'],
    ({ organisations }, call) => organisations.logOutEverywhere(call, { identity: 'nobody' }),
  ),
  refused(
    'role.give',
    'officer',
    'OBJECT-ABSENT',
    ['POST /api/v1/identities/nobody/roles', { role: 'auditor' }],
    ({ roles }, call) => roles.give(call, { identity: 'nobody', role: 'auditor', ...everywhere }),
  ),
  refused(
    'role.take',
    'officer',
    'ROLE-REFUSED',
    ['DELETE /api/v1/identities/nobody/roles?role=auditor'],
    ({ roles }, call) => roles.take(call, { identity: 'nobody', role: 'auditor', ...everywhere }),
  ),
  refused(
    'person.change-password',
    'chief',
    'OBJECT-ABSENT',
    ['POST /api/v1/auth/password/change', { password: 'a', newPassword: 'b' }],
    ({ people }, call) => people.changePassword(call, { old: 'a', password: 'b' }),
  ),
  refused(
    'sign-on.change-provider',
    'chief',
    'SIGN-ON-PROVIDER',
    ['PATCH /api/v1/sign-on/providers/corp', { clientSecret: 'next' }],
    ({ signOn }, call) => signOn.changeProvider(call, { name: 'corp', settings: {}, secret: 'next' }),
  ),
  refused(
    'sign-on.remove-provider',
    'chief',
    'SIGN-ON-PROVIDER',
    ['DELETE /api/v1/sign-on/providers/corp'],
    ({ signOn }, call) => signOn.removeProvider(call, { name: 'corp' }),
  ),
  ...(['approve', 'refuse'] as const).map((verb) =>
    refused(
      `approval.${verb}`,
      'officer',
      'OBJECT-ABSENT',
      [`POST /api/v1/approval-requests/none/${verb}`],
      ({ approvals }, call) => approvals[verb](call, { id: 'none' }),
    ),
  ),
  refused(
    'project.rotate-kek',
    'user',
    'ROLE-REFUSED',
    ['POST /api/v1/projects/payments/rotate-kek'],
    ({ rotation }, call) => rotation.rotateProject(call, { project: 'payments' }),
  ),
  refused(
    'organisation.rotate-kek',
    'stranger',
    'OBJECT-ABSENT',
    ['POST /api/v1/organisations/org/rotate-kek'],
    ({ rotation }, call) => rotation.rotateOrganisation(call, { organisation: 'org' }),
  ),
  refused('root.rotate', 'chief', 'ROLE-REFUSED', ['POST /api/v1/root/rotate'], ({ rotation }, call) =>
    rotation.rotateRoot(call, {}),
  ),
  refused('key.versions', 'stranger', 'OBJECT-ABSENT', [`GET ${kms}/orders/versions`], ({ keys }, call) =>
    keys.versions(call, { id: 'orders' }),
  ),
  refused(
    'key.cancel-deletion',
    'user',
    'ROLE-REFUSED',
    [`POST ${kms}/orders/cancel-deletion`],
    ({ keys }, call) => keys.cancelDeletion(call, { id: 'orders' }),
  ),
  refused(
    'key.plan-request',
    'user',
    'KEY-USAGE',
    [`GET ${kms}/orders/plan-request`],
    ({ lifecycle }, call) => lifecycle.planRequest(call, { id: 'orders' }),
  ),
  refused('key.public-key', 'user', 'KEY-USAGE', [`GET ${kms}/orders/public-key`], ({ keys }, call) =>
    keys.publicKey(call, { id: 'orders' }),
  ),
  refused(
    'key.signing-algorithms',
    'user',
    'KEY-USAGE',
    [`GET ${kms}/orders/signing-algorithms`],
    ({ keys }, call) => keys.signingAlgorithms(call, { id: 'orders' }),
  ),
  refused(
    'key.rewrap',
    'reader',
    'ROLE-REFUSED',
    [`POST ${kms}/orders/rewrap`, { ciphertext: 'AAAA' }],
    ({ keys }, call) => keys.rewrap(call, { id: 'orders', ciphertext: bytes('AAAA') }),
  ),
  refused(
    'key.encrypt-batch',
    'reader',
    'ROLE-REFUSED',
    [`POST ${kms}/orders/encrypt-batch`, { items: [{ plaintext: '' }] }],
    ({ keys }, call) => keys.encryptBatch(call, { id: 'orders', items: [{ plaintext: bytes('') }] }),
  ),
  refused(
    'key.decrypt-batch',
    'reader',
    'ROLE-REFUSED',
    [`POST ${kms}/orders/decrypt-batch`, { items: [{ ciphertext: 'AAAA' }] }],
    ({ keys }, call) => keys.decryptBatch(call, { id: 'orders', items: [{ ciphertext: bytes('AAAA') }] }),
  ),
  refused(
    'key.rewrap-batch',
    'reader',
    'ROLE-REFUSED',
    [`POST ${kms}/orders/rewrap-batch`, { items: [{ ciphertext: 'AAAA' }] }],
    ({ keys }, call) => keys.rewrapBatch(call, { id: 'orders', items: [{ ciphertext: bytes('AAAA') }] }),
  ),
  refused(
    'key.sign-batch',
    'user',
    'KEY-USAGE',
    [`POST ${kms}/orders/sign-batch`, { items: [{ data: 'AAAA', signingAlgorithm: signing.algorithm }] }],
    ({ keys }, call) => keys.signBatch(call, { id: 'orders', items: [signing] }),
  ),
  refused(
    'key.wrapping-key',
    'user',
    'ROLE-REFUSED',
    ['POST /api/v1/kms/import-keys', { projectId: 'payments' }],
    ({ lifecycle }, call) => lifecycle.wrappingKey(call, { project: 'payments' }),
  ),
  refused(
    'key.import',
    'officer',
    'IMPORT-KEY-ABSENT',
    [`POST ${kms}/import`, { importKeyId: 'none', name: 'n', algorithm: 'HMAC_256', wrappedKey: 'AAAA' }],
    ({ lifecycle }, call) =>
      lifecycle.importKey(call, {
        importKey: 'none',
        name: 'n',
        algorithm: 'HMAC_256',
        wrapped: bytes('AAAA'),
      }),
  ),
  refused(
    'key.export',
    'user',
    'ROLE-REFUSED',
    [`POST ${kms}/orders/export`, { publicKey: 'AAAA' }],
    ({ lifecycle }, call) => lifecycle.exportKey(call, { id: 'orders', to: bytes('AAAA') }),
  ),
  refused(
    'key.export',
    'officer',
    'KEY-NOT-EXPORTABLE',
    [`POST ${kms}/orders/export`, { publicKey: 'AAAA' }],
    ({ lifecycle }, call) => lifecycle.exportKey(call, { id: 'orders', to: bytes('AAAA') }),
  ),
  refused(
    'key.shred',
    'user',
    'ROLE-REFUSED',
    [`POST ${kms}/orders/shred`, { confirmName: 'Orders' }],
    ({ lifecycle }, call) => lifecycle.shred(call, { id: 'orders', confirm: 'Orders' }),
  ),
  refused(
    'key.request-ceremony',
    'officer',
    'REQUEST-FIELDS',
    [`POST ${kms}`, { projectId: 'payments', name: 'votes', algorithm: 'TFHE_INTEGER' }],
    ({ lifecycle }, call) =>
      lifecycle.requestCeremony(call, { project: 'payments', name: 'votes', algorithm: 'TFHE_INTEGER' }),
  ),
  refused(
    'key.request-ceremony',
    'officer',
    'KEY-USAGE',
    [
      `POST ${kms}`,
      {
        projectId: 'payments',
        name: 'votes',
        algorithm: 'TFHE_INTEGER',
        threshold: shares,
        keyUsage: 'sign-verify',
      },
    ],
    ({ lifecycle }, call) =>
      lifecycle.requestCeremony(call, {
        project: 'payments',
        name: 'votes',
        algorithm: 'TFHE_INTEGER',
        threshold: shares,
        usage: 'sign-verify',
      }),
  ),
  refused(
    'key.create',
    'officer',
    'KEY-USAGE',
    [`POST ${kms}`, { projectId: 'payments', name: 'votes', threshold: shares }],
    ({ keys }, call) => keys.create(call, { project: 'payments', name: 'votes', threshold: shares }),
  ),
  refused(
    'bundle.import',
    'user',
    'ROLE-REFUSED',
    ['POST /api/v1/ceremonies/bundles', Buffer.from('zip')],
    ({ bundles }, call) => bundles.take(call, { bundle: none() }),
  ),
  refused(
    'bundle.read',
    'user',
    'ROLE-REFUSED',
    [`GET /api/v1/ceremonies/bundles/${keyId}`],
    ({ bundles }, call) => bundles.get(call, { digest: keyId }),
  ),
  refused(
    'project.create',
    'admin',
    'ROLE-REFUSED',
    ['POST /api/v1/projects', { organisationId: 'org', name: 'Mine' }],
    ({ organisations }, call) => organisations.createProject(call, { organisation: 'org', name: 'Mine' }),
  ),
  refused(
    'project.list',
    'stranger',
    'OBJECT-ABSENT',
    ['GET /api/v1/projects?organisationId=org'],
    ({ organisations }, call) => organisations.listProjects(call, { organisation: 'org' }),
  ),
  refused(
    'organisation.read-parents',
    'stranger',
    'OBJECT-ABSENT',
    ['GET /api/v1/organisations/org/parents'],
    ({ organisations }, call) => organisations.readParents(call, { organisation: 'org' }),
  ),
  refused(
    'person.invite',
    'user',
    'ROLE-REFUSED',
    [
      'POST /api/v1/people',
      {
        username: 'eve',
        name: 'Eve',
        grants: [{ role: 'service', organisationId: 'org', projectId: 'payments' }],
      },
    ],
    ({ people }, call) =>
      people.invite(call, { username: 'eve', name: 'Eve', grants: [{ ...grants.user, role: 'service' }] }),
  ),
  refused(
    'person.reset',
    'admin',
    'OBJECT-ABSENT',
    ['POST /api/v1/people/nobody/reset'],
    ({ people }, call) => people.reset(call, { identity: 'nobody' }),
  ),
  refused(
    'authenticator.begin',
    'user',
    'WEBAUTHN-ORIGIN',
    ['POST /api/v1/authenticators/challenge'],
    ({ authenticators }, call) => authenticators.begin(call, {}),
  ),
  refused(
    'authenticator.add',
    'user',
    'NAME-MALFORMED',
    ['POST /api/v1/authenticators', { name: ' ', response: noRegistration }],
    ({ authenticators }, call) => authenticators.add(call, { name: ' ', response: noRegistration }),
  ),
  refused(
    'authenticator.remove',
    'user',
    'OBJECT-ABSENT',
    ['DELETE /api/v1/authenticators/none'],
    ({ authenticators }, call) => authenticators.remove(call, { id: 'none' }),
  ),
  refused(
    'alert.read',
    'stranger',
    'OBJECT-ABSENT',
    ['GET /api/v1/organisations/org/alerts'],
    ({ alerts }, call) => alerts.read(call, { organisation: 'org' }),
  ),
  refused(
    'alert.add-rule',
    'chief',
    'CONDITION-MALFORMED',
    ['POST /api/v1/organisations/org/alert-rules', { rule: noNetwork }],
    ({ alerts }, call) => alerts.addRule(call, { organisation: 'org', rule: noNetwork }),
  ),
  refused(
    'alert.remove-rule',
    'chief',
    'OBJECT-ABSENT',
    ['DELETE /api/v1/organisations/org/alert-rules/none'],
    ({ alerts }, call) => alerts.removeRule(call, { organisation: 'org', id: 'none' }),
  ),
  refused(
    'webhook.add',
    'chief',
    'PROVIDER-ADDRESS',
    ['POST /api/v1/organisations/org/webhooks', { name: 'w', url: 'file:///etc/passwd' }],
    ({ alerts }, call) =>
      alerts.addWebhook(call, { organisation: 'org', name: 'w', url: 'file:///etc/passwd' }),
  ),
  refused(
    'webhook.remove',
    'chief',
    'OBJECT-ABSENT',
    ['DELETE /api/v1/organisations/org/webhooks/none'],
    ({ alerts }, call) => alerts.removeWebhook(call, { organisation: 'org', id: 'none' }),
  ),
  refused(
    'webhook.test',
    'chief',
    'OBJECT-ABSENT',
    ['POST /api/v1/organisations/org/webhooks/none/test'],
    ({ alerts }, call) => alerts.testWebhook(call, { organisation: 'org', id: 'none' }),
  ),
  refused(
    'access.list',
    'officer',
    'OBJECT-ABSENT',
    ['GET /api/v1/access?organisationId=org'],
    ({ reviews }, call) => reviews.list(call, { organisation: 'org' }),
  ),
  refused(
    'access.review',
    'chief',
    'ACCESS-CHANGED',
    ['POST /api/v1/access-reviews', { organisationId: 'org', digest: 'a'.repeat(64) }],
    ({ reviews }, call) => reviews.signOff(call, { organisation: 'org', digest: 'a'.repeat(64) }),
  ),
  refused(
    'access.list-reviews',
    'chief',
    'ROLE-REFUSED',
    ['GET /api/v1/access-reviews'],
    ({ reviews }, call) => reviews.reviews(call, { organisation: null }),
  ),
  refused(
    'credential.list',
    'user',
    'OBJECT-ABSENT',
    ['GET /api/v1/identities/nobody/credentials'],
    ({ credentials }, call) => credentials.list(call, { identity: 'nobody' }),
  ),
  refused(
    'credential.add-secret',
    'user',
    'OBJECT-ABSENT',
    ['POST /api/v1/identities/nobody/client-secrets'],
    ({ credentials }, call) => credentials.addSecret(call, { identity: 'nobody' }),
  ),
  refused(
    'credential.add-api-key',
    'user',
    'OBJECT-ABSENT',
    ['POST /api/v1/identities/nobody/api-keys', { name: 'n', ttlSeconds: 60 }],
    ({ credentials }, call) => credentials.addApiKey(call, { identity: 'nobody', name: 'n', ttlSeconds: 60 }),
  ),
  refused(
    'credential.rotate-api-key',
    'user',
    'OBJECT-ABSENT',
    ['POST /api/v1/identities/nobody/api-keys/one/rotate'],
    ({ credentials }, call) => credentials.rotateApiKey(call, { identity: 'nobody', id: 'one' }),
  ),
  refused(
    'credential.revoke',
    'user',
    'OBJECT-ABSENT',
    ['DELETE /api/v1/identities/nobody/credentials/one'],
    ({ credentials }, call) => credentials.revoke(call, { identity: 'nobody', id: 'one' }),
  ),
  refused(
    'identity.renew-token',
    'user',
    'ACCESS-REFUSED',
    ['POST /api/v1/auth/token/renew', { accessToken: 'another' }],
    (services, call) => renewToken(services, call, { accessToken: 'another', bearer: 'own' }),
  ),
  refused(
    'audit.redeem',
    'user',
    'OBJECT-ABSENT',
    ['GET /api/v1/audit/receipts?reqId=none'],
    ({ auditLog }, call) => auditLog.redeem(call, { reqId: 'none' }),
  ),
  refused('audit.query', 'user', 'ROLE-REFUSED', ['GET /api/v1/audit'], ({ auditLog }, call) =>
    auditLog.query(call, { limit: 1 }),
  ),
  refused('audit.export', 'user', 'ROLE-REFUSED', ['GET /api/v1/audit/export'], ({ auditLog }, call) =>
    auditLog.export(call, {}),
  ),
  refused('audit.usage', 'user', 'ROLE-REFUSED', ['GET /api/v1/audit/usage'], ({ auditLog }, call) =>
    auditLog.usage(call, {}),
  ),
  refused('audit.log', 'user', 'ROLE-REFUSED', ['GET /api/v1/audit/log'], ({ auditLog }, call) =>
    auditLog.log(call, {}),
  ),
  refused('audit.days', 'user', 'ROLE-REFUSED', ['GET /api/v1/audit/days'], ({ auditLog }, call) =>
    auditLog.days(call, {}),
  ),
  refused(
    'audit.verify',
    'user',
    'ROLE-REFUSED',
    ['POST /api/v1/audit/verification', {}],
    ({ auditLog }, call) => auditLog.verify(call, {}),
  ),
  refused(
    'compliance.report',
    'user',
    'ROLE-REFUSED',
    ['GET /api/v1/compliance/reports/soc2'],
    ({ compliance }, call) => compliance.report(call, { framework: 'soc2' }),
  ),
  refused(
    'audit.checkpoint',
    'user',
    'ROLE-REFUSED',
    ['GET /api/v1/audit/checkpoints/latest'],
    ({ auditLog }, call) => auditLog.latestCheckpoint(call, {}),
  ),
  refused('threshold.read', 'user', 'OBJECT-ABSENT', [`GET ${fhe}`], ({ threshold }, call) =>
    threshold.get(call, { id: keyId }),
  ),
  refused(
    'threshold.public-part',
    'user',
    'OBJECT-ABSENT',
    [`GET ${fhe}/server-key`],
    ({ threshold }, call) => threshold.publicPart(call, { id: keyId, part: 'serverKey' }),
  ),
  refused('threshold.read-room', 'user', 'ROLE-REFUSED', ['GET /api/v1/fhe/room'], ({ threshold }, call) =>
    threshold.rooms(call, {}),
  ),
  refused(
    'threshold.limit-key',
    'admin',
    'OBJECT-ABSENT',
    [`PUT /api/v1/fhe/room/keys/${keyId}`, { bytes: 1 }],
    ({ threshold }, call) => threshold.limitKey(call, { id: keyId, bytes: 1 }),
  ),
  refused(
    'threshold.limit-organisation',
    'chief',
    'ROLE-REFUSED',
    ['PUT /api/v1/fhe/room/organisations/org', { bytes: 1 }],
    ({ threshold }, call) => threshold.limitOrganisation(call, { organisation: 'org', bytes: 1 }),
  ),
  refused(
    'threshold.keep-ciphertext',
    'user',
    'OBJECT-ABSENT',
    [`PUT ${fhe}/ciphertexts/${keyId}`, Buffer.from('c')],
    ({ threshold }, call) => threshold.keepCiphertext(call, { id: keyId, sha256: keyId, ciphertext: none() }),
  ),
  refused(
    'threshold.read-ciphertext',
    'user',
    'OBJECT-ABSENT',
    [`GET ${fhe}/ciphertexts/${keyId}`],
    ({ threshold }, call) => threshold.ciphertext(call, { id: keyId, sha256: keyId }),
  ),
  refused(
    'threshold.list-requests',
    'user',
    'OBJECT-ABSENT',
    [`GET ${fhe}/decrypt-requests`],
    ({ threshold }, call) => threshold.requests(call, { id: keyId }),
  ),
  refused(
    'threshold.read-request',
    'user',
    'OBJECT-ABSENT',
    [`GET ${fhe}/decrypt-requests/${requestId}`],
    ({ threshold }, call) => threshold.request(call, { id: keyId, requestId }),
  ),
  refused(
    'threshold.read-result',
    'user',
    'OBJECT-ABSENT',
    [`GET ${fhe}/decrypt-requests/${requestId}/result`],
    ({ threshold }, call) => threshold.result(call, { id: keyId, requestId }),
  ),
  refused(
    'kmip-client.register',
    'user',
    'ROLE-REFUSED',
    [
      'POST /api/v1/kmip-clients',
      { projectId: 'payments', identityId: 'nobody', name: 'disk', certificate: 'AAAA' },
    ],
    ({ kmipRegistry }, call) =>
      kmipRegistry.register(call, {
        project: 'payments',
        identity: 'nobody',
        name: 'disk',
        certificate: 'AAAA',
      }),
  ),
  refused(
    'kmip-client.list',
    'user',
    'ROLE-REFUSED',
    ['GET /api/v1/kmip-clients?projectId=payments'],
    ({ kmipRegistry }, call) => kmipRegistry.list(call, { project: 'payments' }),
  ),
  refused(
    'kmip-client.revoke',
    'chief',
    'KMIP-CLIENT-ABSENT',
    [`POST /api/v1/kmip-clients/${keyId}/revoke`],
    ({ kmipRegistry }, call) => kmipRegistry.revoke(call, { fingerprint: keyId }),
  ),
  refused('external-key.create', 'user', 'ROLE-REFUSED', [`POST ${external}`, atAws], (services, call) =>
    services.external.create(call, { project: 'payments', ...atAws }),
  ),
  refused(
    'external-key.create',
    'officer',
    'PROVIDER-SETTINGS',
    [`POST ${external}`, atAws],
    (services, call) => services.external.create(call, { project: 'payments', ...atAws }),
  ),
  refused(
    'external-key.list',
    'stranger',
    'OBJECT-ABSENT',
    [`GET ${external}?projectId=payments`],
    (services, call) => services.external.list(call, { project: 'payments' }),
  ),
  refused('external-key.read', 'user', 'OBJECT-ABSENT', [`GET ${external}/none`], (services, call) =>
    services.external.get(call, { id: 'none' }),
  ),
  refused(
    'external-key.change-credentials',
    'user',
    'OBJECT-ABSENT',
    [`PATCH ${external}/none`, { credentials: {} }],
    (services, call) => services.external.changeCredentials(call, { id: 'none', credentials: {} }),
  ),
  refused('external-key.remove', 'user', 'OBJECT-ABSENT', [`DELETE ${external}/none`], (services, call) =>
    services.external.remove(call, { id: 'none', confirm: 'none' }),
  ),
  refused('external-key.test', 'user', 'OBJECT-ABSENT', [`POST ${external}/none/test`], (services, call) =>
    services.external.test(call, { id: 'none' }),
  ),
  refused(
    'external-key.encrypt',
    'user',
    'OBJECT-ABSENT',
    [`POST ${external}/none/encrypt`, { plaintext: 'AAAA' }],
    (services, call) => services.external.encrypt(call, { id: 'none', plaintext: bytes('AAAA') }),
  ),
  refused(
    'external-key.decrypt',
    'user',
    'OBJECT-ABSENT',
    [`POST ${external}/none/decrypt`, { ciphertext: 'AAAA' }],
    (services, call) => services.external.decrypt(call, { id: 'none', ciphertext: bytes('AAAA') }),
  ),
  refused(
    'external-key.generate-data-key',
    'user',
    'OBJECT-ABSENT',
    [`POST ${external}/none/generate-data-key`, {}],
    (services, call) => services.external.generateDataKey(call, { id: 'none', spec: 'AES_256' }),
  ),
  refused(
    'external-key.sign',
    'user',
    'OBJECT-ABSENT',
    [`POST ${external}/none/sign`, { data: 'AAAA', signingAlgorithm: signing.algorithm }],
    (services, call) => services.external.sign(call, { id: 'none', ...signing }),
  ),
  refused(
    'external-key.rotate',
    'user',
    'OBJECT-ABSENT',
    [`POST ${external}/none/rotate`],
    (services, call) => services.external.rotate(call, { id: 'none' }),
  ),
  refused(
    'external-key.import',
    'officer',
    'OBJECT-ABSENT',
    [`POST ${external}/none/import`, { importedKeyId: 'orders' }],
    (services, call) => services.external.importKey(call, { id: 'none', key: 'orders' }),
  ),
]

/** Operations that have no refusal by these two doors. */
const elsewhere: Readonly<Record<string, string>> = {
  'deployment.set-up': 'nobody is known before it: access/people.flow.test.ts',
  'identity.log-in': 'nobody is known before it: access/people.flow.test.ts',
  'person.log-in': 'nobody is known before it: access/people.flow.test.ts',
  'person.begin-enrolment': 'nobody is known before it: access/people.flow.test.ts',
  'person.enrol': 'nobody is known before it: access/people.flow.test.ts',
  'authenticator.list': 'refuses nobody, and gives the caller’s own',
  'organisation.list': 'refuses nobody, and gives what the caller sees',
  ...Object.fromEntries(
    ['create', 'read', 'replace', 'patch', 'delete']
      .flatMap((what) => [`scim.${what}-user`, `scim.${what}-group`])
      .concat(['scim.list-users', 'scim.list-groups'])
      .map((name) => [name, 'by a provider’s own token alone: sign-on/scim.flow.test.ts']),
  ),
  'person.log-in-break-glass': 'as person.log-in: access/break-glass.flow.test.ts',
  'sign-on.list-providers': 'refuses nobody, and gives what the caller governs',
  'sign-on.log-in': 'its answer comes from a provider: sign-on/oidc.flow.test.ts',
  'sign-on.take-token': 'refuses before it is known who asks: sign-on/oidc.flow.test.ts',
  ...Object.fromEntries(
    ['approval.ask-officers', 'approval.override', 'approval.stop-override'].map((name) => [
      name,
      'officers sign it: access/override.flow.test.ts',
    ]),
  ),
  ...Object.fromEntries(
    ['workload.log-in', 'workload-rule.add', 'workload-rule.end', 'workload-rule.list']
      .concat(['identity.end-token', 'identity.read-token'])
      .map((name) => [name, 'of a workload and its token: sign-on/workloads.flow.test.ts']),
  ),
  'metrics.read': 'HTTP alone: http/operations.flow.test.ts',
  'identity.read-own': 'nobody is refused himself: access/session.flow.test.ts',
  'person.prove-anew': 'of a session of the console: access/session.flow.test.ts',
  'person.log-out': 'of a session of the console: access/session.flow.test.ts',
  'project.let-plain-keys': 'commands alone: commands/audited.flow.test.ts',
  'root.destroy': 'commands alone: commands/audited.flow.test.ts',
  'threshold.ask': 'its document is checked first: fhe/threshold.flow.test.ts',
  'threshold.answer': 'its document is checked first: fhe/threshold.flow.test.ts',
  'key.destroy-due': 'by the clock alone: keys/kms.flow.test.ts',
  'threshold.expire': 'by the clock alone: fhe/endings.flow.test.ts',
  'threshold.drop-result': 'by the clock alone: fhe/endings.flow.test.ts',
  'threshold.remove-ciphertext': 'by the clock alone: fhe/endings.flow.test.ts',
  'key.activate': 'KMIP alone: kmip/answer.test.ts',
  'key.destroy': 'KMIP alone: kmip/answer.test.ts',
  'key.export-plain': 'KMIP alone: kmip/answer.test.ts',
  'key.export-wrapped': 'KMIP alone: kmip/answer.test.ts',
  'key.register': 'KMIP alone: kmip/answer.test.ts',
  'key.replace': 'KMIP alone: kmip/answer.test.ts',
  'key.revoke': 'KMIP alone: kmip/answer.test.ts',
  'project.read': 'KMIP alone: kmip/server.flow.test.ts',
  random: 'KMIP alone: kmip/answer.test.ts',
}

test('DOOR-03 every operation of the source is in the table of refusals, or named with where it is tried', async () => {
  const found = await operationsOfSource()
  const tried = new Set([...cases, ...others, ...limits].map(({ operation }) => operation))
  expect([...tried].filter((name) => name in elsewhere)).toEqual([])
  expect([...found].toSorted()).toEqual([...tried, ...Object.keys(elsewhere)].toSorted())
})

test.each([...cases, ...others])(
  'DOOR-01 $claim ($rule), by HTTP and by a plain call, each in the audit once',
  async (one) => {
    const { app, services } = http.server
    const { rule, operation } = one
    const reply = await asked(one)
    expect(reply.json()).toMatchObject({ code: rule })
    expect(reply.headers['audit-receipt']).toMatch(/^v1;/)

    const call = plainCall(one)
    expect(await one.direct(services, call)).toMatchObject({ ok: false, rule })
    expect(call.receipt).toMatchObject({ writer: services.audit.id })

    for (const [door, reqId] of [
      ['http', reply.headers['x-request-id']],
      ['direct', call.reqId],
    ] as const) {
      expect(await entriesOf(String(reqId))).toMatchObject([{ door, operation, outcome: rule }])
    }
    expect(app.server.listening).toBe(false)
  },
)

const page = { offset: 0, search: null, orderBy: 'name', orderDirection: 'asc' } as const
const listed = (limit: number): Omit<Case, 'claim'> => ({
  who: 'user',
  method: 'GET',
  url: `${kms}?projectId=payments&limit=${limit}`,
  direct: ({ keys }, call) => keys.list(call, { project: 'payments', page: { ...page, limit } }),
  rule: 'REQUEST-FIELDS',
  operation: 'key.list',
})
const appointed = (count: number, ttlSeconds: number): Omit<Case, 'claim'> => ({
  who: 'chief',
  url: '/api/v1/identities',
  payload: () => ({
    name: 'n',
    grants: many(count).map(({ role, organisation, project }) => ({
      role,
      organisationId: organisation,
      projectId: project,
    })),
    tokenTtlSeconds: ttlSeconds,
  }),
  direct: ({ organisations }, call) =>
    organisations.createIdentity(call, { name: 'n', grants: many(count), ttlSeconds }),
  rule: 'REQUEST-FIELDS',
  operation: 'identity.create',
})
const limits: readonly Case[] = [
  {
    claim: 'a list of identities has 100 of them at most',
    who: 'chief',
    method: 'GET',
    url: '/api/v1/identities?limit=101',
    direct: ({ organisations }, call) => organisations.listIdentities(call, { offset: 0, limit: 101 }),
    rule: 'REQUEST-FIELDS',
    operation: 'identity.list',
  },
  { claim: 'tokens live a minute at least', ...appointed(1, 59) },
  { claim: 'tokens live a year at most', ...appointed(1, 31_536_001) },
  { claim: 'tokens live whole seconds', ...appointed(1, 60.5) },
  { claim: 'an identity has 32 roles at most', ...appointed(33, 60) },
  { claim: 'a list has a row at least', ...listed(0) },
  { claim: 'a list has 100 rows at most', ...listed(101) },
  {
    claim: 'a search has 64 characters at most',
    ...listed(1),
    url: `${kms}?projectId=payments&search=${'a'.repeat(65)}`,
    direct: ({ keys }, call) =>
      keys.list(call, { project: 'payments', page: { ...page, limit: 1, search: 'a'.repeat(65) } }),
  },
  {
    claim: 'a new key has 500 characters of description at most',
    who: 'officer',
    url: kms,
    payload: () => ({ projectId: 'payments', name: 'long', description: '\n'.repeat(501) }),
    direct: ({ keys }, call) =>
      keys.create(call, { project: 'payments', name: 'long', description: '\n'.repeat(501) }),
    rule: 'REQUEST-FIELDS',
    operation: 'key.create',
  },
  {
    claim: 'a key is given 500 characters of description at most',
    who: 'officer',
    method: 'PATCH',
    url: `${kms}/orders`,
    payload: () => ({ description: '\u{1F511}'.repeat(501) }),
    direct: ({ keys }, call) => keys.patch(call, { id: 'orders', description: '\u{1F511}'.repeat(501) }),
    rule: 'REQUEST-FIELDS',
    operation: 'key.change',
  },
  {
    claim: 'a list of bundles has 100 rows at most',
    who: 'operator',
    method: 'GET',
    url: '/api/v1/ceremonies/bundles?limit=101',
    direct: ({ bundles }, call) => bundles.list(call, { limit: 101 }),
    rule: 'REQUEST-FIELDS',
    operation: 'bundle.list',
  },
  {
    claim: 'a list of requests for approval has 100 rows at most',
    who: 'user',
    method: 'GET',
    url: '/api/v1/approval-requests?limit=101',
    direct: ({ approvals }, call) => approvals.list(call, { offset: 0, limit: 101 }),
    rule: 'REQUEST-FIELDS',
    operation: 'approval.list',
  },
  {
    claim: 'a list of threshold keys has 100 rows at most',
    who: 'user',
    method: 'GET',
    url: '/api/v1/fhe/keys?limit=101',
    direct: ({ threshold }, call) => threshold.list(call, { limit: 101 }),
    rule: 'REQUEST-FIELDS',
    operation: 'threshold.list',
  },
]

test.each(limits)(
  'DOOR-02 $claim: HTTP refuses it at the schema, a plain call in the operation, by one rule, in the audit once',
  async (one) => {
    const { rule, operation } = one
    expect((await asked(one)).json()).toMatchObject({ code: rule })
    const call = plainCall(one)
    expect(await one.direct(http.server.services, call)).toMatchObject({ ok: false, rule })
    expect(await entriesOf(call.reqId)).toMatchObject([{ door: 'direct', operation, outcome: rule }])
  },
)

test('DOOR-02 what is just within the limits passes both doors', async () => {
  const { services } = http.server
  const description = '\u{1F511}'.repeat(500)
  for (const one of [
    { claim: 'least', ...appointed(1, 60) },
    { claim: 'most', ...appointed(32, 31_536_000) },
    { claim: 'one', ...listed(1) },
    { claim: 'all', ...listed(100) },
    {
      claim: 'described',
      who: 'officer' as const,
      method: 'PATCH' as const,
      url: `${kms}/orders`,
      payload: () => ({ description }),
      direct: ({ keys }: Services, call: Call) => keys.patch(call, { id: 'orders', description }),
      rule: 'ok',
      operation: 'key.change',
    },
  ]) {
    expect([one.claim, (await asked(one)).statusCode]).toEqual([one.claim, 200])
    expect(await one.direct(services, plainCall(one))).toMatchObject({ ok: true })
  }
})

test('SETUP-02 a wrong set-up code is refused alike by both doors', async () => {
  const given = { code: 'wrong', name: 'Ada' }
  const reply = await http.post('user', '/api/v1/setup', given)
  expect(reply.json()).toMatchObject({ code: 'SETUP-REFUSED' })
  const { organisations } = http.server.services
  expect(await organisations.setUp(given, { door: 'direct', reqId: 'set up', source: 'here' })).toMatchObject(
    {
      ok: false,
      rule: 'SETUP-REFUSED',
    },
  )
})

test('AUDIT-02 inputs and outputs are in the log as keyed hashes: the same input the same, and no plain SHA-256 of it', async () => {
  const caller: Caller = { identity: 'hashes', grants: [grants.user] }
  const entries = []
  for (const reqId of ['hash 1', 'hash 2']) {
    const call: Call = { caller, door: 'direct', reqId, receipt: null }
    const done = await http.server.services.keys.encrypt(call, { id: 'orders', plaintext: bytes('c2VjcmV0') })
    expect(done.ok).toBe(true)
    const { entry } = await http.server.services.database
      .selectFrom('audit')
      .select('entry')
      .where('req_id', '=', reqId)
      .executeTakeFirstOrThrow()
    entries.push(JSON.parse(entry!))
  }
  const [one, two] = entries
  expect(one).toMatchObject({
    outcome: 'ok',
    key: 'orders',
    version: 1,
    project: 'payments',
    organisation: 'org',
  })
  expect(one.input).toMatch(/^[0-9a-f]{64}$/)
  expect(one.input).toBe(two.input)
  expect(one.output).not.toBe(two.output)
  expect(one.input).not.toBe(createHash('sha256').update('secret').digest('hex'))
})
