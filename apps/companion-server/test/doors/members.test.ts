import * as sdk from '@aws-sdk/client-kms'
import { expect, test } from 'vitest'
import { answerAws, awsOperations } from '../../src/doors/aws/operations.ts'
import { awsMembers, type Members, vaultMembers } from '../../src/doors/members.ts'
import { vaultOperations } from '../../src/doors/vault/operations.ts'
import type { KeyOperations } from '../../src/keys/operations.ts'
import { accept } from '../../src/refusal.ts'

const call = {
  caller: { identity: 'i', grants: [{ role: 'service', organisation: 'o', project: 'p' }] },
  door: 'aws',
  reqId: 'a-request-of-a-test',
  receipt: null,
} as const
/** Keys of which each operation succeeds, with whatever an answer is made of. */
const anyKeys = new Proxy({} as KeyOperations, {
  get: () => async () =>
    accept(
      Object.assign(new Uint8Array(4), {
        id: 'k',
        key_usage: 'encrypt-decrypt',
        algorithm: 'aes-256-gcm',
        current_version: 1,
        created_at: new Date(0),
        destroy_at: null,
        name: 'k',
        keys: [],
        total: 0,
        version: 1,
        plaintext: new Uint8Array(4),
        ciphertext: new Uint8Array(4),
        mac: new Uint8Array(4),
        signature: new Uint8Array(4),
        spki: new Uint8Array(4),
        valid: true,
      }),
    ),
})
/** Of which none may be asked for anything. */
const noKeys = new Proxy({} as KeyOperations, {
  get: (_, name) => {
    throw new Error(`keys.${String(name)} was called`)
  },
})

/** Which members of its request an operation reads, whatever it then says. */
async function readBy(
  operation: (body: Readonly<Record<string, unknown>>) => Promise<unknown>,
  body: Readonly<Record<string, unknown>>,
): Promise<Set<unknown>> {
  const read = new Set<unknown>()
  const watched = new Proxy(body, {
    get(target, name) {
      read.add(name)
      return Reflect.get(target, name)
    },
  })
  await operation(watched).catch(() => undefined)
  return read
}
const mappedOf = (members: Members) => Object.keys(members).filter((name) => members[name] === 'mapped')

// A structure's names and, beside them, their shapes: 2 is a boolean, 1 a number.
type Shape = readonly [number, string, string, number, readonly string[], readonly unknown[]]
const model = sdk as unknown as Readonly<Record<string, Shape>>

test.each(Object.keys(awsMembers) as (keyof typeof awsMembers)[])(
  'FACADE-FIELDS each member that the model of the AWS SDK gives %s is read, or refused before a key is asked',
  async (name) => {
    const members: Members = awsMembers[name]
    const [, , , , names = [], shapes = []] = model[`${name}Request$`] ?? []
    expect(names).toEqual(expect.arrayContaining(Object.keys(members)))
    for (const [at, member] of names.entries()) {
      if (members[member] === 'mapped') continue
      for (const value of [shapes[at] === 2 ? true : 'x', ['x'], { x: 1 }, 7])
        expect(
          await answerAws(name, { call, keys: noKeys, region: 'r', body: { [member]: value } }),
        ).toMatchObject({ rule: 'FACADE-UNSUPPORTED', detail: expect.stringContaining(member) })
    }
    const spec = name === 'CreateKey' ? 'SYMMETRIC_DEFAULT' : 'AES_256'
    const text = Object.fromEntries(names.map((member) => [member, 'AAAA']))
    const body = {
      ...text,
      KeySpec: spec,
      CustomerMasterKeySpec: spec,
      KeyUsage: 'ENCRYPT_DECRYPT',
      EncryptionContext: { a: 'b' },
      SourceEncryptionContext: {},
      DestinationEncryptionContext: {},
      EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      SourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      DestinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      SigningAlgorithm: 'ECDSA_SHA_256',
      ...{
        MessageType: 'RAW',
        NumberOfBytes: name === 'GenerateRandom' ? 16 : null,
        PendingWindowInDays: 7,
        Limit: 7,
        Marker: '0',
      },
    }
    const read = await readBy(
      (given) => awsOperations[name]({ call, keys: anyKeys, region: 'r', body: given }),
      body,
    )
    expect([...read]).toEqual(expect.arrayContaining(mappedOf(members)))
  },
)

test('FACADE-FIELDS a member that no model has is refused, and so is a call of that name', async () => {
  const ask = { call, keys: noKeys, region: 'r' }
  for (const body of [{ Later: 'x' }, { constructor: 'x' }, { toString: false }])
    expect(await answerAws('Encrypt', { ...ask, body })).toMatchObject({ rule: 'FACADE-UNSUPPORTED' })
  for (const name of ['', 'constructor', 'CreateGrant'])
    expect(await answerAws(name, { ...ask, body: {} })).toBeNull()
})

// What OpenBao's document has besides is asked in external-kms/openbao.flow.test.ts, where one runs.
test.each(Object.keys(vaultMembers) as (keyof typeof vaultMembers)[])(
  'FACADE-FIELDS each member that is mapped is read: transit %s',
  async (place) => {
    const members: Members = vaultMembers[place]
    const body = {
      plaintext: 'AAAA',
      ciphertext: 'vault:v1:AAAA',
      input: 'AAAA',
      associated_data: 'AAAA',
      algorithm: 'sha2-256',
      prehashed: false,
      marshaling_algorithm: 'asn1',
      type: 'aes256-gcm96',
      signature_algorithm: 'pss',
      salt_length: 'hash',
      signature: 'vault:v1:AAAA',
      exportable: true,
      bits: 256,
      bytes: 16,
      format: 'hex',
      min_decryption_version: 1,
    }
    const ask = { call, keys: anyKeys, params: { name: 'k', kind: 'plaintext' } }
    const work = (given: Readonly<Record<string, unknown>>) => vaultOperations[place]({ ...ask, body: given })
    const read = await readBy(work, body)
    if ('hmac' in members) for (const one of await readBy(work, { ...body, signature: '' })) read.add(one)
    // Of an item of a batch alone.
    const mapped = mappedOf(members).filter((name) => name !== 'reference')
    expect([...read]).toEqual(expect.arrayContaining(mapped))
  },
)
