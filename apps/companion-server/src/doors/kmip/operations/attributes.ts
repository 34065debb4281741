import { accept, type Outcome, refuse } from '@lux/crypto'
import { openFields, textString } from '../codec/fields.ts'
import {
  type Attribute,
  hasAttribute,
  readName,
  sameName,
  writeAttributes,
  writeName,
} from '../message/attributes.ts'
import { attributesOf, kindOf } from './key-attributes.ts'
import { type Asked, keyOf, type Operation, readIdentifier } from './operation.ts'

/** Every attribute of an object that the version has. */
async function allOf(asked: Asked, id: string): Promise<Outcome<readonly Attribute[]>> {
  const { key: own, half } = keyOf(id)
  const key = await asked.keys.get(asked.call(), { id: own })
  if (!key.ok) return key
  if (half === 'public' && kindOf(key.value)?.object !== 'PrivateKey')
    return refuse('OBJECT-ABSENT', 'Key not found')
  const all = await asked.keys.versions(asked.call(), { id: own })
  if (!all.ok) return all
  const current = all.value.find(({ row }) => row.version === key.value.current_version)
  return accept(
    attributesOf(key.value, current?.state ?? null, half).filter(({ name }) =>
      hasAttribute(asked.version, name),
    ),
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
        ...all.value
          .filter(({ name }, at) => all.value.findIndex((one) => sameName(one.name, name)) === at)
          .map(({ name }) => writeName(asked.version, name)),
      ],
      placeholder: id,
    })
  },
}
