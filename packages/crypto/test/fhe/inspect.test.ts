import { expect, test } from 'vitest'
import { concatBytes, utf8 } from '../../src/bytes.ts'
import { inspect, parseClientKey } from '../../src/fhe/index.ts'
import { FormatError } from '../../src/format-error.ts'
import { realClientKey, squashedFile, withSquashKey } from './fixture.ts'
import { samples } from './samples.ts'

const plain = realClientKey()
const { key128 } = parseClientKey(withSquashKey(plain.bytes))
const files: [string, Uint8Array][] = [
  ...Object.entries(samples()),
  ['squashed', squashedFile(key128!, 'Uint', 7n, 16)],
  ['sealed', concatBytes(utf8('age-encryption.org/v1\n'), new Uint8Array(200))],
]

/** Those that `inspect` knows and that are longer than the head which is given of them. */
const known = files.filter(([name, bytes]) => {
  if (name === 'binary-key') return false
  try {
    return inspect(bytes).facts.size === bytes.length && bytes.length > 128
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError)
    return false
  }
})

test('there is a file of each kind', () => {
  const types = known.map(([, bytes]) => inspect(bytes).type)
  expect(new Set(types).size).toBeGreaterThanOrEqual(10)
})

test.each(known)(
  '%s is named by its head alone, as secret as it is, and never called cut',
  (_name, bytes) => {
    const { type, secret } = inspect(bytes)
    expect(inspect(bytes.subarray(0, 128), bytes.length)).toMatchObject({
      type,
      secret,
      checked: 'header',
      facts: { size: bytes.length },
    })
  },
)

test('FHE-UNKNOWN-FILE the head of anything else', () => {
  const other = concatBytes(plain.bytes.subarray(0, 26), new Uint8Array([3]), new Uint8Array(7), utf8('abc'))
  for (const head of [new Uint8Array(128), other])
    expect(() => inspect(head, 1 << 30)).toThrow('FHE-UNKNOWN-FILE')
})
