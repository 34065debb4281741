import { accept } from '@lux/crypto'
import { byteString, integer, openFields } from '../codec/fields.ts'
import type { Operation } from './operation.ts'

export const rngRetrieve: Operation = {
  since: '1.2',
  async run({ keys, call, project }, payload) {
    const fields = openFields('RequestPayload', payload)
    const length = fields.required('DataLength', 'integer')
    fields.end()
    const made = await keys.random(call(), { project, length })
    return made.ok ? accept({ payload: [byteString('Data', made.value)] }) : made
  },
}

/** The server takes no seed from anyone, which KMIP lets it say by how much of it was used: nothing. */
export const rngSeed: Operation = {
  since: '1.2',
  async run(_, payload) {
    const fields = openFields('RequestPayload', payload)
    fields.required('Data', 'byte-string')
    fields.end()
    return accept({ payload: [integer('DataLength', 0)] })
  },
}
