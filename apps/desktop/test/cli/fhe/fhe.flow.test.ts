import { existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import tfhe from 'node-tfhe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { custody, custodyJson, temporaryFolder } from '../support/custody.ts'

let folder: string
let clientKey: string
let made: Awaited<ReturnType<typeof custodyJson>>

beforeAll(async () => {
  folder = temporaryFolder()
  made = await custodyJson([
    'fhe',
    'keygen',
    '--out',
    join(folder, 'key'),
    '--words',
    '--no-server-key',
    '--rehearsal',
  ])
  clientKey = join(folder, 'key', 'client-key.bin')
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const dealOptions = (out: string) => ['fhe', 'deal', '--client-key', clientKey, '--out', join(folder, out)]

describe('fhe', () => {
  test('keygen writes the client key for its owner alone and shows the words of its seed', () => {
    expect(made.exit).toBe(0)
    expect(made.json.words).toHaveLength(18)
    expect(statSync(clientKey).mode & 0o777).toBe(0o600)
    expect(made.stderr).toContain('client-key')
  })

  test('inspect says what each file is and which of them is secret', async () => {
    const [client, compact] = await Promise.all([
      custodyJson(['fhe', 'inspect', clientKey]),
      custodyJson(['fhe', 'inspect', join(folder, 'key', 'compact-public-key.bin')]),
    ])
    expect(client.json).toMatchObject({
      ok: true,
      type: 'client-key',
      secret: true,
      facts: { squash: false },
    })
    expect(compact.json).toMatchObject({ ok: true, type: 'compact-public-key', secret: false })
  })

  test('inspect says of a compact public key, whole or cut, that only its header was read', async () => {
    const cut = join(folder, 'cut-public-key.bin')
    writeFileSync(cut, readFileSync(join(folder, 'key', 'compact-public-key.bin')).subarray(0, 2000))
    const [json, text, client] = await Promise.all([
      custodyJson(['fhe', 'inspect', cut]),
      custody(['fhe', 'inspect', cut]),
      custodyJson(['fhe', 'inspect', clientKey]),
    ])
    expect(json.json).toMatchObject({ type: 'compact-public-key', checked: 'header' })
    expect(text.stdout).toContain('only the header was read; the rest was not checked')
    expect(client.json).toMatchObject({ type: 'client-key', checked: 'whole' })
  })

  test('deal gives n shares of one epoch, each of mode 0600', async () => {
    const { exit, json } = await custodyJson([
      ...dealOptions('dealt'),
      '--quorum',
      '2',
      '--holders',
      '3',
      '--mode',
      'F',
      '--rehearsal',
    ])
    expect(exit).toBe(0)
    expect(json.shares).toHaveLength(3)
    expect(statSync(join(folder, 'dealt', 'holder-3.bin')).mode & 0o777).toBe(0o600)
    const shown = await custodyJson(['fhe', 'inspect', join(folder, 'dealt', 'holder-3.bin')])
    expect(shown.json).toMatchObject({
      type: 'share',
      secret: true,
      facts: { t: 2, n: 3, holder: 3, epochId: json.epochId },
    })
  }, 60_000)

  test('FHE-NO-SQUASH-KEY, FHE-FLOOD-FLOOR: mode S is the default, and what to do is said where a key or (t,n) is not for its mode', async () => {
    const quorum = ['--quorum', '3', '--holders', '5', '--rehearsal']
    const [plain, floor] = await Promise.all([
      custodyJson([...dealOptions('plain'), ...quorum]),
      custodyJson([...dealOptions('floor'), ...quorum, '--mode', 'F']),
    ])
    expect(plain).toMatchObject({ exit: 1, json: { code: 'FHE-NO-SQUASH-KEY' } })
    expect(plain.json.remedy).toMatch(/squash key.*mode F/)
    expect(floor).toMatchObject({ exit: 1, json: { code: 'FHE-FLOOD-FLOOR' } })
    expect(floor.json.remedy).toContain('mode S')
  }, 60_000)

  test('OPTION-PROOF-BITS a key that is kept whole gets a reference string for 8 to 1024 bits, and with proven inputs alone', async () => {
    const keygen = ['fhe', 'keygen', '--rehearsal', '--no-server-key', '--out', join(folder, 'never')]
    const proven = ['7', '1025', 'x'].map((bits) => ['--inputs', 'proven', '--proof-bits', bits])
    const refused = [['--proof-bits', '64'], ...proven].map((options) => custodyJson([...keygen, ...options]))
    for (const one of await Promise.all(refused))
      expect(one).toMatchObject({ exit: 2, json: { code: 'OPTION-PROOF-BITS' } })
    expect(existsSync(join(folder, 'never'))).toBe(false)
  }, 60_000)

  test('FHE-WHOLE-KEY a key that lies in a file is not dealt for production', async () => {
    const { exit, json } = await custodyJson([...dealOptions('real'), '--quorum', '2', '--holders', '3'])
    expect(exit).toBe(1)
    expect(json.code).toBe('FHE-WHOLE-KEY')
  })

  test('t > n and a file that is no client key are refused by the rule that they break', async () => {
    const over = ['--quorum', '4', '--holders', '3', '--rehearsal']
    const [quorum, squashless, wrongFile] = await Promise.all([
      custodyJson([...dealOptions('much'), ...over, '--mode', 'F']),
      custodyJson([...dealOptions('plain'), ...over]),
      custodyJson([
        'fhe',
        'deal',
        '--client-key',
        join(folder, 'key', 'compact-public-key.bin'),
        '--quorum',
        '2',
        '--holders',
        '3',
        '--rehearsal',
        '--out',
        join(folder, 'wrong'),
      ]),
    ])
    expect(quorum.exit).toBe(1)
    expect(quorum.json).toMatchObject({
      code: 'FHE-QUORUM-OVER',
      why: 'Decrypting would need more people than have a share.',
      remedy: 'Give a quorum of at most the number of holders, or name more holders.',
    })
    expect(squashless.json.code).toBe('FHE-QUORUM-OVER')
    expect(wrongFile).toMatchObject({ exit: 1, json: { code: 'FHE-TYPE' } })
  }, 60_000)

  test('FILE-WRONG-KIND, FILE-DAMAGED deal takes no swapped, cut, lengthened or foreign public key, and leaves no folder', async () => {
    const key = join(folder, 'key', 'compact-public-key.bin')
    const cut = join(folder, 'cut-for-deal.bin')
    writeFileSync(cut, readFileSync(key).subarray(0, -9))
    const note = join(folder, 'no-key.txt')
    writeFileSync(note, 'hello')
    const quorum = ['--quorum', '2', '--holders', '3', '--mode', 'F', '--rehearsal']
    const deal = (...keys: string[]) => custodyJson([...dealOptions('unwanted'), ...quorum, ...keys])
    const swapped = [
      await deal('--server-key', key),
      await deal('--compact-public-key', clientKey),
      await deal('--compact-public-key', note),
    ]
    for (const one of swapped) expect(one).toMatchObject({ exit: 2, json: { code: 'FILE-WRONG-KIND' } })
    expect(swapped[0]?.json.detail).toMatch(/expected a compressed-server-key, this is a compact-public-key$/)
    const longer = join(folder, 'longer-for-deal.bin')
    writeFileSync(longer, Buffer.concat([readFileSync(key), Buffer.alloc(8)]))
    for (const damaged of [cut, longer])
      expect(await deal('--compact-public-key', damaged)).toMatchObject({
        exit: 1,
        json: { code: 'FILE-DAMAGED' },
      })
    expect(existsSync(join(folder, 'unwanted'))).toBe(false)
    expect(await deal('--compact-public-key', key)).toMatchObject({ exit: 0 })
  }, 60_000)

  test('FHE-PUBLIC-KEY-OTHER deal takes no compact public key of another client key, and leaves no folder', async () => {
    const other = tfhe.TfheClientKey.generate(tfhe.TfheConfigBuilder.default().build())
    const path = join(folder, 'of-another-key.bin')
    writeFileSync(path, tfhe.TfheCompactPublicKey.new(other).safe_serialize(1n << 30n))
    const quorum = ['--quorum', '2', '--holders', '3', '--mode', 'F', '--rehearsal']
    expect(
      await custodyJson([...dealOptions('foreign'), ...quorum, '--compact-public-key', path]),
    ).toMatchObject({
      exit: 1,
      json: { code: 'FHE-PUBLIC-KEY-OTHER', remedy: expect.stringContaining('made with this client key') },
    })
    expect(existsSync(join(folder, 'foreign'))).toBe(false)
  }, 60_000)

  test('a truncated share, a file of another kind and a missing one are each named', async () => {
    const cut = join(folder, 'cut.bin')
    writeFileSync(cut, readFileSync(clientKey))
    truncateSync(cut, 1000)
    const text = join(folder, 'note.txt')
    writeFileSync(text, 'hello')
    const runs = await Promise.all(
      [cut, text, join(folder, 'absent.bin')].map((path) => custodyJson(['fhe', 'inspect', path])),
    )
    expect(runs.map(({ exit }) => exit)).toEqual([1, 1, 2])
    expect(runs[1]?.json.code).toBe('FHE-UNKNOWN-FILE')
    expect(runs[2]?.json.code).toBe('FILE-MISSING')
  })

  test('keygen touches no folder that holds something, and leaves the server key out of rehearsals alone', async () => {
    const [taken, bare] = await Promise.all([
      custody(['fhe', 'keygen', '--out', join(folder, 'key')]),
      custody(['fhe', 'keygen', '--out', join(folder, 'bare'), '--no-server-key']),
    ])
    expect(taken).toMatchObject({ exit: 2, stdout: '' })
    expect(taken.stderr).toContain('FOLDER-IN-USE')
    expect(bare.exit).toBe(2)
    expect(bare.stderr).toContain('FHE-SERVER-KEY')
  })
})
