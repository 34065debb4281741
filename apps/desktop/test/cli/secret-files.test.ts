import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromUtf8, generateSealIdentity, sealTo, utf8 } from '@lux/crypto'
import { readBounded } from '@lux/node-files'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { openPartial } from '../../src/cli/request/combiner.ts'

const folder = mkdtempSync(join(tmpdir(), 'lux-secret-files-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(() => vi.unstubAllGlobals())

const secret = 'AGE-SECRET-KEY-PQ-1OF-NOBODY '.repeat(4000)
const path = join(folder, 'secret')
writeFileSync(path, secret, { mode: 0o600 })

/** Every array of bytes that `new` makes from here on: the constructor is passed on to, and what it makes is kept. */
function keepArrays(): (text: string) => Uint8Array[] {
  const made: Uint8Array[] = []
  const construct = (target: Uint8ArrayConstructor, args: unknown[], asked: NewableFunction) => {
    const bytes: Uint8Array = Reflect.construct(target, args, asked)
    made.push(bytes)
    return bytes
  }
  vi.stubGlobal('Uint8Array', new Proxy(Uint8Array, { construct }))
  return (text) => made.filter(({ buffer }) => Buffer.from(buffer).includes(text))
}

test('a file that is read is left in what is given, and nowhere else', () => {
  const holding = keepArrays()
  const given = readBounded(path, secret.length)
  expect(fromUtf8(given)).toBe(secret)
  expect(holding(secret.slice(0, 30))).toEqual([given])
})

test('FILE-TOO-LARGE nothing is left of a file that is refused', () => {
  const holding = keepArrays()
  expect(() => readBounded(path, secret.length - 1)).toThrow('more than')
  expect(holding(secret.slice(0, 30))).toEqual([])
})

test('the combiner’s identity is wiped when an answer is opened, when it is another’s and when others may read it', async () => {
  const { identity, recipient } = await generateSealIdentity()
  const other = await generateSealIdentity()
  const answer = utf8('lux-prt1 and what follows')
  const sealed = join(folder, '1.prt.age')
  const keys = join(folder, 'combiner.identity')
  writeFileSync(sealed, await sealTo([recipient], answer))
  for (const [text, mode, refusal] of [
    // Opened, and then found to be no answer, whose file is named.
    [identity, 0o600, `FHE-FIELD: ${sealed}`],
    [other.identity, 0o600, /./],
    [identity, 0o644, 'may be read by others'],
    ['AGE-SECRET-KEY-1', 0o600, 'holds no age identity'],
  ] as const) {
    rmSync(keys, { force: true })
    writeFileSync(keys, `${text}\n`, { mode })
    const holding = keepArrays()
    await expect(openPartial(sealed, keys)).rejects.toThrow(refusal)
    expect(holding(text)).toEqual([])
    vi.unstubAllGlobals()
  }
})
