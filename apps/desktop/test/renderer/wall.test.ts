import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type RunView, readWall, type Wall } from '../../src/contract/index.ts'
import { type Shown, wallOf } from '../../src/renderer/stage/wall-of.ts'
import { current, hex, run, words } from '../support/fake-views.ts'

const say = (key: string): string => key
const all32 = Array.from({ length: 32 }, (_, index) => words[index % words.length] ?? '')
const shown: Shown = {
  state: 'step',
  step: 'Step 4 of 6',
  who: 'Mei Tanaka',
  role: 'Crypto officer',
  what: 'Mei Tanaka, compare the words, then sign.',
  evidence: null,
  card: { of: 'Bundle digest', card: 4, heard: 3, digest: hex, words: all32, differs: false },
  partTitle: ({ title }) => title,
}

/** Every text of a run that is no title, name of a person or key is a planted secret. */
function planted(value: unknown, at = ''): unknown {
  if (Array.isArray(value)) return value.map((one) => planted(one, at))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, planted(one, name)]))
  const shownAnyway = [
    'title',
    'organisation',
    'name',
    'level',
    'state',
    'created',
    'domain',
    'id',
    'parent',
    'need',
  ]
  return typeof value === 'string' && !shownAnyway.includes(at)
    ? `SECRET ${at} /store/c1/pin-51827364`
    : value
}

const accepts = (wall: unknown): boolean => readWall(wall) !== null

describe('the wall', () => {
  it('has the letters of every name that the paper has', () => {
    const styles = join(import.meta.dirname, '../../src/renderer')
    const read = (file: string) => readFileSync(join(styles, file), 'utf8')
    expect(read('wall/wall.css')).toMatch(/^@import "\.\.\/styles\/every-script\.css";/)
    expect(read('wall/wall.css')).toContain('font-family: var(--letters)')
    expect(read('styles/paper.css')).toMatch(/^@import "\.\/every-script\.css";/)
    for (const script of ['', ' Arabic', ' Hebrew', ' JP', ' KR', ' SC'])
      expect(read('styles/every-script.css')).toContain(`"Noto Sans${script} Variable"`)
  })

  it('WALL-SECRETS is given who, what, when and the four words in hand, and nothing else of a run', () => {
    const view = planted({ ...run, current }) as RunView
    const wall = wallOf(view, shown, say, 'en')
    expect(accepts(wall)).toBe(true)
    expect(JSON.stringify(wall)).not.toContain('SECRET')
    expect(JSON.stringify(wall)).not.toContain('pin-51827364')
    expect(wall).toMatchObject({ who: 'Mei Tanaka', what: shown.what, step: 'Step 4 of 6' })
    expect(wall.reading?.first).toBe(13)
    expect(wall.reading?.words.map(({ word }) => word)).toEqual(all32.slice(12, 16))
    expect(wall.reading?.words.map(({ byte }) => byte).join('')).toBe(hex.slice(24, 32))
    // Not even the whole digest: the other words are not in hand.
    expect(JSON.stringify(wall)).not.toContain(hex)
  })

  it.each([0, 250, 499])('of 500 keys the wall shows those around the one in hand, number %i', (at) => {
    const [key] = run.keys
    const keys = Array.from({ length: 500 }, (_, index) => ({
      ...key!,
      id: `key-${index}`,
      name: `Key ${index}`,
      level: 'data' as const,
      parent: null,
      state: index < at ? ('made' as const) : index === at ? ('now' as const) : ('todo' as const),
    }))
    const wall = wallOf({ ...run, current, keys }, shown, say, 'en')
    expect(accepts(wall)).toBe(true)
    expect(wall.keys).toHaveLength(6)
    expect(wall.keys.map(({ name }) => name)).toContain(`Key ${at}`)
    expect(wall.labels.keys).toMatch(/ \d+–\d+ \/ 500$/)
  })

  it('of 60 parts the wall shows those around the one in hand', () => {
    const [part] = run.parts
    const parts = Array.from({ length: 60 }, (_, index) => ({ ...part!, id: `${index}`, steps: [] }))
    parts[59] = { ...part!, id: 'last', steps: [{ ...current, number: 1 }] } as never
    const wall = wallOf({ ...run, current, parts }, shown, say, 'en')
    expect(accepts(wall)).toBe(true)
    expect(wall.parts).toHaveLength(6)
    expect(wall.parts.at(-1)?.now).toBe(true)
    expect(wall.parts.at(-1)?.title).toMatch(/^60 \/ 60 · /)
  })

  it('shows the one value of a result, a number or a serial, and nothing that has another shape', () => {
    const evidenceOf = (value: string) =>
      wallOf({ ...run, current }, { ...shown, evidence: { name: 'Serial', value } }, say, 'en').evidence
    for (const value of ['13', 'E1', 'd1c9 5aa0 b2a6 f0e4', 'DENK-0401'])
      expect(evidenceOf(value)).toEqual({ name: 'Serial', value })
    for (const value of ['', hex, '/store/c1', 'two  spaces', 'age1pq1f3a1c0de5b7724e19d80', 'a\nb'])
      expect(evidenceOf(value)).toBeNull()
  })

  it('a ceremony that ended runs no longer on the wall', () => {
    const ended = wallOf({ ...run, current: null }, shown, say, 'en')
    expect(accepts(ended)).toBe(true)
    expect(ended.until).toBe(run.parts.flatMap(({ steps }) => steps).findLast(({ doneAt }) => doneAt)?.doneAt)
    expect(wallOf({ ...run, current }, shown, say, 'en').until).toBeNull()
  })

  it('WALL-ALLOWED nothing is shown that has no place there, in whichever member it comes', () => {
    const wall = wallOf({ ...run, current }, shown, say, 'en')
    const [key] = wall.keys
    const changed: unknown[] = [
      { ...wall, pin: '51827364' },
      { ...wall, keys: [{ ...key, path: '/store' }] },
      { ...wall, reading: { ...wall.reading, phrase: 'a phrase' } },
      { ...wall, reading: { ...wall.reading, words: all32.map((word) => ({ word, byte: '00' })) } },
      { ...wall, reading: { ...wall.reading, words: Array(4).fill({ word: '51827364', byte: '00' }) } },
      { ...wall, what: 'two\nlines' },
      { ...wall, evidence: { name: 'Digest', value: hex } },
      { ...wall, evidence: { name: 'Serial', value: '13', path: '/store' } },
      { ...wall, what: 'x'.repeat(301) },
      null,
      'text',
    ]
    expect(changed.filter(accepts)).toEqual([])
    expect(accepts(wall satisfies Wall)).toBe(true)
  })
})
