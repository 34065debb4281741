import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import tfhe from 'node-tfhe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { custody, custodyJson, secretFile, temporaryFolder } from './support/custody.ts'
import { passphraseFile } from './support/people.ts'

let folder: string
const at = (...parts: string[]) => join(folder, ...parts)

/** A TFHE_BINARY key made elsewhere: by tfhe itself. */
beforeAll(() => {
  folder = temporaryFolder()
  const boolean = tfhe.Boolean.new_client_key(tfhe.Boolean.get_parameters(0))
  writeFileSync(at('binary-key.bin'), tfhe.Boolean.serialize_client_key(boolean))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('keys', () => {
  test('a TFHE_BINARY key made elsewhere is dealt and recovered to the byte', async () => {
    expect((await dealt('binary-key.bin', 'binary')).exit).toBe(0)
    const recover = (shares: number[], out: string, more = ['--rehearsal']) =>
      custodyJson([
        ...[
          'fhe',
          'recover',
          ...shares.map((i) => at('binary', `holder-${i}.bin`)),
          '--public',
          at('binary', 'public.bin'),
        ],
        ...['--out', at(out), ...more],
      ])
    const [good, few, open] = await Promise.all([
      recover([3, 1], 'again.bin'),
      recover([2], 'few.bin'),
      recover([1, 2], 'open.bin', []),
    ])
    expect(good.exit).toBe(0)
    expect(readFileSync(at('again.bin'))).toEqual(readFileSync(at('binary-key.bin')))
    expect(statSync(at('again.bin')).mode & 0o777).toBe(0o600)
    expect(few.json.code).toBe('FHE-PARTIALS-FEW')
    expect(open.json.code).toBe('FHE-WHOLE-KEY')
  }, 60_000)

  test('FOLDER-IN-USE two processes with one --out: one key is made or dealt, and the other says that it made none', async () => {
    const twice = async (args: string[], first: string) => {
      const both = await Promise.all([custodyJson(args), custodyJson(args)])
      const [won, lost] = both.toSorted((a, b) => Number(a.exit) - Number(b.exit))
      expect([won?.exit, lost?.exit, lost?.json.code]).toEqual([0, 2, 'FOLDER-IN-USE'])
      expect(readdirSync(at('once')).sort()[0]).toBe(first)
      return won?.json
    }
    const binary = ['--type', 'TFHE_BINARY', '--no-server-key', '--rehearsal']
    const made = await twice(['fhe', 'keygen', '--out', at('once'), ...binary], 'client-key.bin')
    const key = readFileSync(at('once', 'client-key.bin'))
    expect(made?.clientKeySha256).toBe(createHash('sha256').update(key).digest('hex'))
    rmSync(at('once'), { recursive: true })
    const deal = ['--client-key', at('binary-key.bin'), '--quorum', '2', '--holders', '3', '--rehearsal']
    await twice(['fhe', 'deal', ...deal, '--out', at('once')], 'holder-1.bin')
  }, 60_000)

  test('the words of a sheet give the key again, other words and another key are refused', async () => {
    const keygen = (out: string, more: string[]) =>
      custodyJson(['fhe', 'keygen', '--out', at(out), '--no-server-key', '--rehearsal', '--squash', ...more])
    const made = await keygen('paper', ['--words'])
    const words = made.json.words as string[]
    const sheet = String(made.json.clientKeySha256)
    const from = (text: string, name: string) => ['--words-file', secretFile(at(name), text)]
    const swapped = [...words.slice(0, -2), words.at(-1), words.at(-2)].join(' ')
    const [again, other, wrong] = await Promise.all([
      keygen('restored', ['--restore', sheet, ...from(words.join(' '), 'words.txt')]),
      keygen('other', ['--restore', 'ab'.repeat(32), ...from(words.join(' '), 'words2.txt')]),
      keygen('wrong', ['--restore', sheet, ...from(swapped, 'words3.txt')]),
    ])
    expect(again.json.clientKeySha256).toBe(sheet)
    expect(readFileSync(at('restored', 'client-key.bin'))).toEqual(
      readFileSync(at('paper', 'client-key.bin')),
    )
    expect({ exit: other.exit, code: other.json.code }).toEqual({ exit: 1, code: 'FHE-RESTORE-OTHER' })
    expect(wrong.exit).toBe(1)
    expect(wrong.json.code).toMatch(/^(FHE-WORDS|WORDS-)/)
  }, 60_000)

  test('with --recipient nothing of the client key lies in the open', async () => {
    const { json } = await custodyJson([
      'holder',
      'enrol',
      '--name',
      'Hal',
      '--domain',
      'rehearsal',
      '--out',
      at('hal.json'),
      '--key',
      at('hal.key'),
      '--passphrase-file',
      passphraseFile(folder),
    ])
    expect(json.ok).toBe(true)
    const made = await custodyJson([
      'fhe',
      'keygen',
      '--out',
      at('sealed'),
      '--no-server-key',
      '--rehearsal',
      '--recipient',
      at('hal.json'),
    ])
    expect(made.exit).toBe(0)
    expect(readFileSync(at('sealed', 'client-key.age')).toString('latin1', 0, 16)).toBe('age-encryption.o')
    expect(() => statSync(at('sealed', 'client-key.bin'))).toThrow()
  }, 60_000)

  test('help of each command says shapes and sizes', async () => {
    const commands = [
      ['deal', '2240 B', '82 KB'],
      ['partial', '66 KB', '16.5 KB'],
      ['reshare', '207 KB'],
    ] as const
    const shown = await Promise.all(commands.map(([command]) => custody(['fhe', command, '--help'])))
    for (const [i, [, ...expected]] of commands.entries()) {
      expect(shown[i]!.exit).toBe(0)
      for (const text of expected) expect(shown[i]!.stdout).toContain(text)
    }
  }, 60_000)
})

function dealt(key: string, out: string) {
  const quorum = ['--quorum', '2', '--holders', '3', '--rehearsal']
  return custodyJson(['fhe', 'deal', '--client-key', at(key), ...quorum, '--out', at(out)])
}
