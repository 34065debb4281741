import { accept, type Outcome, refuse } from '@lux/crypto'
import type { RawCipher } from '../../keys/raw-cipher.ts'
import { byteString, type Fields, openFields, textString } from '../codec/fields.ts'
import type { TagName } from '../codec/tags.ts'
import type { Item, ItemType } from '../codec/ttlv.ts'
import { cipherOf, readParameters } from './cryptographic-parameters.ts'
import { type Asked, type Operation, readIdentifier } from './operation.ts'

type Input = {
  readonly id: string
  readonly data: Uint8Array
  readonly iv: Uint8Array | null
  readonly aad: Uint8Array | null
  readonly tag: Uint8Array | null
  /** AES itself as the parameters say; null: the server's own way, which names key and version and holds nonce and tag. */
  readonly cipher: RawCipher | null
}

/** Parts of a stream are refused, and not ignored. */
function readInput(asked: Asked, fields: Fields, decrypts: boolean): Outcome<Input> {
  const { version } = asked
  const id = readIdentifier(asked, fields)
  const parameters = fields.optional('CryptographicParameters', 'structure')
  const data = fields.required('Data', 'byte-string')
  const iv = fields.optional('IVCounterNonce', 'byte-string')
  const unserved: (TagName | null)[] = []
  if (version >= '1.3')
    unserved.push(
      seen(fields, 'CorrelationValue', 'byte-string'),
      seen(fields, 'InitIndicator', 'boolean'),
      seen(fields, 'FinalIndicator', 'boolean'),
    )
  const aad =
    version >= '1.4' ? fields.optional('AuthenticatedEncryptionAdditionalData', 'byte-string') : null
  const tag =
    version >= '1.4' && decrypts ? fields.optional('AuthenticatedEncryptionTag', 'byte-string') : null
  fields.end()
  const first = unserved.find((name) => name !== null)
  if (first !== undefined) return refuse('KMIP-FEATURE', `${first} is not served`)
  const cipher = cipherOf(readParameters(parameters ?? []), aad)
  if (!cipher.ok) return cipher
  if (cipher.value?.mode === 'gcm' && version < '1.4')
    return refuse('KMIP-FEATURE', `${version} has no place for the tag of GCM`)
  if (cipher.value === null && (iv !== null || tag !== null))
    return refuse('KMIP-FEATURE', 'IVCounterNonce is not served without a BlockCipherMode')
  return accept({ id, data, iv, aad, tag, cipher: cipher.value })
}

const seen = (fields: Fields, name: TagName, type: ItemType): TagName | null =>
  fields.optional(name, type) === null ? null : name

function operation(
  decrypts: boolean,
  work: (asked: Asked, input: Input) => Promise<Outcome<readonly Item[]>>,
): Operation {
  return {
    since: '1.2',
    async run(asked, payload) {
      const input = readInput(asked, openFields('RequestPayload', payload), decrypts)
      if (!input.ok) return input
      const made = await work(asked, input.value)
      if (!made.ok) return made
      const { id } = input.value
      return accept({ payload: [textString('UniqueIdentifier', id), ...made.value], placeholder: id })
    },
  }
}

const withAad = (aad: Uint8Array | null) => (aad === null ? {} : { aad })
const dataOnly = (made: Outcome<Uint8Array>): Outcome<readonly Item[]> =>
  made.ok ? accept([byteString('Data', made.value)]) : made

export const encrypt = operation(false, async ({ keys, call }, { id, data, iv, aad, cipher }) => {
  if (cipher === null) return dataOnly(await keys.encrypt(call(), { id, plaintext: data, ...withAad(aad) }))
  const made = await keys.encryptRaw(call(), { id, cipher, data, iv })
  if (!made.ok) return made
  const { tag } = made.value
  return accept([
    byteString('Data', made.value.data),
    // Told where the client does not know it.
    ...(iv === null ? [byteString('IVCounterNonce', made.value.iv)] : []),
    ...(tag === null ? [] : [byteString('AuthenticatedEncryptionTag', tag)]),
  ])
})

export const decrypt = operation(true, async ({ keys, call }, { id, data, iv, aad, tag, cipher }) => {
  if (cipher === null) return dataOnly(await keys.decrypt(call(), { id, ciphertext: data, ...withAad(aad) }))
  if (iv === null) return refuse('CIPHER-PARAMETERS', 'IVCounterNonce is missing')
  return dataOnly(await keys.decryptRaw(call(), { id, cipher, data, iv, tag }))
})
