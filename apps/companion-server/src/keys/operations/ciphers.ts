import { sha256Hex, utf8 } from '@lux/crypto'
import { bytes, entry, given, type InputOf } from '../../operations/entry.ts'
import { accept, type Outcome, refuse } from '../../refusal.ts'
import { id, inputs, type KeyParts, type KeyWork, maxPayload } from '../key-work.ts'
import { maxRawUses, type RawCipher, rawDecrypt, rawEncrypt } from '../raw-cipher.ts'
import type { StoredKey } from '../repository.ts'

/** Uses of a key that this process has counted ahead, so that not every message waits for the database. */
const countedAhead = 256
const none = new Uint8Array(0)

const optional = given<Uint8Array | null>()
const how = {
  id,
  aad: given<Uint8Array | null>(),
  iv: optional,
  /** How, for this key; null: by the envelope. */
  choose: given<(key: StoredKey) => Outcome<RawCipher | null>>(),
}
const toSeal = { ...how, data: bytes(maxPayload) }
/** Longer by a block of padding, or by what the envelope adds, at most. */
const toOpen = { ...how, data: bytes(maxPayload + 256), tag: optional }
type Text = InputOf<typeof toSeal> & { readonly tag?: Uint8Array | null }

/** Without `iv` and `tag` it is an envelope, which holds its own. */
export type ObjectSealed = {
  readonly data: Uint8Array
  readonly iv: Uint8Array | null
  readonly tag: Uint8Array | null
}

/**
 * By AES itself, which a key does that was made as an object, and as the caller chooses once he knows the key; where he chooses nothing, by
 * the server's own envelope. An approval is for this text, these parameters, this nonce and this tag.
 */
export function cipherEntries({ repository, unwrapping }: KeyParts, work: KeyWork) {
  const { using, fitting, versionOf, seal, open } = work
  const counted = new Map<string, number>()

  /** One message more under this key's random nonces. */
  async function countUse({ id }: StoredKey): Promise<Outcome<null>> {
    const left = counted.get(id) ?? 0
    if (left > 0) {
      counted.set(id, left - 1)
      return accept(null)
    }
    if (!(await repository.countRawUses(id, countedAhead, maxRawUses)))
      return refuse('KEY-WORN', 'it has encrypted as many messages as a key may')
    counted.set(id, (counted.get(id) ?? 0) + countedAhead - 1)
    return accept(null)
  }

  function fits(found: StoredKey, use: 'encrypt' | 'decrypt', { choose, aad }: Text): Outcome<Chosen> {
    const fits = fitting(found, 'encrypt-decrypt', use)
    if (!fits.ok) return fits
    if ((aad?.length ?? 0) > maxPayload)
      return refuse('BODY-TOO-LONG', `aad is longer than ${maxPayload} bytes`)
    const chosen = choose(found)
    if (!chosen.ok) return chosen
    return chosen.value === null || found.usage_mask !== null
      ? accept({ raw: chosen.value })
      : refuse('KEY-USAGE', 'it encrypts by the envelope of the server, and not by AES itself')
  }

  return {
    encryptObject: entry({
      ...using('encrypt-decrypt', 'encrypt'),
      name: 'key.encrypt',
      input: toSeal,
      fits: ({ found, input }) => fits(found, 'encrypt', input),
      shown: ({ data }, { fitting }) => `a plaintext of ${data.length} bytes${cipherInWords(fitting)}`,
      hashed: hashedOf,
      async run({
        input: { data, aad, iv },
        found: key,
        fitting: { raw },
        subject,
      }): Promise<Outcome<ObjectSealed>> {
        if (raw === null) {
          const sealed = await seal(subject, key, data, aad ?? undefined)
          return sealed.ok ? accept({ data: sealed.value, iv: null, tag: null }) : sealed
        }
        const version = await versionOf(key, key.current_version, ['enabled'])
        if (!version.ok) return version
        subject.version = key.current_version
        const room = raw.mode === 'gcm' ? await countUse(key) : accept(null)
        if (!room.ok) return room
        return unwrapping.useKey(key, version.value, (bytes) => rawEncrypt(bytes, raw, data, iv))
      },
      output: ({ data }) => [data],
    }),

    decryptObject: entry({
      ...using('encrypt-decrypt', 'decrypt'),
      name: 'key.decrypt',
      input: toOpen,
      fits: ({ found, input }) => fits(found, 'decrypt', input),
      shown: ({ data }, { fitting }) =>
        `the ciphertext of SHA-256 ${sha256Hex(data)}${cipherInWords(fitting)}`,
      hashed: hashedOf,
      async run({ input: { data, aad, iv, tag }, found: key, fitting: { raw }, subject }) {
        if (raw === null) return open(subject, key, data, aad ?? undefined)
        if (iv === null) return refuse('CIPHER-IV', 'it is missing')
        const version = await versionOf(key, key.current_version, ['enabled', 'decrypt-only', 'compromised'])
        if (!version.ok) return version
        subject.version = key.current_version
        return unwrapping.useKey(key, version.value, (bytes) => rawDecrypt(bytes, raw, { data, iv, tag }))
      },
      output: (plaintext) => [plaintext],
    }),
  }
}

type Chosen = { readonly raw: RawCipher | null }

function hashedOf({ data, aad, iv, tag }: Text, chosen: Chosen | null): readonly Uint8Array[] {
  const text = inputs(data, aad ?? undefined)
  if (chosen === null || chosen.raw === null) return text
  return [...text, iv ?? none, tag ?? none, utf8(nameOf(chosen.raw))]
}

const cipherInWords = ({ raw }: Chosen): string => (raw === null ? '' : `, by ${nameOf(raw)}`)

const nameOf = (raw: RawCipher): string =>
  raw.mode === 'gcm' ? `AES-GCM, a tag of ${raw.tagLength} bytes` : `AES-CBC${raw.padded ? ', padded' : ''}`
