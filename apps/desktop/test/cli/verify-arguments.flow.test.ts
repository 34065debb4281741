import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { verifyBundle } from '@lux/ceremony/bundle'
import { fileReader } from '@lux/node-files'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { custody, custodyJson, temporaryFolder } from './support/custody.ts'

const root = join(import.meta.dirname, '../../../..')
const verifier = join(root, 'tools/verifier/verify.py')
const bundle = join(root, 'packages/ceremony/history/0.1.0/bundle.zip')
const policy = join(root, 'packages/ceremony/history/0.1.0/policy.json')
let folder: string
let card: string
let audience: string

beforeAll(async () => {
  folder = temporaryFolder()
  const reader = fileReader(bundle)
  try {
    const { contents } = await verifyBundle(reader)
    audience = contents?.predicate.audience ?? ''
    const bytes = await contents?.read(audience, 32_768)
    if (!bytes?.ok) throw new Error('the bundle has no server card')
    card = join(folder, 'card.json')
    writeFileSync(card, bytes.value)
  } finally {
    reader.close()
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What follows the command in every line of the pages that verifies a bundle. */
function forms(): string[][] {
  const guide = join(root, 'docs/guide')
  const pages = [join(root, 'README.md'), ...readdirSync(guide).map((name) => join(guide, name))]
  const lines = pages
    .filter((page) => page.endsWith('.md'))
    .flatMap((page) => readFileSync(page, 'utf8').split('\n'))
    .flatMap(
      (line) =>
        /^(?:\.\/)?(?:custody verify|python3 tools\/verifier\/verify\.py) ([^;#]*)/.exec(line)?.[1] ?? [],
    )
  return lines.map((line) => line.trim().split(/ +/))
}

/** The words of a page with files that are there. */
function withFiles(words: readonly string[]): string[] {
  return words.map((word, at) => {
    const before = words[at - 1]
    if (word.startsWith('--')) return word
    return before === '--policy' ? policy : before === '--audience' ? card : bundle
  })
}

type Said = { exit: number | null; failed: unknown }

function second(args: readonly string[]): Said {
  const { status, stdout } = spawnSync('python3', ['-B', verifier, ...args, '--json'], { encoding: 'utf8' })
  return { exit: status, failed: status === 2 && stdout === '' ? [] : (JSON.parse(stdout) as Said).failed }
}

async function first(args: readonly string[]): Promise<Said> {
  const { exit, json } = await custodyJson(['verify', ...args])
  return { exit, failed: json.failed ?? [json.code] }
}

test('FILE-WRONG-KIND a pipe or a device as bundle, policy or card is refused at once, and not waited for', async () => {
  const pipe = join(folder, 'pipe')
  spawnSync('mkfifo', [pipe])
  const said = await Promise.all([
    custodyJson(['verify', pipe, '--policy', policy]),
    custodyJson(['verify', bundle, '--policy', pipe]),
    custodyJson(['verify', bundle, '--policy', policy, '--audience', '/dev/zero']),
    custodyJson(['policy', 'show', pipe]),
  ])
  expect(said.map(({ exit, json }) => [exit, json.code])).toEqual(said.map(() => [2, 'FILE-WRONG-KIND']))
  expect(second([pipe, '--policy', policy])).toEqual({ exit: 2, failed: ['FILE-WRONG-KIND'] })
})

test('AUDIT-SHELL the guide of auditors walks a bundle with Python and a shell alone', () => {
  const place = join(folder, 'auditor')
  mkdirSync(place)
  for (const [from, name] of [
    [verifier, 'verify.py'],
    [join(root, 'packages/crypto/src/text/characters.json'), 'characters.json'],
    [bundle, 'bundle.zip'],
    [policy, 'policy.json'],
  ] as const)
    copyFileSync(from, join(place, name))
  const guide = readFileSync(join(root, 'docs/guide/audit.md'), 'utf8').split('\n## A server')[0] ?? ''
  const blocks = [...guide.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, lines = '']) => lines)
  expect(blocks).toHaveLength(2)
  const said = blocks.map((lines) => {
    // Neither this program nor anything else of ours is on its path.
    const env = { PATH: '/usr/local/bin:/usr/bin:/bin' }
    return spawnSync('sh', ['-c', lines], { cwd: place, encoding: 'utf8', env }).stdout
  })
  expect(said[0]).toMatch(/^0\npolicy {2}[0-9a-f]{64}\n( {2}(\S+ ){7}\S+\n){4}$/)
  expect(said[1]).toMatch(/^\d+\n/)
  const report = readFileSync(join(place, 'report.txt'), 'utf8')
  for (const kind of ['policy', 'digest', 'run', 'signed', 'key', 'note', 'not proved:', 'not known:'])
    expect(report).toMatch(new RegExp(`^${kind} `, 'm'))
})

describe('both verifiers take the same arguments', () => {
  test('in every form that README and guide use', async () => {
    const all = forms()
    expect(all.length).toBeGreaterThan(5)
    expect(all.flat()).toEqual(expect.arrayContaining(['--policy', '--audience']))
    // Most lines differ in the names of their files alone.
    for (const words of new Map(all.map((one) => [withFiles(one).join(' '), one])).values()) {
      const args = withFiles(words)
      expect([words, await first(args)]).toEqual([words, { exit: 0, failed: [] }])
      expect([words, second(args)]).toEqual([words, { exit: 0, failed: [] }])
    }
  }, 120_000)

  test('both say the same of what no bundle proves', async () => {
    const cut = join(folder, 'cut.zip')
    writeFileSync(cut, readFileSync(bundle).subarray(0, 1000))
    const always = ['genuine hardware', 'the room', 'the clock', 'the holders', 'before the run']
    for (const [args, parts] of [
      [[bundle, '--policy', policy], always],
      [[bundle], ['gave no policy', ...always]],
      [[cut, '--policy', policy], ['could not be read']],
    ] as const) {
      const unproved = (text: string) => text.split('\n').filter((line) => line.startsWith('not proved: '))
      const { stdout } = await custody(['verify', ...args])
      expect([args, unproved(stdout)]).toEqual([args, parts.map((part) => expect.stringContaining(part))])
      const second = spawnSync('python3', ['-B', verifier, ...args], { encoding: 'utf8' }).stdout
      expect([args, unproved(second)]).toEqual([args, unproved(stdout)])
      const digest = (text: string) => /^digest .*\n(?: {2}.*\n){4}/m.exec(text)?.[0]
      expect([args, digest(second)]).toEqual([args, digest(stdout)])
    }
  }, 60_000)

  test('AUDIENCE a server by its card or by the digest of that card', async () => {
    const given = [bundle, '--policy', policy, '--audience']
    for (const who of [card, audience]) {
      expect(second([...given, who])).toEqual({ exit: 0, failed: [] })
      expect(await first([...given, who])).toEqual({ exit: 0, failed: [] })
    }
    for (const args of [
      [...given, '0'.repeat(64)],
      ['--audience', '0'.repeat(64), bundle, `--policy=${policy}`],
    ]) {
      expect(second(args)).toEqual({ exit: 1, failed: ['AUDIENCE'] })
      expect(await first(args)).toEqual({ exit: 1, failed: ['AUDIENCE'] })
    }
  }, 60_000)

  test('exit 2 for an audience that is neither, and for files that are not there', async () => {
    const given = [bundle, '--policy', policy, '--audience']
    const long = join(folder, 'long.json')
    writeFileSync(long, ' '.repeat(40_000))
    const cases: [args: string[], code: string][] = [
      [[...given, policy], 'SERVER-CARD-MALFORMED'],
      [[...given, bundle], 'SERVER-CARD-MALFORMED'],
      [[...given, long], 'SERVER-CARD-MALFORMED'],
      [[...given, audience.toUpperCase()], 'FILE-MISSING'],
      [[...given, ''], 'FILE-MISSING'],
      [[...given, folder], 'FILE-WRONG-KIND'],
      [[join(folder, 'nothing.zip'), '--policy', policy], 'FILE-MISSING'],
      [[join(policy, 'nothing.zip'), '--policy', policy], 'FILE-MISSING'],
      [[folder], 'FILE-WRONG-KIND'],
      [[bundle, '--policy', ''], 'FILE-MISSING'],
    ]
    for (const [args, code] of cases) {
      expect([args, second(args)]).toEqual([args, { exit: 2, failed: [code] }])
      expect([args, await first(args)]).toEqual([args, { exit: 2, failed: [code] }])
    }
    expect(second([bundle, '--policy', bundle])).toEqual({ exit: 1, failed: ['POLICY-MALFORMED'] })
    expect(await first([bundle, '--policy', bundle])).toEqual({ exit: 1, failed: ['POLICY-MALFORMED'] })
  }, 120_000)

  test('exit 2 for other words: none is guessed from its beginning', async () => {
    for (const args of [
      [],
      [bundle, bundle],
      [bundle, '--pol', policy],
      [bundle, '--policy'],
      [bundle, '--domain', 'x'],
    ]) {
      const run = spawnSync('python3', ['-B', verifier, ...args], { encoding: 'utf8' })
      expect([args, run.status]).toEqual([args, 2])
      expect([args, (await custody(['verify', ...args])).exit]).toEqual([args, 2])
    }
  }, 60_000)
})

test('verify.py needs the table of characters beside it, and says so before it judges anything', () => {
  const alone = join(folder, 'alone')
  mkdirSync(alone)
  copyFileSync(verifier, join(alone, 'verify.py'))
  const judged = () =>
    spawnSync('python3', ['-B', join(alone, 'verify.py'), bundle, '--policy', policy], { encoding: 'utf8' })
  expect(judged()).toMatchObject({
    status: 3,
    stdout: '',
    stderr: expect.stringContaining('characters.json'),
  })
  copyFileSync(join(root, 'packages/crypto/src/text/characters.json'), join(alone, 'characters.json'))
  expect(judged()).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/\nnote {4}heard: not recorded\n(?:.*\n)*accepted\n$/),
    stderr: '',
  })
})
