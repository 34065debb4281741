import { accept, type Outcome } from '@lux/crypto'
import { openFields, textString } from '../codec/fields.ts'
import {
  type Attribute,
  hasAttribute,
  readName,
  sameName,
  writeAttributes,
  writeName,
} from '../message/attributes.ts'
import { attributesOf } from './key-attributes.ts'
import { type Asked, type Operation, readIdentifier } from './operation.ts'

/** Every attribute of an object that the version has. */
async function allOf(asked: Asked, id: string): Promise<Outcome<readonly Attribute[]>> {
  const key = await asked.keys.get(asked.call(), id)
  if (!key.ok) return key
  const all = await asked.keys.versions(asked.call(), id)
  if (!all.ok) return all
  const current = all.value.find(({ row }) => row.version === key.value.current_version)
  return accept(
    attributesOf(key.value, current?.state ?? null).filter(({ name }) => hasAttribute(asked.version, name)),
  )
}

/** All, or those named; one that the object does not have is left out. */
export const getAttributes: Operation = {
  since: '1.0',
  async run(asked, payload) {
    const fields = openFields('RequestPayload', payload)
    const id = readIdentifier(asked, fields)
    const names = fields.rest().map((item) => readName(asked.version, item))
    const all = await allOf(asked, id)
    if (!all.ok) return all
    const wanted =
      names.length === 0
        ? all.value
        : all.value.filter(({ name }) => names.some((one) => sameName(one, name)))
    return accept({
      payload: [textString('UniqueIdentifier', id), ...writeAttributes(asked.version, wanted)],
      placeholder: id,
    })
  },
}

export const getAttributeList: Operation = {
  since: '1.0',
  async run(asked, payload) {
    const fields = openFields('RequestPayload', payload)
    const id = readIdentifier(asked, fields)
    fields.end()
    const all = await allOf(asked, id)
    if (!all.ok) return all
    return accept({
      payload: [
        textString('UniqueIdentifier', id),
        ...all.value.map(({ name }) => writeName(asked.version, name)),
      ],
      placeholder: id,
    })
  },
}
