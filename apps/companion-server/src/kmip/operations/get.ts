import { refuse } from '@lux/crypto'
import { openFields } from '../codec/fields.ts'
import { type Operation, readIdentifier } from './operation.ts'

/** No key leaves the server: whoever may see it is told so, and for others it is as absent. */
export const get: Operation = {
  since: '1.0',
  async run(asked, payload) {
    const fields = openFields('RequestPayload', payload)
    const id = readIdentifier(asked, fields)
    fields.optional('KeyFormatType', 'enumeration')
    if (asked.version >= '1.4') fields.optional('KeyWrapType', 'enumeration')
    fields.optional('KeyCompressionType', 'enumeration')
    const wrapping = fields.optional('KeyWrappingSpecification', 'structure')
    fields.end()
    const key = await asked.keys.get(asked.call(), id)
    if (!key.ok) return key
    return wrapping === null
      ? refuse('KMIP-SENSITIVE', 'the key does not leave the server')
      : refuse('KMIP-FEATURE', 'KeyWrappingSpecification is not served')
  },
}
