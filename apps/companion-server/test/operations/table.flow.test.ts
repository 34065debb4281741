import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Grant } from '../../src/access/authorize.ts'
import { hashSecret } from '../../src/access/tokens.ts'
import { apiDocument } from '../../src/api-document.ts'
import { enumerations, type NameOf } from '../../src/doors/kmip/codec/enumerations.ts'
import { byteString, enumeration, integer, structure, textString } from '../../src/doors/kmip/codec/fields.ts'
import { encodeItem, type Item } from '../../src/doors/kmip/codec/ttlv.ts'
import { writeRequest } from '../../src/doors/kmip/message/request.ts'
import type { awsMembers, vaultMembers } from '../../src/doors/members.ts'
import { authorizationOf, signingTime } from '../../src/external-kms/sigv4.ts'
import { entries as entriesOfTables } from '../../src/operations/tables.ts'
import { refuse } from '../../src/refusal.ts'
import { bareHeader } from '../doors/kmip/support/bare-header.ts'
import { lawfully } from '../support/authority.ts'
import { createIdentity } from '../support/create-identity.ts'
import { openKms } from '../support/kms-under-test.ts'

/** Every operation of the table by every door that maps it: the order holds. */
let kms: Awaited<ReturnType<typeof openKms>>
const entries = entriesOfTables()
const who = ['able', 'auditor', 'waiting', 'nobody'] as const
type Who = (typeof who)[number]
const tokens: Record<Who, string> = { able: '', auditor: '', waiting: '', nobody: '' }
const awsKeys: Partial<Record<Who, { accessKeyId: string; secretAccessKey: string }>> = {}
const at = { box: '', pair: '', mac: '', far: 'far', object: '', unused: '' }
let spki = ''

type Reply = {
  readonly status: number
  readonly body: string
  readonly reqId: string
  readonly again: boolean
}
/** `operation`: what the audit enters. */
type Ask = { readonly operation: string; readonly by: (who: Who, name?: string) => Promise<Reply> }

beforeAll(async () => {
  kms = await openKms()
  const { database } = kms.server.services
  const place = { organisation: kms.organisation.id, project: kms.project.id }
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 3072 })
  spki = publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  const of = async (name: Who, grants: readonly Grant[]) => {
    const { identity, clientId, clientSecret } = await createIdentity(database, { name, grants })
    const payload = { clientId, clientSecret }
    const url = '/api/v1/auth/universal-auth/login'
    tokens[name] = (await kms.server.app.inject({ method: 'POST', url, payload })).json().accessToken
    const self = { caller: { identity, grants: [] }, door: 'direct', reqId: 't', receipt: null } as const
    const wanted = { identity, name: 'aws', ttlSeconds: 3600 }
    const made = await kms.server.services.credentials.addApiKey({ ...self }, wanted)
    if (made.ok) awsKeys[name] = made.value.aws
    return identity
  }
  const auditor = await of('auditor', [{ role: 'auditor', ...place }])
  const conditions = { approvals: { count: 1, by: [auditor], services: true as const } }
  const roles = ['crypto-officer', 'service'] as const
  await of(
    'able',
    roles.map((role) => ({ role, ...place })),
  )
  await of(
    'waiting',
    roles.map((role) => ({ role, ...place, conditions })),
  )
  at.box = await kms.make('box', { isExportable: true })
  at.pair = await kms.make('pair', { keyUsage: 'sign-verify', algorithm: 'ECC_NIST_P256' })
  at.mac = await kms.make('mac', { keyUsage: 'generate-verify-mac', algorithm: 'HMAC_256' })
  const asked = { project: kms.project.id, algorithm: 'aes-256-gcm' } as const
  for (const [name, preActive] of [
    ['object', false],
    ['unused', true],
  ] as const) {
    const made = await kms.server.services.keys.createObject(kms.callAs(kms.caller), { ...asked, preActive })
    if (made.ok) at[name] = made.value.id
  }
  await lawfully(database).insert('external_key', {
    id: at.far,
    organisation_id: place.organisation,
    project_id: place.project,
    name: 'far',
    provider: 'aws',
    settings: JSON.stringify({ region: 'eu-central-1', keyId: 'k' }),
    credentials: Buffer.alloc(40),
    key_use: 'encrypt-decrypt',
    created_by: 'nobody',
  })
})
afterAll(() => kms?.close())

const read = ({
  statusCode: status,
  body,
  headers,
}: Awaited<ReturnType<typeof kms.server.app.inject>>): Reply => ({
  status,
  body,
  reqId: String(headers['x-request-id']),
  again: headers['idempotency-replayed'] === 'true',
})
const bearer = (name: Who) => (name === 'nobody' ? {} : { authorization: `Bearer ${tokens[name]}` })

const A = 'AAAA'
const digest = 'ab'.repeat(32)
const role = { role: 'auditor' }
const ecdsa = { signingAlgorithm: 'ECDSA_SHA_256' } as const
/** What is said at each address of REST beside the path. */
const rest = (): Readonly<
  Record<
    string,
    {
      readonly key?: keyof typeof at
      readonly body?: object
      readonly query?: string
      readonly file?: string
    }
  >
> => {
  const [projectId, items] = [kms.project.id, [{ plaintext: A, ciphertext: A }]]
  const one = (name: 'plaintext' | 'ciphertext') => ({ items: items.map((item) => ({ [name]: item[name] })) })
  return {
    'POST ': { body: { projectId, name: 'new' } },
    'GET ': { query: `?projectId=${projectId}` },
    'PATCH /{keyId}': { body: { description: 'x' } },
    'PATCH /{keyId}/versions/{version}': { body: { state: 'disabled' } },
    'GET /key-name/{name}': { query: `?projectId=${projectId}` },
    'GET /{keyId}/public-key': { key: 'pair' },
    'GET /{keyId}/signing-algorithms': { key: 'pair' },
    'POST /{keyId}/encrypt': { body: { plaintext: A } },
    'POST /{keyId}/decrypt': { body: { ciphertext: A } },
    'POST /{keyId}/rewrap': { body: { ciphertext: A } },
    'POST /{keyId}/encrypt-batch': { body: one('plaintext') },
    'POST /{keyId}/decrypt-batch': { body: one('ciphertext') },
    'POST /{keyId}/rewrap-batch': { body: one('ciphertext') },
    'POST /{keyId}/sign': { key: 'pair', body: { data: A, ...ecdsa } },
    'POST /{keyId}/verify': { key: 'pair', body: { data: A, signature: A, ...ecdsa } },
    'POST /{keyId}/sign-batch': { key: 'pair', body: { items: [{ data: A, ...ecdsa }] } },
    'POST /{keyId}/generate-mac': { key: 'mac', body: { data: A } },
    'POST /{keyId}/verify-mac': { key: 'mac', body: { data: A, mac: A } },
    'POST /import': {
      body: { importKeyId: 'none', name: 'brought', algorithm: 'aes-256-gcm', wrappedKey: A },
    },
    'POST /{keyId}/export': { body: { publicKey: spki } },
    'POST /{keyId}/shred': { body: { confirmName: 'box' } },
    'POST /api/v1/kms/import-keys': { body: { projectId } },
    'POST /api/v1/external-keys': {
      body: { projectId, name: 'far', provider: 'aws', settings: {}, credentials: {} },
    },
    'POST /api/v1/organisations/{organisationId}/alert-rules': {
      body: { rule: { kind: 'source', networks: ['10.0.0.0/8'] } },
    },
    'POST /api/v1/organisations/{organisationId}/webhooks': { body: { name: 'w', url: 'https://here' } },
    'POST /api/v1/ceremonies/bundles': { file: 'application/zip' },
    'PUT /api/v1/fhe/keys/{keyId}/ciphertexts/{sha256}': { file: 'application/octet-stream' },
    'PUT /api/v1/fhe/room/keys/{keyId}': { body: { bytes: 1 } },
    'PUT /api/v1/fhe/room/organisations/{organisationId}': { body: { bytes: 1 } },
    'POST /api/v1/kmip-clients': {
      body: { projectId, identityId: 'nobody', name: 'disk', certificate: A },
    },
    'GET /api/v1/audit/receipts': { query: '?reqId=none' },
    'GET /api/v1/external-keys': { query: `?projectId=${projectId}` },
    'PATCH /api/v1/external-keys/{keyId}': {
      body: { credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x'.repeat(40) } },
    },
    'DELETE /api/v1/external-keys/{keyId}': { query: '?confirmName=far' },
    'POST /api/v1/external-keys/{keyId}/import': { body: { importedKeyId: at.box } },
    'POST /api/v1/external-keys/{keyId}/encrypt': { body: { plaintext: A } },
    'POST /api/v1/external-keys/{keyId}/decrypt': { body: { ciphertext: A } },
    'POST /api/v1/external-keys/{keyId}/sign': { body: { data: A, ...ecdsa } },
    'POST /api/v1/organisations': { body: { name: 'n' } },
    'POST /api/v1/projects': { body: { organisationId: kms.organisation.id, name: 'n' } },
    'GET /api/v1/projects': { query: `?organisationId=${kms.organisation.id}` },
    'POST /api/v1/identities': { body: { name: 'n', grants: [role] } },
    'POST /api/v1/identities/{identityId}/roles': { body: role },
    'DELETE /api/v1/identities/{identityId}/roles': { query: '?role=auditor' },
    'POST /api/v1/identities/{identityId}/api-keys': { body: { name: 'n', ttlSeconds: 60 } },
    'POST /api/v1/identities/{identityId}/workload-rules': {
      body: {
        name: 'n',
        settings: { kind: 'jwt', issuer: 'https://here', audience: 'a', subject: 's' },
      },
    },
    'POST /api/v1/people': { body: { username: 'n', name: 'n', grants: [role] } },
    'PUT /api/v1/people/{identityId}/break-glass': { body: { breakGlass: true } },
    'PUT /api/v1/sign-on/required': { body: { required: true } },
    'POST /api/v1/auth/password/change': { body: { password: 'a', newPassword: 'b' } },
    'POST /api/v1/access-reviews': { body: { digest: 'a'.repeat(64) } },
    'GET /api/v1/kmip-clients': { query: `?projectId=${projectId}` },
    'POST /api/v1/sign-on/providers': {
      body: { name: 'p', settings: { kind: 'oidc', issuer: 'https://here', clientId: 'c' } },
    },
    'PATCH /api/v1/sign-on/providers/{name}': { body: { clientSecret: 's' } },
    'POST /api/v1/sign-on/providers/{name}/roles': { body: { group: 'g', grant: role } },
  }
}

async function overRest(): Promise<readonly Ask[]> {
  const document = (await apiDocument()) as {
    paths: Record<string, Record<string, { 'x-operation'?: string; requestBody?: object }>>
  }
  const all = rest()
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([word, { 'x-operation': operation, requestBody }]) => {
      const method = word.toUpperCase() as 'GET' | 'POST'
      // Whoever asks for the first has nothing to ask with afterwards; the second takes what a device answers.
      const apart = [
        ...['/api/v1/auth/log-out-everywhere', '/api/v1/auth/token/revoke', '/api/v1/authenticators'],
      ]
      if (operation === undefined || (word === 'post' && apart.includes(path))) return []
      const sample =
        all[`${method} ${path}`] ?? all[`${method} ${path.replace('/api/v1/kms/keys', '')}`] ?? {}
      const key = path.startsWith('/api/v1/external-keys') ? 'far' : (sample.key ?? 'box')
      const [organisationId, projectId] = [kms.organisation.id, kms.project.id]
      const its = { identityId: 'i', credentialId: 'c', authenticatorId: 'a', roleId: 'r' }
      const inPath = { version: '1', name: 'box', organisationId, projectId, framework: 'soc2', ...its }
      const ids = path.startsWith('/api/v1/fhe') ? { keyId: digest } : { keyId: at[key] }
      const digests = { digest, sha256: digest, fingerprint: digest, requestId: 'cd'.repeat(16) }
      const url = Object.entries({ ...inPath, ...ids, ...digests, ruleId: 'r', webhookId: 'w' }).reduce(
        (made, [name, value]) => made.replace(`{${name}}`, value),
        path,
      )
      const by = async (name: Who, named?: string) =>
        read(
          await kms.server.app.inject({
            method,
            url: `${url}${sample.query ?? ''}`,
            headers: {
              ...bearer(name),
              ...(named === undefined ? {} : { 'idempotency-key': named }),
              ...(sample.file === undefined ? {} : { 'content-type': sample.file }),
            },
            ...(sample.file !== undefined ? { payload: Buffer.from('c') } : {}),
            ...(requestBody === undefined ? {} : { payload: sample.body ?? {} }),
          }),
        )
      return [{ operation, by }]
    }),
  )
}

function overAws(): readonly Ask[] {
  const { box: KeyId, pair, mac } = at
  const signed = { KeyId: pair, Message: A, SigningAlgorithm: 'ECDSA_SHA_256' }
  const macs = { KeyId: mac, Message: A, MacAlgorithm: 'HMAC_SHA_256' }
  const calls: Record<keyof typeof awsMembers, readonly [string, object]> = {
    CreateKey: ['key.create', {}],
    DescribeKey: ['key.read', { KeyId }],
    ListKeys: ['key.list', {}],
    ListAliases: ['key.list', {}],
    CreateAlias: ['key.change', { AliasName: 'alias/box', TargetKeyId: KeyId }],
    Encrypt: ['key.encrypt', { KeyId, Plaintext: A }],
    Decrypt: ['key.decrypt', { KeyId, CiphertextBlob: A }],
    ReEncrypt: ['key.decrypt', { SourceKeyId: KeyId, DestinationKeyId: KeyId, CiphertextBlob: A }],
    GenerateDataKey: ['key.generate-data-key', { KeyId }],
    GenerateDataKeyWithoutPlaintext: ['key.generate-data-key', { KeyId }],
    GenerateRandom: ['random', { NumberOfBytes: 8 }],
    Sign: ['key.sign', signed],
    Verify: ['key.verify', { ...signed, Signature: A }],
    GetPublicKey: ['key.public-key', { KeyId: pair }],
    GenerateMac: ['key.generate-mac', macs],
    VerifyMac: ['key.verify-mac', { ...macs, Mac: A }],
    EnableKey: ['key.change', { KeyId }],
    DisableKey: ['key.change', { KeyId }],
    UpdateKeyDescription: ['key.change', { KeyId, Description: 'y' }],
    ScheduleKeyDeletion: ['key.delete', { KeyId }],
    CancelKeyDeletion: ['key.cancel-deletion', { KeyId }],
    RotateKeyOnDemand: ['key.rotate', { KeyId }],
  }
  return Object.entries(calls).map(([name, [operation, fields]]) => ({
    operation,
    async by(asker) {
      const body = Buffer.from(JSON.stringify(fields))
      const time = signingTime(new Date())
      const headers = { host: 'here', 'x-amz-date': time, 'x-amz-target': `TrentService.${name}` }
      const { accessKeyId = '', secretAccessKey = '' } = awsKeys[asker] ?? {}
      const authorization = authorizationOf(
        accessKeyId,
        secretAccessKey,
        { method: 'POST', path: '/', headers, body },
        { time, region: 'eu-central-1', service: 'kms' },
      )
      const proof = asker === 'nobody' ? {} : { authorization }
      const type = { 'content-type': 'application/x-amz-json-1.1' }
      const asked = {
        method: 'POST',
        url: '/',
        payload: body,
        headers: { ...headers, ...proof, ...type },
      } as const
      return read(await kms.server.app.inject(asked))
    },
  }))
}

function overVault(): readonly Ask[] {
  const sealed = { ciphertext: `vault:v1:${A}` }
  const sign = ['key.sign', 'pair', { input: A }] as const
  const verify = ['key.verify', 'pair', { input: A, signature: `vault:v1:${A}` }] as const
  const mac = ['key.generate-mac', 'mac', { input: A }] as const
  const calls: Record<keyof typeof vaultMembers, readonly [string, 'box' | 'pair' | 'mac', object]> = {
    'POST keys/:name': ['key.create', 'box', {}],
    'GET keys/:name': ['key.versions', 'box', {}],
    'GET keys': ['key.list', 'box', {}],
    'DELETE keys/:name': ['key.delete', 'box', {}],
    'POST keys/:name/rotate': ['key.rotate', 'box', {}],
    'POST keys/:name/config': ['key.change', 'box', { min_decryption_version: 1 }],
    'POST encrypt/:name': ['key.encrypt', 'box', { plaintext: A }],
    'POST decrypt/:name': ['key.decrypt', 'box', sealed],
    'POST rewrap/:name': ['key.rewrap', 'box', sealed],
    'POST datakey/:kind/:name': ['key.generate-data-key', 'box', {}],
    'POST sign/:name': sign,
    'POST sign/:name/:hash': sign,
    'POST verify/:name': verify,
    'POST verify/:name/:hash': verify,
    'POST hmac/:name': mac,
    'POST hmac/:name/:hash': mac,
    'POST random': ['random', 'box', { bytes: 8 }],
    'POST random/:length': ['random', 'box', {}],
  }
  return Object.entries(calls).map(([place, [operation, name, payload]]) => ({
    operation,
    async by(asker) {
      const [method = '', path = ''] = place.split(' ')
      const url = path.replace(':name', name).replace(':hash', 'sha2-256').replace(':length', '8')
      const proof = asker === 'nobody' ? {} : { 'x-vault-token': tokens[asker] }
      return read(
        await kms.server.app.inject({
          method: method as 'GET',
          url: `/v1/transit/${url.replace(':kind', 'plaintext')}`,
          headers: { ...proof, 'content-type': 'application/json' },
          ...(method === 'POST' ? { payload: JSON.stringify(payload) } : {}),
        }),
      )
    },
  }))
}

function overKmip(): readonly Ask[] {
  const id = (text: string) => textString('UniqueIdentifier', text)
  const data = byteString('Data', new Uint8Array(8))
  const reason = structure('RevocationReason', [enumeration('RevocationReasonCode', 1)])
  const name = structure('Attribute', [
    textString('AttributeName', 'x-note'),
    textString('AttributeValue', 'of the walk'),
  ])
  const secret = [
    enumeration('ObjectType', enumerations.ObjectType.SecretData),
    structure('TemplateAttribute', []),
    structure('SecretData', [
      enumeration('SecretDataType', enumerations.SecretDataType.Password),
      structure('KeyBlock', [
        enumeration('KeyFormatType', enumerations.KeyFormatType.Opaque),
        structure('KeyValue', [byteString('KeyMaterial', new Uint8Array(8))]),
      ]),
    ]),
  ]
  const pair = { sign: [id(at.pair), data], verify: byteString('SignatureData', new Uint8Array(8)) }
  const calls: readonly (readonly [NameOf<'Operation'>, string, readonly Item[]])[] = [
    ['Register', 'key.register', secret],
    ['Locate', 'key.list', []],
    ['GetAttributes', 'key.read', [id(at.box)]],
    ['Get', 'key.export-plain', [id(at.box)]],
    ['AddAttribute', 'key.change', [id(at.object), name]],
    ['Activate', 'key.activate', [id(at.unused)]],
    ['Revoke', 'key.revoke', [id(at.object), reason]],
    ['Destroy', 'key.destroy', [id(at.unused)]],
    ['ReKey', 'key.replace', [id(at.object)]],
    ['Encrypt', 'key.encrypt', [id(at.box), data]],
    ['Decrypt', 'key.decrypt', [id(at.box), data]],
    ['Sign', 'key.sign', pair.sign],
    ['SignatureVerify', 'key.verify', [...pair.sign, pair.verify]],
    ['MAC', 'key.generate-mac', [id(at.mac), data]],
    ['MACVerify', 'key.verify-mac', [id(at.mac), data, byteString('MACData', new Uint8Array(8))]],
    ['RNGRetrieve', 'random', [integer('DataLength', 8)]],
  ]
  return calls.map(([operation, entered, payload]) => ({
    operation: entered,
    async by(asker) {
      const item = { operation: enumerations.Operation[operation], ephemeral: null, id: null, extensions: [] }
      const message = writeRequest({
        header: { ...bareHeader, version: '1.4' },
        items: [{ ...item, payload }],
      })
      return read(
        await kms.server.app.inject({
          method: 'POST',
          url: `/api/v1/kmip?projectId=${kms.project.id}`,
          headers: { ...bearer(asker), 'content-type': 'application/octet-stream' },
          payload: Buffer.from(encodeItem(message)),
        }),
      )
    },
  }))
}

async function enteredOf({ reqId }: Reply): Promise<readonly { operation: string; outcome: string }[]> {
  const { database } = kms.server.services
  const rows = await database.selectFrom('audit').select('entry').where('req_id', '=', reqId).execute()
  return rows.map(({ entry }) => JSON.parse(String(entry)))
}

/** Who reads is let read by whoever may see it. */
const readOnly = new Set(
  ['list', 'read', 'versions', 'public-key', 'signing-algorithms', 'plan-request'].flatMap((what) => [
    `key.${what}`,
    `external-key.${what}`,
    `threshold.${what}`,
  ]),
)
/** Everybody's own, of which each sees what is his. */
for (const name of [
  'organisation.list',
  'project.list',
  'identity.list',
  'identity.read-token',
  'approval.list',
  'sign-on.list-providers',
  'authenticator.list',
  'authenticator.begin',
])
  readOnly.add(name)
/** What the samples do not fit, or what waits in an operation of its own. */
const unfit = new Set(['key.export-plain', 'external-key.sign', 'external-key.import'])
const byItself = new Set(['key.import', 'key.plan-request'])
/** Their documents are checked first: fhe/threshold.flow.test.ts, access/override.flow.test.ts. */
const documents = new Set(['threshold.ask', 'threshold.answer', 'approval.override'])
const waitsFor = (operation: string): boolean =>
  entries.some(({ name, shown }) => name === operation && shown !== null)

const doors = { rest: overRest, aws: overAws, vault: overVault, kmip: overKmip } as const

test.each(Object.keys(doors) as (keyof typeof doors)[])(
  'OPERATION-TABLE each operation by %s: nobody, too many calls, no role, people asked first, in this order',
  async (door) => {
    const asked = await doors[door]()
    expect(asked.length).toBeGreaterThan(10)
    const { authentication } = kms.server.services
    for (const { operation, by } of asked) {
      // Nobody is told more than that, and nothing is entered of an operation.
      const full = vi
        .spyOn(authentication, 'roomFor')
        .mockReturnValue(refuse('RATE-LIMITED', 'too many calls in one second'))
      const unknown = await by('nobody')
      expect(unknown.body, operation).not.toContain('RATE-LIMITED')
      expect([400, 401, 403], operation).toContain(unknown.status)
      const limited = await by('auditor')
      expect(limited.body, operation).toContain('RATE-LIMITED')
      for (const reply of [unknown, limited])
        for (const entered of await enteredOf(reply))
          expect(
            entries.map(({ name }) => name).filter((name) => name !== 'project.read'),
            operation,
          ).not.toContain(entered.operation)
      full.mockRestore()
      if (byItself.has(operation) || documents.has(operation)) continue
      const seen = await by('auditor')
      if (!readOnly.has(operation))
        expect(await enteredOf(seen), `${operation} ${seen.body}`).toContainEqual(
          expect.objectContaining({
            operation,
            outcome: expect.stringMatching(/^(?:ROLE-REFUSED|[A-Z-]+-ABSENT|SIGN-ON-PROVIDER)$/),
          }),
        )
      if (!waitsFor(operation) || unfit.has(operation)) continue
      const waiting = await by('waiting')
      expect(await enteredOf(waiting), `${operation} ${waiting.body}`).toContainEqual(
        expect.objectContaining({ operation, outcome: 'APPROVAL-NEEDED' }),
      )
    }
  },
)

const byScim: Readonly<
  Record<string, readonly [method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string]>
> = {
  'scim.create-user': ['POST', '/Users'],
  'scim.read-user': ['GET', '/Users/u'],
  'scim.list-users': ['GET', '/Users'],
  'scim.replace-user': ['PUT', '/Users/u'],
  'scim.patch-user': ['PATCH', '/Users/u'],
  'scim.delete-user': ['DELETE', '/Users/u'],
  'scim.create-group': ['POST', '/Groups'],
  'scim.read-group': ['GET', '/Groups/g'],
  'scim.list-groups': ['GET', '/Groups'],
  'scim.replace-group': ['PUT', '/Groups/g'],
  'scim.patch-group': ['PATCH', '/Groups/g'],
  'scim.delete-group': ['DELETE', '/Groups/g'],
}

test('OPERATION-TABLE each operation by scim: by the token of a provider alone, counted, and entered in its organisation', async () => {
  const { authentication, database } = kms.server.services
  const token = 't'.repeat(43)
  await lawfully(database).insert('identity_provider', {
    id: 'p',
    name: 'office',
    organisation_id: kms.organisation.id,
    kind: 'oidc',
    settings: '{}',
    secret_sealed: null,
    scim_token_hash: hashSecret(token),
  })
  for (const [operation, [method, path]] of Object.entries(byScim)) {
    const by = async (authorization: string) =>
      read(
        await kms.server.app.inject({
          method,
          url: `/scim/v2${path}`,
          headers: { authorization, 'content-type': 'application/scim+json' },
          ...(['POST', 'PUT', 'PATCH'].includes(method) ? { payload: '{}' } : {}),
        }),
      )
    for (const stranger of ['', `Bearer ${tokens.able}`])
      expect((await by(stranger)).status, operation).toBe(401)
    const full = vi
      .spyOn(authentication, 'roomFor')
      .mockReturnValue(refuse('RATE-LIMITED', 'too many calls in one second'))
    const limited = await by(`Bearer ${token}`)
    full.mockRestore()
    expect(limited.status, operation).toBe(429)
    expect(await enteredOf(limited), operation).toEqual([])
    expect(await enteredOf(await by(`Bearer ${token}`))).toEqual([
      expect.objectContaining({ operation, organisation: kms.organisation.id, identity: 'SCIM of office' }),
    ])
  }
})

test('OPERATION-TABLE a named call is done once where its entry says so, and what uses a key is done again', async () => {
  for (const { operation, by } of await overRest()) {
    // What ends a key comes last: there is none after it.
    if (operation.startsWith('external-key.') || /key\.(?:import|shred|plan-request)/.test(operation))
      continue
    const kept = entries.some(({ name, repeats }) => name === operation && repeats === 'reply-kept')
    const first = await by('able', `of ${operation}`)
    const second = await by('able', `of ${operation}`)
    if (
      first.status === 200 &&
      kept &&
      !['key.change', 'key.set-version-state', 'key.delete'].includes(operation)
    )
      expect(second, operation).toMatchObject({ again: true, body: first.body })
    else expect(second.again, operation).toBe(false)
  }
})

test('OPERATION-TABLE no operation is without a door', async () => {
  const mapped = new Set(
    (await Promise.all(Object.values(doors).map((door) => door()))).flat().map(({ operation }) => operation),
  )
  for (const name of Object.keys(byScim)) mapped.add(name)
  const alone = ['key.request-ceremony', 'key.export-wrapped', 'project.read', 'project.let-plain-keys']
  // Of the console's own addresses, which no document has.
  const hidden = [
    'identity.read-own',
    'person.log-out',
    'person.prove-anew',
    'authenticator.add',
    'identity.end-token',
  ]
  const known = [...alone, ...hidden]
  expect(
    entries.map(({ name }) => name).filter((name) => !mapped.has(name) && !known.includes(name)),
  ).toEqual([])
})
