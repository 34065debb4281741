import { accept, type Outcome, refuse } from '@lux/crypto'
import type { RawCipher } from '../../../keys/raw-cipher.ts'
import type { StoredKey } from '../../../keys/repository.ts'
import { byteString, type Fields, openFields, textString } from '../codec/fields.ts'
import type { TagName } from '../codec/tags.ts'
import type { Item, ItemType } from '../codec/ttlv.ts'
import { cipherOf, isEmpty, type Parameters, readParameters } from './cryptographic-parameters.ts'
import { kept } from './given-attributes.ts'
import { type Asked, type Operation, readIdentifier } from './operation.ts'

type Input = {
  readonly id: string
  readonly data: Uint8Array
  readonly iv: Uint8Array | null
  readonly aad: Uint8Array | null
  readonly tag: Uint8Array | null
  /**
   * AES itself as the parameters say, or else as the key's own attribute does; null: the server's own way, which names key and
   * version and holds nonce and tag.
   */
  choose(key: StoredKey): Outcome<RawCipher | null>
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
  const given = readParameters(parameters ?? [])
  return accept({
    ...{ id, data, iv, aad, tag },
    choose(key) {
      const cipher = cipherOf(isEmpty(given) ? parametersOf(key) : given, aad)
      if (!cipher.ok) return cipher
      if (cipher.value?.mode === 'gcm' && version < '1.4')
        return refuse('KMIP-FEATURE', `${version} has no place for the tag of GCM`)
      if (cipher.value === null && (iv !== null || tag !== null))
        return refuse('KMIP-FEATURE', 'IVCounterNonce is not served without a BlockCipherMode')
      return cipher
    },
  })
}

/** How a key says that it is to be used, where it does. */
function parametersOf(key: StoredKey): Parameters {
  const own = kept(key.attributes).find(({ name }) => name === 'CryptographicParameters')
  return readParameters(own?.value.type === 'structure' ? own.value.value : [])
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

export const encrypt = operation(false, async ({ keys, call }, input) => {
  const made = await keys.encryptObject(call(), input)
  if (!made.ok) return made
  const { data, iv, tag } = made.value
  return accept([
    byteString('Data', data),
    // Told where the client does not know it.
    ...(iv === null || input.iv !== null ? [] : [byteString('IVCounterNonce', iv)]),
    ...(tag === null ? [] : [byteString('AuthenticatedEncryptionTag', tag)]),
  ])
})

export const decrypt = operation(true, async ({ keys, call }, input) => {
  const made = await keys.decryptObject(call(), input)
  return made.ok ? accept([byteString('Data', made.value)]) : made
})
