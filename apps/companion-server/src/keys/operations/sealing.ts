import { randomBytes } from 'node:crypto'
import { sha256Hex, utf8, wipe } from '@lux/crypto'
import type { Subject } from '../../audit/record.ts'
import { entry } from '../../operations/entry.ts'
import { Type } from '../../operations/schema.ts'
import { accept, type Outcome, refuse } from '../../refusal.ts'
import type { KeyUse } from '../algorithms.ts'
import { aad, checkLengths, id, inputs, type KeyWork, made, payload } from '../key-work.ts'
import type { StoredKey } from '../repository.ts'

/** Most items of one batch. */
export const maxBatch = 1000

export const dataKeyLengths = { AES_256: 32, AES_128: 16 } as const
export type DataKeySpec = keyof typeof dataKeyLengths
export const dataKeySpecs = ['AES_256', 'AES_128'] as const satisfies readonly DataKeySpec[]

export const spec = Type.Optional(Type.Enum([...dataKeySpecs]))

const closed = { additionalProperties: false } as const
const text = { ciphertext: made, aad }
const again = { ...text, newAad: aad }
const items = <T extends Parameters<typeof Type.Object>[0]>(fields: T) =>
  Type.Array(Type.Object(fields, closed), { minItems: 1, maxItems: maxBatch })

type Item = {
  readonly plaintext?: Uint8Array
  readonly ciphertext?: Uint8Array
  readonly aad?: Uint8Array
  readonly newAad?: Uint8Array
}
/** What a call is about: the key, and what its audit entry says. */
type Run = { readonly subject: Subject; readonly found: StoredKey }
type Again = Item & { readonly ciphertext: Uint8Array }

const none = new Uint8Array(0)
/** Who approves sees no unkeyed hash of what could be guessed. */
export const textOf = ({ plaintext }: { plaintext: Uint8Array }) => `a plaintext of ${plaintext.length} bytes`
export const ciphertextOf = ({ ciphertext }: { ciphertext: Uint8Array }) =>
  `the ciphertext of SHA-256 ${sha256Hex(ciphertext)}`

export function checkBatch(items: readonly unknown[]): Outcome<null> {
  return items.length >= 1 && items.length <= maxBatch
    ? accept(null)
    : refuse('REQUEST-FIELDS', `items: expected 1 to ${maxBatch}`)
}

/** Encryption by the server's envelope: of one text, of data keys, of many at once. */
export function sealingEntries(work: KeyWork) {
  const { using, seal, open } = work
  const sealing = using('encrypt-decrypt', 'encrypt')
  const opening = using('encrypt-decrypt', 'decrypt')
  const both = using('encrypt-decrypt', 'decrypt', 'encrypt')
  const itself = (value: Uint8Array) => [value]

  return {
    encrypt: entry({
      ...sealing,
      name: 'key.encrypt',
      input: { id, plaintext: payload, aad },
      shown: textOf,
      hashed: ({ plaintext, aad }) => inputs(plaintext, aad),
      run: ({ input, found, subject }) => seal(subject, found, input.plaintext, input.aad),
      output: itself,
    }),

    decrypt: entry({
      ...opening,
      name: 'key.decrypt',
      input: { id, ...text },
      shown: ciphertextOf,
      hashed: ({ ciphertext, aad }) => inputs(ciphertext, aad),
      run: ({ input, found, subject }) => open(subject, found, input.ciphertext, input.aad),
      output: itself,
    }),

    /** A fresh data key, and the same encrypted under the key, which `decrypt` opens. */
    generateDataKey: entry({
      ...sealing,
      name: 'key.generate-data-key',
      input: { id, spec, aad },
      shown: ({ spec = 'AES_256' }) => `a data key ${spec}`,
      hashed: ({ spec = 'AES_256', aad }) => inputs(utf8(spec), aad),
      async run({ input: { spec = 'AES_256', aad }, found, subject }) {
        const plaintext = new Uint8Array(randomBytes(dataKeyLengths[spec]))
        const sealed = await seal(subject, found, plaintext, aad)
        return sealed.ok ? accept({ plaintext, ciphertext: sealed.value }) : sealed
      },
      output: ({ ciphertext }) => [ciphertext],
    }),

    rewrap: entry({
      ...both,
      name: 'key.rewrap',
      input: { id, ...again },
      shown: ciphertextOf,
      hashed: ({ ciphertext, aad, newAad }) => [...inputs(ciphertext, aad), newAad ?? none],
      run: (on) => rewrapped(work, on, on.input),
      output: itself,
    }),

    ...batchEntries(work),
  }
}

/** The same text under the current version, and under other AAD where `newAad` is given: its plaintext never leaves. */
async function rewrapped(
  { open, seal }: KeyWork,
  { subject, found }: Run,
  { ciphertext, aad, newAad }: Again,
): Promise<Outcome<Uint8Array>> {
  const opened = await open(subject, found, ciphertext, aad)
  if (!opened.ok) return opened
  try {
    return await seal(subject, found, opened.value, newAad ?? aad)
  } finally {
    wipe(opened.value)
  }
}

/** Each item by itself, in order: what is wrong with one is its own outcome. One entry in the audit for all. */
function batchEntries(work: KeyWork) {
  const { using, fitting, seal, open } = work
  const both = using('encrypt-decrypt', 'decrypt', 'encrypt')

  const batch = <One extends Item>(
    uses: readonly KeyUse[],
    each: (on: Run, item: One) => Promise<Outcome<Uint8Array>>,
  ) => ({
    ...both,
    fits({ found, input }: { found: StoredKey; input: { items: readonly One[] } }) {
      const fits = fitting(found, 'encrypt-decrypt', ...uses)
      return fits.ok ? checkBatch(input.items) : fits
    },
    hashed: ({ items }: { items: readonly One[] }) =>
      items.flatMap(({ plaintext, ciphertext, aad, newAad }) => [
        plaintext ?? ciphertext ?? none,
        aad ?? none,
        newAad ?? none,
      ]),
    async run(on: Run & { input: { items: readonly One[] } }) {
      const made: Outcome<Uint8Array>[] = []
      for (const item of on.input.items) {
        const { plaintext, aad, newAad } = item
        const within = checkLengths({ plaintext, aad, newAad })
        made.push(within.ok ? await each(on, item) : within)
      }
      return accept(made)
    },
    output: (made: readonly Outcome<Uint8Array>[]) => made.flatMap((one) => (one.ok ? [one.value] : [])),
  })
  const together = ({ items }: { items: readonly { readonly ciphertext: Uint8Array }[] }) => {
    const digests = items.map(({ ciphertext }) => sha256Hex(ciphertext)).join('\n')
    return `${items.length} ciphertexts, together of SHA-256 ${sha256Hex(utf8(digests))}`
  }

  return {
    encryptBatch: entry({
      ...batch(['encrypt'], ({ subject, found }, item: Item & { readonly plaintext: Uint8Array }) =>
        seal(subject, found, item.plaintext, item.aad),
      ),
      name: 'key.encrypt-batch',
      input: { id, items: items({ plaintext: payload, aad }) },
      shown: ({ items }) => `${items.length} plaintexts`,
    }),

    decryptBatch: entry({
      ...batch(['decrypt'], ({ subject, found }, item: Again) =>
        open(subject, found, item.ciphertext, item.aad),
      ),
      name: 'key.decrypt-batch',
      input: { id, items: items(text) },
      shown: together,
    }),

    rewrapBatch: entry({
      ...batch(['decrypt', 'encrypt'], (on, item: Again) => rewrapped(work, on, item)),
      name: 'key.rewrap-batch',
      input: { id, items: items(again) },
      shown: together,
    }),
  }
}
