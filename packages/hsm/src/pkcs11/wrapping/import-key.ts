import { createCipheriv, randomBytes } from 'node:crypto'
import type { KeyTemplate, MadeKey } from '../../device.ts'
import { childKekTemplate } from '../../templates.ts'
import { makePair, readPairBack } from '../objects/keys.ts'
import { numbersOf } from '../objects/mechanisms.ts'
import { oaepOutside } from '../objects/oaep-outside.ts'
import { named, readBack } from '../objects/read-back.ts'
import { privateAttributes, publicAttributes } from '../objects/templates.ts'
import type { TokenSession } from '../session/session.ts'
import { type Arriving, arrivingKey, unwrapInTwo } from './key-wrapping.ts'

const maxValueBytes = 1 << 14
const kwpIv = Buffer.from('a65959a6', 'hex')

const receiving: KeyTemplate = { ...childKekTemplate, wrap: false, unwrap: true }

/** RFC 5649 with AES-256 in software. */
function kwp(kek: Uint8Array, key: Uint8Array): Buffer {
  const cipher = createCipheriv('id-aes256-wrap-pad', kek, kwpIv)
  return Buffer.concat([cipher.update(key), cipher.final()])
}

/** The pair lives for this call alone and can only unwrap. */
export function importUnderWrapping(token: TokenSession, options: Arriving & { value: Uint8Array }): MadeKey {
  token.requireUser()
  if (options.value.length < 1 || options.value.length > maxValueBytes)
    throw new RangeError(`value: expected 1 to ${maxValueBytes} bytes, got ${options.value.length}`)
  const { ref, asked } = arrivingKey(token, options)
  const doing = 'importing a key under wrapping'
  const name = named(randomBytes(16).toString('hex'), '')
  const pair = makePair(
    token,
    'rsa-3072',
    {
      publicKey: [...name, ...publicAttributes(receiving)],
      privateKey: [...name, ...privateAttributes(receiving, numbersOf(token))],
    },
    doing,
  )
  readPairBack(token, pair, doing)
  const aes = randomBytes(32)
  try {
    const hash = token.profile.oaepHash
    const outer = oaepOutside(token, pair.publicKey, aes, hash)
    const blob = Buffer.concat([outer, kwp(aes, options.value)])
    const handle = unwrapInTwo(token, { kind: 'rsa-aes', hash, bits: 256 }, pair.privateKey, blob, asked)
    return { ref, attributes: readBack(token, handle, asked, doing) }
  } finally {
    aes.fill(0)
    token.destroyHandle(pair.privateKey)
    token.destroyHandle(pair.publicKey)
  }
}
