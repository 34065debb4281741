import { accept, type Outcome, refuse } from '@lux/crypto'
import type { StoredKey } from '../../../keys/repository.ts'
import { enumerations } from '../codec/enumerations.ts'
import { openFields, textString } from '../codec/fields.ts'
import { readGiven, readTemplate } from './given-attributes.ts'
import { type Asked, keyOf, type Operation, publicIdentifier, readIdentifier } from './operation.ts'

const { RevocationReasonCode } = enumerations

const done = (id: string) => ({ payload: [textString('UniqueIdentifier', id)], placeholder: id })

/** A pair has one state: its public half follows the private one. */
export const activate: Operation = {
  since: '1.0',
  async run(asked, payload) {
    const fields = openFields('RequestPayload', payload)
    const id = readIdentifier(asked, fields)
    fields.end()
    const { key, half } = keyOf(id)
    const made = await asked.keys.activate(asked.call(), { id: key })
    if (made.ok) return accept(done(id))
    if (half === 'public' && made.rule === 'KEY-STATE' && (await isActive(asked, key)))
      return accept(done(id))
    return made
  },
}

async function isActive({ keys, call }: Asked, id: string): Promise<boolean> {
  const key = await keys.get(call(), { id })
  return (
    key.ok && key.value.lifecycle.activated !== undefined && key.value.lifecycle.compromised === undefined
  )
}

export const revoke: Operation = {
  since: '1.0',
  async run(asked, payload) {
    const fields = openFields('RequestPayload', payload)
    const id = readIdentifier(asked, fields)
    const why = openFields('RevocationReason', fields.required('RevocationReason', 'structure'))
    const reason = why.required('RevocationReasonCode', 'enumeration')
    const message = why.optional('RevocationMessage', 'text-string')
    why.end()
    const occurred = fields.optional('CompromiseOccurrenceDate', 'date-time')
    fields.end()
    if (!Object.values(RevocationReasonCode).some((one) => one === reason))
      return refuse('KMIP-ATTRIBUTE', `a RevocationReasonCode ${reason} is not known`)
    const seconds = occurred ?? null
    if (seconds !== null && (seconds < 0n || seconds > 253_402_300_799n))
      return refuse('KMIP-ATTRIBUTE', 'the CompromiseOccurrenceDate is no time of ours')
    const made = await asked.keys.revoke(asked.call(), {
      id: keyOf(id).key,
      compromised:
        reason === RevocationReasonCode.KeyCompromise || reason === RevocationReasonCode.CACompromise,
      reason,
      ...(message === null ? {} : { message }),
      ...(seconds === null ? {} : { occurred: new Date(Number(seconds) * 1000) }),
    })
    return made.ok ? accept(done(id)) : made
  },
}

export const destroy: Operation = {
  since: '1.0',
  async run(asked, payload) {
    const fields = openFields('RequestPayload', payload)
    const id = readIdentifier(asked, fields)
    fields.end()
    const { key, half } = keyOf(id)
    if (half === 'public') return refuse('KMIP-FEATURE', 'a public half is destroyed with its private one')
    const made = await asked.keys.destroyObject(asked.call(), { id: key })
    return made.ok ? accept(done(id)) : made
  },
}

/** A key of its own in the place of the old one; of a pair, ReKeyKeyPair. */
export const rekey: Operation = {
  since: '1.0',
  async run(asked, payload) {
    const fields = openFields('RequestPayload', payload)
    const id = readIdentifier(asked, fields)
    const offset = fields.optional('Offset', 'interval')
    const all = readTemplate(asked.version, fields, 'TemplateAttribute', 'Attributes')
    fields.end()
    if (offset !== null && offset !== 0) return refuse('KMIP-FEATURE', 'an Offset is not served')
    const given = readGiven(all)
    if (!given.ok) return given
    if (all.length > 0) return refuse('KMIP-FEATURE', 'a new key takes the attributes of the old one')
    const old = await asked.keys.get(asked.call(), { id })
    if (!old.ok) return old
    if (isPair(old.value)) return refuse('KMIP-OBJECT-TYPE', 'a pair is replaced by ReKeyKeyPair')
    const made = await replaced(asked, id)
    return made.ok ? accept(done(made.value.id)) : made
  },
}

/** A pair of its own in the place of the old one. */
export const rekeyKeyPair: Operation = {
  since: '1.1',
  async run(asked, payload) {
    const { version } = asked
    const fields = openFields('RequestPayload', payload)
    const id = readIdentifier(asked, fields, 'PrivateKeyUniqueIdentifier')
    const offset = fields.optional('Offset', 'interval')
    const all = [
      ...readTemplate(version, fields, 'CommonTemplateAttribute', 'CommonAttributes'),
      ...readTemplate(version, fields, 'PrivateKeyTemplateAttribute', 'PrivateKeyAttributes'),
      ...readTemplate(version, fields, 'PublicKeyTemplateAttribute', 'PublicKeyAttributes'),
    ]
    fields.end()
    if (offset !== null && offset !== 0) return refuse('KMIP-FEATURE', 'an Offset is not served')
    if (all.length > 0) return refuse('KMIP-FEATURE', 'a new pair takes the attributes of the old one')
    const old = await asked.keys.get(asked.call(), { id })
    if (!old.ok) return old
    if (!isPair(old.value)) return refuse('KMIP-OBJECT-TYPE', 'what is no pair is replaced by ReKey')
    const made = await replaced(asked, id)
    if (!made.ok) return made
    const next = made.value.id
    return accept({
      payload: [
        textString('PrivateKeyUniqueIdentifier', next),
        textString('PublicKeyUniqueIdentifier', publicIdentifier(next)),
      ],
      placeholder: next,
    })
  },
}

const isPair = ({ key_usage }: StoredKey): boolean => key_usage === 'sign-verify'
const replaced = ({ keys, call }: Asked, id: string): Promise<Outcome<StoredKey>> =>
  keys.replace(call(), { id })
