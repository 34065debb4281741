import { sha256Hex, utf8 } from '@lux/crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lintPlan, maxPlanBytes, planRules, readPlan, unendedLine } from '../../src/exports/plan.ts'
import { planOf } from '../engine/plans.ts'

const { text } = planOf('first-run', 'rehearsal')

function refusals(changed: string | Uint8Array) {
  const read = readPlan(typeof changed === 'string' ? utf8(changed) : changed)
  return read.ok ? [] : read.refusals
}

describe('a plan file', () => {
  it('gives a plan and the SHA-256 of its bytes', () => {
    const read = readPlan(utf8(text))
    expect(read.ok && read.plan.title).toBe('Test of first-run')
    expect(read.ok && read.hash).toBe(sha256Hex(utf8(text)))
  })

  it.each([
    ['CR line ends', utf8(text.replaceAll('\n', '\r\n'))],
    ['a byte order mark', utf8(`\uFEFF${text}`)],
    ['invalid UTF-8', Uint8Array.of(0x76, 0xff, 0x0a)],
    ['more than 1 MiB', new Uint8Array(maxPlanBytes + 1).fill(0x23)],
    ['a NUL character', utf8(`${text}# \0\n`)],
  ])('PLAN-01 is refused with %s', (_what, bytes) => {
    expect(refusals(bytes).map(({ rule }) => rule)).toEqual(['PLAN-01'])
  })

  it.each([
    ['an anchor', text.replace('title: ', 'title: &a ')],
    ['an alias', `${text.replace('title: ', 'title: &a ')}other: *a\n`],
    ['a tag', text.replace('title: ', 'title: !!str ')],
    ['a non-specific tag', text.replace('title: ', 'title: ! ')],
    ['a merge key', text.replace('\norganisation:\n', '\norganisation:\n  <<: { id: other }\n')],
    ['a duplicate key', `${text}title: twice\n`],
    ['a directive', `%YAML 1.2\n---\n${text}`],
    ['two documents', `${text}---\n${text}`],
    ['a key that is no text', `${text}7: seven\n`],
    ['a key after a question mark', text.replace('title: ', '? title\n: ')],
    ['a key and its colon in two lines', text.replace('title: ', 'title\n  : ')],
    ['a last text whose quote is not closed', `${text}more: 'it''`],
    ['half a character', text.replace(/^title: .*$/m, 'title: "\\ud83d"')],
    ['a directive after a line separator that YAML has not', `%\u2028---\n${text}`],
    ['a broken line', text.replace('\ntitle: ', '\n  : [\ntitle: ')],
  ])('PLAN-02 is refused with %s', (_what, changed) => {
    const found = refusals(changed)
    expect(found.length).toBeGreaterThan(0)
    expect(new Set(found.map(({ rule }) => rule))).toEqual(new Set(['PLAN-02']))
  })

  it('PLAN-02 is refused with endless nesting', () => {
    expect(refusals('['.repeat(100_000)).map(({ rule }) => rule)).toContain('PLAN-02')
  })

  it.each([
    ['lines of accounts', 'root:hunter2:0:0\nadmin:hunter2:1:1\n'],
    ['a map', 'hunter2: hunter2\n'],
    ['an unknown key of a plan', `${text}hunter2=: hunter2\n`],
    ['a wrong value', text.replace(/^title: .*$/m, 'title: [hunter2]')],
    ['a wrong literal', text.replace('v: 3\n', 'v: hunter2\n')],
    ['an anchor', 'v: &hunter2 1\n'],
    ['an alias', 'v: *hunter2\n'],
    ['a tag', 'v: !hunter2 1\n'],
    ['a directive', '%hunter2 hunter2\n---\nv: 1\n'],
    ['a broken escape', 'v: "\\qhunter2"\n'],
    ['a line without a key', 'v: 1\nhunter2\n'],
    ['a duplicate key', 'hunter2: 1\nhunter2: 2\n'],
  ])('PLAN-02 PLAN-03 repeat nothing of a file that holds %s', (_what, secret) => {
    const found = refusals(secret)
    expect(found.length).toBeGreaterThan(0)
    expect(JSON.stringify(found)).not.toContain('hunter2')
  })

  it('PLAN-46 says of a plan that was cut anywhere that its end is missing, unless it was cut between two lines', () => {
    const whole = utf8(text)
    const unnamed: number[] = []
    let looked = 0
    for (let length = 1; length < whole.length - 100; length += 151) {
      const cut = whole.subarray(0, length)
      if (cut.at(-1) === 0x0a) continue
      looked += 1
      const read = readPlan(cut)
      const found = read.ok && lintPlan(read.plan).length > 0 ? unendedLine(cut) : refusals(cut)
      if (!found.some(({ rule }) => rule === 'PLAN-46')) unnamed.push(length)
    }
    expect([looked > 50, unnamed]).toEqual([true, []])
  })

  it.each([
    ['inside a quoted text', 'v: 1\ntitle: "The first', 'the text ends too early, at line 2, column 18'],
    [
      'inside a bracket',
      'v: 1\nparts: [{ kind: root-kek, steps: [',
      'the text ends too early, at line 2, column 35',
    ],
    ['inside a key', 'v: 1\norganis', 'the text ends too early, at line 2, column 8'],
    ['before anything', '', 'the file is empty'],
  ])('PLAN-46 names where a plan ends that was cut %s', (_what, cut, detail) => {
    expect(refusals(cut)[0]).toMatchObject({ rule: 'PLAN-46', detail })
  })

  it('PLAN-46 a plan cut inside a character is cut off, and one with a wrong byte is not', () => {
    const cut = [...utf8('v: 1\ntitle: "\u0647'), ...utf8('\u{1f511}').subarray(0, 3)]
    expect(refusals(Uint8Array.from(cut))).toMatchObject([{ rule: 'PLAN-46' }])
    expect(refusals(Uint8Array.from([...utf8('v: 1'), 0xff, 0xff]))).toMatchObject([{ rule: 'PLAN-01' }])
  })

  it('PLAN-46 a whole plan whose last line has no end is in order', () => {
    expect(refusals(text.trimEnd())).toEqual([])
  })

  it('PLAN-02 names line and column of the fault', () => {
    expect(refusals(`${text}title: twice\n`)[0]?.detail).toMatch(/^duplicate key at line \d+, column 1$/)
  })

  it('PLAN-03 names the path of an unknown key and the keys that are known there', () => {
    const [found] = refusals(
      text.replace(
        '    steps:\n      - id: roll-call\n',
        '    steps:\n      - id: roll-call\n        retries: 3\n',
      ),
    )
    expect(found?.rule).toBe('PLAN-03')
    expect(found?.detail).toContain('parts[0].steps[0].retries is not known')
    expect(found?.detail).toContain('known here: id, do, actor, textKey')
  })

  it.each([
    ['an unknown key at the top', `${text}extra: 1\n`, 'extra is not known; known here: v, title'],
    ['a missing entry', text.replace(/^title: .*\n/m, ''), 'title is missing'],
    ['another version', text.replace('v: 3\n', 'v: 4\n'), 'v: '],
    ['a step of an unknown kind', text.replace('do: roll-call', 'do: improvise'), 'parts[0].steps[0].do'],
    [
      'a digest in capitals',
      text.replace(/^policy: (.*)$/m, (line) => line.toUpperCase().replace('POLICY', 'policy')),
      'policy: ',
    ],
    ['a title of two lines', text.replace(/^title: .*$/m, 'title: "a\\nb"'), 'title: '],
    ['t that is no integer', text.replace('  t: 2\n', '  t: 2.5\n'), 'fhe.t'],
  ])('PLAN-03 is refused with %s', (_what, changed, detail) => {
    const found = refusals(changed)
    expect(found.map(({ rule }) => rule)).toContain('PLAN-03')
    expect(found.map((refusal) => refusal.detail).join('\n')).toContain(detail)
  })

  it('PLAN-03 is refused when the file is no map at all', () => {
    for (const changed of ['just text\n', '- a\n- b\n', '42\n'])
      expect(refusals(changed)[0]?.rule).toBe('PLAN-03')
  })

  it('never makes the reader or the lint throw, whatever line is changed', () => {
    const lines = text.split('\n')
    const change = fc.record({
      at: fc.nat(lines.length - 1),
      to: fc.oneof(fc.string(), fc.constantFrom(...lines)),
    })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (edits) => {
        const edited = [...lines]
        for (const { at, to } of edits) edited[at] = to
        const read = readPlan(utf8(edited.join('\n').toWellFormed()))
        if (read.ok) for (const { rule } of lintPlan(read.plan)) expect(planRules).toContain(rule)
        else expect(read.refusals.length).toBeGreaterThan(0)
      }),
      { numRuns: 150 },
    )
  })
})
