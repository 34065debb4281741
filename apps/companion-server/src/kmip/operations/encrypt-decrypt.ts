import { accept, type Outcome, refuse } from '@lux/crypto'
import type { Call } from '../../audit/record.ts'
import { byteString, type Fields, openFields, textString } from '../codec/fields.ts'
import type { TagName } from '../codec/tags.ts'
import type { ItemType } from '../codec/ttlv.ts'
import { type Asked, type Operation, readIdentifier } from './operation.ts'

type Input = { readonly id: string; readonly data: Uint8Array; readonly aad: Uint8Array | null }

/**
 * The server's own way to encrypt, which names key and version and holds nonce and tag: KMIP leaves it to the server where a client
 * gives no parameters. Parameters, an IV, a tag apart or parts of a stream are refused, and not ignored.
 */
function readInput(asked: Asked, fields: Fields, decrypts: boolean): Outcome<Input> {
  const { version } = asked
  const id = readIdentifier(asked, fields)
  const parameters = fields.optional('CryptographicParameters', 'structure')
  const data = fields.required('Data', 'byte-string')
  const unserved: (TagName | null)[] = [
    parameters !== null && parameters.length > 0 ? 'CryptographicParameters' : null,
    seen(fields, 'IVCounterNonce', 'byte-string'),
  ]
  if (version >= '1.3')
    unserved.push(
      seen(fields, 'CorrelationValue', 'byte-string'),
      seen(fields, 'InitIndicator', 'boolean'),
      seen(fields, 'FinalIndicator', 'boolean'),
    )
  const aad =
    version >= '1.4' ? fields.optional('AuthenticatedEncryptionAdditionalData', 'byte-string') : null
  if (version >= '1.4' && decrypts) unserved.push(seen(fields, 'AuthenticatedEncryptionTag', 'byte-string'))
  fields.end()
  const first = unserved.find((name) => name !== null)
  return first === undefined ? accept({ id, data, aad }) : refuse('KMIP-FEATURE', `${first} is not served`)
}

const seen = (fields: Fields, name: TagName, type: ItemType): TagName | null =>
  fields.optional(name, type) === null ? null : name

function operation(
  decrypts: boolean,
  work: (asked: Asked, call: Call, input: Input) => Promise<Outcome<Uint8Array>>,
): Operation {
  return {
    since: '1.2',
    async run(asked, payload) {
      const input = readInput(asked, openFields('RequestPayload', payload), decrypts)
      if (!input.ok) return input
      const made = await work(asked, asked.call(), input.value)
      if (!made.ok) return made
      const { id } = input.value
      return accept({
        payload: [textString('UniqueIdentifier', id), byteString('Data', made.value)],
        placeholder: id,
      })
    },
  }
}

const withAad = (aad: Uint8Array | null) => (aad === null ? {} : { aad })

export const encrypt = operation(false, ({ keys }, call, { id, data, aad }) =>
  keys.encrypt(call, { id, plaintext: data, ...withAad(aad) }),
)

export const decrypt = operation(true, ({ keys }, call, { id, data, aad }) =>
  keys.decrypt(call, { id, ciphertext: data, ...withAad(aad) }),
)
