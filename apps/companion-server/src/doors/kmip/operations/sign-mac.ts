import { accept, type Outcome, refuse } from '@lux/crypto'
import type { SigningInput } from '../../../keys/signing.ts'
import { enumerations } from '../codec/enumerations.ts'
import { byteString, enumeration, type Fields, misfit, openFields, textString } from '../codec/fields.ts'
import type { TagName } from '../codec/tags.ts'
import { type Parameters, readParameters, signingOf } from './cryptographic-parameters.ts'
import { type Asked, keyOf, type Operation, readIdentifier } from './operation.ts'

type Input = {
  readonly id: string
  readonly parameters: Parameters | null
  readonly data: Uint8Array
  readonly digested: boolean
  /** The signature or MAC that is to be checked. */
  readonly given: Uint8Array | null
}

function readInput(asked: Asked, fields: Fields, digests: boolean, checks: TagName | null): Outcome<Input> {
  const { version } = asked
  const id = readIdentifier(asked, fields)
  const parameters = fields.optional('CryptographicParameters', 'structure')
  const whole = fields.optional('Data', 'byte-string')
  const digest = digests && version >= '1.4' ? fields.optional('DigestedData', 'byte-string') : null
  const given = checks === null ? null : fields.required(checks, 'byte-string')
  const streamed =
    version >= '1.3' &&
    [
      fields.optional('CorrelationValue', 'byte-string'),
      fields.optional('InitIndicator', 'boolean'),
      fields.optional('FinalIndicator', 'boolean'),
    ].some((one) => one !== null)
  fields.end()
  if (streamed) return refuse('KMIP-FEATURE', 'parts of a stream are not served')
  if ((whole === null) === (digest === null))
    throw misfit('RequestPayload', 'Data or DigestedData is expected')
  return accept({
    id,
    parameters: parameters === null ? null : readParameters(parameters),
    data: whole ?? digest ?? new Uint8Array(0),
    digested: digest !== null,
    given,
  })
}

async function signingInput(
  { keys, call }: Asked,
  { id, parameters, data, digested }: Input,
): Promise<Outcome<SigningInput & { id: string }>> {
  const { key } = keyOf(id)
  const row = await keys.get(call(), { id: key })
  if (!row.ok) return row
  const algorithm = signingOf(parameters, row.value.algorithm)
  return algorithm.ok ? accept({ id: key, algorithm: algorithm.value, data, isDigest: digested }) : algorithm
}

const verdict = (id: string, valid: boolean) => ({
  payload: [
    textString('UniqueIdentifier', id),
    enumeration(
      'ValidityIndicator',
      valid ? enumerations.ValidityIndicator.Valid : enumerations.ValidityIndicator.Invalid,
    ),
  ],
  placeholder: id,
})

export const sign: Operation = {
  since: '1.2',
  async run(asked, payload) {
    const input = readInput(asked, openFields('RequestPayload', payload), true, null)
    if (!input.ok) return input
    const { id } = input.value
    if (keyOf(id).half === 'public') return refuse('KMIP-OBJECT-TYPE', 'a public half does not sign')
    const wanted = await signingInput(asked, input.value)
    if (!wanted.ok) return wanted
    const made = await asked.keys.sign(asked.call(), wanted.value)
    return made.ok
      ? accept({
          payload: [textString('UniqueIdentifier', id), byteString('SignatureData', made.value.signature)],
          placeholder: id,
        })
      : made
  },
}

export const signatureVerify: Operation = {
  since: '1.2',
  async run(asked, payload) {
    const input = readInput(asked, openFields('RequestPayload', payload), true, 'SignatureData')
    if (!input.ok) return input
    const wanted = await signingInput(asked, input.value)
    if (!wanted.ok) return wanted
    const signature = input.value.given ?? new Uint8Array(0)
    const made = await asked.keys.verify(asked.call(), { ...wanted.value, signature })
    return made.ok ? accept(verdict(input.value.id, made.value.valid)) : made
  },
}

/** The key's own hash is the MAC's: parameters may say so, and nothing else. */
function checkMac({ parameters }: Input, algorithm: string): Outcome<null> {
  const { HMAC_SHA256, HMAC_SHA384, HMAC_SHA512 } = enumerations.CryptographicAlgorithm
  const { SHA_256, SHA_384, SHA_512 } = enumerations.HashingAlgorithm
  const own: readonly number[] =
    { HMAC_256: [HMAC_SHA256, SHA_256], HMAC_384: [HMAC_SHA384, SHA_384], HMAC_512: [HMAC_SHA512, SHA_512] }[
      algorithm
    ] ?? []
  const { algorithm: named = null, hash = null } = parameters ?? {}
  const fits = (named === null || own[0] === named) && (hash === null || own[1] === hash)
  return fits ? accept(null) : refuse('KMIP-ALGORITHM', 'the key makes no MAC of this algorithm')
}

async function macInput(asked: Asked, input: Input): Promise<Outcome<null>> {
  if (input.parameters === null) return accept(null)
  const key = await asked.keys.get(asked.call(), { id: input.id })
  return key.ok ? checkMac(input, key.value.algorithm) : key
}

export const mac: Operation = {
  since: '1.2',
  async run(asked, payload) {
    const input = readInput(asked, openFields('RequestPayload', payload), false, null)
    if (!input.ok) return input
    const { id, data } = input.value
    const fits = await macInput(asked, input.value)
    if (!fits.ok) return fits
    const made = await asked.keys.generateMac(asked.call(), { id, data })
    return made.ok
      ? accept({
          payload: [textString('UniqueIdentifier', id), byteString('MACData', made.value.mac)],
          placeholder: id,
        })
      : made
  },
}

export const macVerify: Operation = {
  since: '1.2',
  async run(asked, payload) {
    const input = readInput(asked, openFields('RequestPayload', payload), false, 'MACData')
    if (!input.ok) return input
    const { id, data, given } = input.value
    const fits = await macInput(asked, input.value)
    if (!fits.ok) return fits
    const made = await asked.keys.verifyMac(asked.call(), { id, data, mac: given ?? new Uint8Array(0) })
    return made.ok ? accept(verdict(id, made.value.valid)) : made
  },
}
