import { execFileSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { rehearsalPins } from '../../src/core/rehearsal/rehearsal-pins.ts'
import { RunFolder } from '../../src/core/runs/folder/run-folder.ts'
import { custody, custodyKilled, type Ended } from './support/cli.ts'
import { entriesOf, verdictOf } from './support/run-end.ts'

vi.setConfig({ testTimeout: 60_000 })

const script = fileURLToPath(new URL('./support/chain.yaml', import.meta.url))
let home: string
let whole: string
let count = 0

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'bad-input-'))
  whole = join(home, 'whole')
  const ended = await custody(['rehearse', script, '--out', whole])
  if (ended.code !== 0) throw new Error(ended.stderr)
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

function fresh(): string {
  count += 1
  return join(home, `run-${count}`)
}

/** A copy of the finished rehearsal, to be damaged. */
function copy(): string {
  const dir = fresh()
  cpSync(whole, dir, { recursive: true })
  return dir
}

function changeLog(dir: string, sql: string): void {
  const database = new Database(join(dir, 'ceremony.db'))
  database.exec(sql)
  database.close()
}

const status = (dir: string): Promise<Ended> => custody(['ceremony', 'status', dir])

describe('a run’s folder that is not what it was', () => {
  test('everything in it is for its owner alone', () => {
    const dir = whole
    for (const name of ['ceremony.db', 'stand-ins.json', 'policy.json', 'bundle.zip', 'transcript.jsonl']) {
      expect([name, statSync(join(dir, name)).mode & 0o777]).toEqual([name, 0o600])
    }
    for (const name of ['.', 'blobs', 'attempts', 'checkpoints']) {
      expect([name, statSync(join(dir, name)).mode & 0o777]).toEqual([name, 0o700])
    }
  })

  test.each<[name: string, code: string, damage: (dir: string) => void]>([
    [
      'a log with bytes overwritten',
      'STORE-DAMAGED',
      (dir) => {
        const bytes = readFileSync(join(dir, 'ceremony.db'))
        bytes.fill(0xa5, 4096, 12_288)
        writeFileSync(join(dir, 'ceremony.db'), bytes)
      },
    ],
    [
      'a log that is no database',
      'STORE-DAMAGED',
      (dir) => writeFileSync(join(dir, 'ceremony.db'), 'x'.repeat(9000)),
    ],
    ['a log of a newer version', 'STORE-NEWER', (dir) => changeLog(dir, 'PRAGMA user_version = 99')],
    [
      'an entry whose line is cut short',
      'STORE-DAMAGED',
      (dir) =>
        changeLog(
          dir,
          'DROP TRIGGER event_is_append_only; UPDATE event SET line = substr(line, 1, 40) WHERE seq = 9',
        ),
    ],
    [
      'a log whose last entries are gone',
      'STORE-DAMAGED',
      (dir) => changeLog(dir, 'DROP TRIGGER event_is_kept; DELETE FROM event WHERE seq >= 30'),
    ],
    [
      'an entry that was changed',
      'STORE-DAMAGED',
      (dir) =>
        changeLog(
          dir,
          `DROP TRIGGER event_is_append_only; UPDATE event SET line = CAST(replace(CAST(line AS TEXT), 'Witness One', 'Witness 1ne') AS BLOB) WHERE seq = 2`,
        ),
    ],
    [
      'a plan that is not the one it began with',
      'STORE-DAMAGED',
      (dir) => writeFileSync(join(dir, 'plan.yaml'), `${readFileSync(join(dir, 'plan.yaml'), 'utf8')}\n`),
    ],
    ['no log at all', 'CEREMONY-UNKNOWN', (dir) => rmSync(join(dir, 'ceremony.db'))],
  ])('%s is refused as %s and nothing is changed', async (_name, code, damage) => {
    const dir = copy()
    damage(dir)
    const before = code === 'CEREMONY-UNKNOWN' ? null : readFileSync(join(dir, 'ceremony.db'))
    for (const ended of [await status(dir), await custody(['ceremony', 'resume', dir])]) {
      expect(ended.json).toMatchObject({ ok: false, code })
      expect(ended.code).toBe(code === 'CEREMONY-UNKNOWN' ? 2 : 3)
    }
    if (before !== null) expect(readFileSync(join(dir, 'ceremony.db')).equals(before)).toBe(true)
  })

  test('STORE-LOCKED a second process is kept off a run that another one holds', async () => {
    const folder = RunFolder.open(whole)
    try {
      const ended = await status(whole)
      expect(ended.json).toMatchObject({ ok: false, code: 'STORE-LOCKED' })
      expect(ended.code).toBe(3)
    } finally {
      folder.close()
    }
    expect((await status(whole)).json).toMatchObject({ ok: true, state: 'Sealed' })
  })
})

describe('a disk that takes no more', () => {
  test('DISK-FULL stops the run with nothing lost, and it goes on once there is room', async () => {
    const dir = fresh()
    const full = await custody(['rehearse', script, '--out', dir], { fileBlocks: 500 })
    expect(full.json).toMatchObject({
      ok: false,
      code: 'DISK-FULL',
      remedy: expect.stringMatching(/^Free space first, .* resume the run/),
    })
    expect(full.code).toBe(3)
    const size = entriesOf(dir).length
    expect(size).toBeGreaterThan(10)
    const ended = await custody(['ceremony', 'resume', dir])
    expect(ended.json).toMatchObject({ ok: true, state: 'Sealed' })
    expect(entriesOf(dir).length).toBeGreaterThan(size)
    expect(await verdictOf(dir)).toBe('accepted')
  })

  test('FOLDER-READ-ONLY a folder that this user may not write is named before anything is made', async () => {
    const closed = join(home, 'closed')
    mkdirSync(closed, { mode: 0o555 })
    // Root may write anywhere but on a file system that is mounted read-only.
    const asRoot = process.getuid?.() === 0
    if (asRoot) execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro,size=1m', 'tmpfs', closed])
    onTestFinished(() => {
      if (asRoot) execFileSync('umount', [closed])
    })
    const ended = await custody(['rehearse', script, '--out', join(closed, 'run')])
    expect(ended.json).toMatchObject({ ok: false, code: 'FOLDER-READ-ONLY' })
    expect(ended.code).toBe(3)
  })
})

describe('a token that was pulled out', () => {
  test('HSM-TOKEN-ABSENT ends the command with what to do, and the log does not grow for it', async () => {
    const dir = fresh()
    await custodyKilled(
      { who: 'program', when: 'after', entry: 'step.performed', step: 'initialise-token' },
      ['rehearse', script, '--out', dir],
    )
    const tokens = join(dir, 'token', 'tokens')
    const away = join(home, `away-${count}`)
    renameSync(tokens, away)
    mkdirSync(tokens)
    const before = entriesOf(dir).length
    for (let time = 1; time <= 2; time += 1) {
      const ended = await custody(['ceremony', 'resume', dir])
      expect(ended.json).toMatchObject({ ok: false, code: 'HSM-TOKEN-ABSENT' })
      expect(ended.json.detail).toContain('ceremony resume')
      expect(ended.code).toBe(3)
      expect(entriesOf(dir).length - before).toBeLessThanOrEqual(6 * time)
    }
    rmSync(tokens, { recursive: true })
    renameSync(away, tokens)
    expect((await custody(['ceremony', 'resume', dir])).json).toMatchObject({ ok: true, state: 'Sealed' })
    expect(await verdictOf(dir)).toBe('accepted')
  })
})

describe('a PIN that the token refuses', () => {
  test('opens an exception, is never tried again by the machine, and a person’s retry goes on', async () => {
    const dir = fresh()
    await custodyKilled(
      { who: 'program', when: 'after', entry: 'step.performed', step: 'initialise-token' },
      ['rehearse', script, '--out', dir],
    )
    const right = rehearsalPins(dir)
    const pins = join(dir, 'token', 'pins.json')
    writeFileSync(pins, JSON.stringify({ ...right, user: '00000000' }))
    const wrong = await custody(['ceremony', 'resume', dir])
    expect(wrong.code).toBe(3)
    expect(wrong.json).toMatchObject({ code: 'EXCEPTION-OPEN', choices: ['retry', 'abort'] })
    expect(wrong.json.detail).toContain('HSM-PIN-WRONG')
    const failures = () => entriesOf(dir).filter(({ kind }) => kind === 'step.failed').length
    expect(failures()).toBe(1)
    // Nobody has decided, so nothing is tried.
    expect((await custody(['ceremony', 'resume', dir])).json).toMatchObject({ code: 'EXCEPTION-OPEN' })
    expect(failures()).toBe(1)
    expect((await custody(['ceremony', 'resume', dir, '--decide', 'continue'])).json).toMatchObject({
      code: 'EXCEPTION-02',
    })
    writeFileSync(pins, JSON.stringify(right))
    const ended = await custody(['ceremony', 'resume', dir, '--decide', 'retry', '--reason', 'mistyped'])
    expect(ended.json).toMatchObject({ ok: true, state: 'Sealed' })
    expect(failures()).toBe(1)
  })
})

describe('a rehearsal that cannot be', () => {
  test.each<[name: string, rule: string, set: string[]]>([
    ['more holders needed than there are', 'PLAN', ['t=4', 'n=3']],
    ['the same holder twice', 'PLAN', ['holders=Ada,Ada,Grace', 't=2', 'n=3']],
    ['a blank that the script does not have', 'PLAN-04', ['nothing=1']],
  ])('%s is refused by a rule, with nothing left behind', async (_name, rule, set) => {
    const dir = fresh()
    const ended = await custody(['rehearse', '--out', dir, ...set.flatMap((one) => ['--set', one])])
    expect(ended.code).toBe(1)
    expect(ended.json.code).toContain(rule)
    expect((await custody(['ceremony', 'status', dir])).json).toMatchObject({ code: 'CEREMONY-UNKNOWN' })
  })

  test('an aborted rehearsal is over: it cannot be resumed, and its token is gone', async () => {
    const dir = fresh()
    await custodyKilled({ who: 'program', when: 'after', entry: 'step.intended', step: 'generate-root' }, [
      'rehearse',
      script,
      '--out',
      dir,
    ])
    const ended = await custody(['ceremony', 'abort', dir, '--reason', 'power failure'])
    expect(ended.json).toMatchObject({ ok: true, state: 'Aborted' })
    expect((await custody(['ceremony', 'resume', dir])).json).toMatchObject({
      state: 'Aborted',
      waitingFor: [],
    })
    expect((await custody(['ceremony', 'abort', dir, '--reason', 'again'])).json).toMatchObject({
      code: 'RUN-06',
      remedy: expect.stringContaining('nothing is left to abort'),
    })
  })
})
