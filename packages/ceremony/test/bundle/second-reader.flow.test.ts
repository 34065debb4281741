import { describe, expect, it } from 'vitest'
import { parseYaml } from '../../src/plan/yaml-text.ts'
import { planOf, scriptNames } from '../engine/plans.ts'
import { besideVerifier, secondReads } from '../support/second-reader.ts'
import { type Choose, choices, spelled } from '../support/spelled-plan.ts'

const shipped = scriptNames.map((name) => planOf(name, 'production'))

/** What the first reader reads: a value, or nothing. */
function firstRead(text: string): unknown {
  const parsed = parseYaml(text)
  return parsed.ok ? { value: parsed.value } : { refused: parsed.refusals[0]?.rule }
}

const byHand = [
  `# A plan, as somebody might write it`,
  `"v": 1`,
  `title: 'It''s a plan: really' # not a map`,
  `policy: >-`,
  `  ${'a'.repeat(64)}`,
  `people:`,
  `- {role: officer, name: "A\\u0064a \\"x\\"", card: "${'b'.repeat(64)}"}`,
  `- role: witness`,
  `  name: Wim`,
  `    of the Hague`,
  `  card: '${'c'.repeat(64)}'`,
  `tokens: [ { role: ceremony, profile: softhsm } ]`,
  `keys: []`,
  `checkpoints:`,
  `  live:`,
  ``,
  `    - open-run`,
  `    # a remark`,
  `    - "true"`,
  `parts:`,
  `  -`,
  `    kind: root-kek`,
  `    steps:`,
  `      - id: open-run`,
  `        do: open-run`,
  `        text: |`,
  `          Say: this`,
  `          - and that`,
].join('\n')

const right = [
  byHand,
  'live: [ # witnesses wait at\n    open-run, make-root ]\n',
  'live: [open-run, # officers\n    make-root]\n',
  'destinations: [ # no server yet\n  ]\n',
  'destinations: [\n]\n',
  '--- # the plan\nv: 1\n... # its end\n',
  'tokens: [ # one token\n  {role: ceremony, profile: softhsm} ]\n',
  'steps:\n  - do: read-back\t# c\n    key: root\t\n',
  'title: \'one\'\t# two\ntool: "three"\t\npolicy: four\t# five\n',
  'title: C# and a#b, not # a remark\n',
  'title: >-  # folded\n  # no remark\n  two\n\n# a remark\nv: 1\n',
  'title: |2-\n    deep\nv: 1\n',
  'title: "a \\\n   b"\ntool: "\\ud83d\\ude00"\n',
  'v: 1.0\nt: 2e0\nn: 0x3\n',
  'title: \ufeffa\u2028b\u0085c\n',
  '{"v": 1, "keys": [{"id":"root"}]}\n',
]

const wrong = [
  'live: [ #one\n  a,#two\n  b ]\n',
  'title: a: b\n',
  'title: a # b\n  c\n',
  'title: &a b\n',
  'title: *a\n',
  'title: !!str b\n',
  'title: @a\n',
  'title: %a\n',
  'title: "a"b\n',
  "title: 'a'#b\n",
  'title: "\\q"\n',
  'title: "\\ud800"\n',
  "title: 'a''",
  'title: "a\nb"\n',
  'keys:\n\t- a\n',
  'keys: - a\n',
  '? title\n: a\n',
  'title\n  : a\n',
  '{"tit\nle": a}\n',
  '%YAML 1.2\n---\nv: 1\n',
  'v: 1\n---\nv: 2\n',
  'v: 1\nv: 2\n',
  '{v: 1, v: 2}\n',
  'keys:\n    - a\n  - b\n',
  'live: [a, b\n',
  'title: |\n   \n  a\n',
  'title: |-x\n  a\n',
  '1: a\n',
  'true: a\n',
  '<<: {v: 1}\n',
]

describe('the second verifier', () => {
  it('reads a plan as the first one does, also one that was written by hand', () => {
    const texts = [...shipped.map(({ text }) => text), ...right]
    const second = secondReads(texts)
    for (const [index, text] of texts.entries())
      expect([text, second[index]]).toEqual([text, firstRead(text)])
    for (const text of texts) expect([text, firstRead(text)]).toEqual([text, { value: expect.anything() }])
  })

  it('refuses what the first one does not take for a plan’s YAML', () => {
    const second = secondReads(wrong)
    for (const [index, text] of wrong.entries()) {
      expect([text, firstRead(text)]).toEqual([text, { refused: expect.stringMatching(/^PLAN-(02|46)$/) }])
      expect([text, second[index]]).toEqual([text, { refused: expect.any(String) }])
    }
  })

  it('reads every spelling of the shipped plans as the first one does', () => {
    const choose = choices('spelled plans')
    const texts = shipped.flatMap(({ plan }) => Array.from({ length: 15 }, () => spelled(plan, choose)))
    const second = secondReads(texts)
    for (const [index, text] of texts.entries()) {
      const { plan } = shipped[Math.floor(index / 15)]!
      expect([text, firstRead(text)]).toEqual([text, { value: plan }])
      expect([text, second[index]]).toEqual([text, { value: plan }])
    }
  }, 120_000)

  it('never reads of a damaged text what the first one does not', () => {
    const choose = choices('damaged plans')
    const texts = Array.from({ length: 6000 }, () => damaged(seeds[choose(seeds.length)]!, choose))
    let read = 0
    for (const [index, second] of secondReads(texts).entries()) {
      if ('refused' in second) continue
      read += 1
      expect([texts[index], second]).toEqual([texts[index], firstRead(texts[index]!)])
    }
    expect(read).toBeGreaterThan(1000)
  }, 120_000)

  it('reads the longest texts in time that grows with their length', () => {
    const longest = ['b, ', "''", '\\n', 'b ', '[', ' \t', '#\n'].map((piece) =>
      piece.repeat(1_000_000 / piece.length),
    )
    const [flow, single, double, spaces, open, tabs, remarks] = longest
    const texts = [
      `a: [${flow}]\n`,
      `a: '${single}'\n`,
      `a: "${double}"\n`,
      `a: "${spaces}"\n`,
      `a: b${tabs}\n`,
      `a: [\n${remarks}]\n`,
    ]
    for (const read of secondReads(texts)) expect(read).toEqual({ value: { a: expect.anything() } })
    expect(secondReads([`a: ${open}\n`])).toEqual([{ refused: 'the plan is nested too deeply' }])
  }, 120_000)

  it('PLAN-01 takes no other bytes for a plan than the first one', () => {
    const { text } = shipped[0]!
    const files = [
      text,
      text.replaceAll('\n', '\r\n'),
      `\ufeff${text}`,
      `${text}# \0\n`,
      `${text}#\r`,
      ' \u2028\n',
      '',
      '#',
    ]
    const taken = besideVerifier(
      `
def taken(text):
    try:
        return bool(verify.read_plan(text.encode()))
    except verify.Refused:
        return False
print(json.dumps([taken(text) for text in json.load(sys.stdin)]))
`,
      files,
    )
    expect(taken).toEqual([true, false, false, false, false, false, false, false])
  })
})

const seeds = [
  'v: b\nkeys:\n  - d\n  - id: f\n    name: h\n  -\n    t: j\nlive: [l, m, {n: o}]\np: "q r"\ns: \'t\'\nu: >-\n  v\n  w\nx: |-\n  y\nz:\n- A\n- B\n',
  '--- # plan\nlive: [ # w\n    a, b ]\ndest: [ # no\n  ]\ntitle: word word\n  more words # c\nd:\n  e:\n    f: 1 # x\n  # y\n  g: {h: i, "j": \'k\'}\n',
  '{"v": 1, "l": ["a", "b"],\n "m": {"x": true}}\n',
  'a:\n  b\n  c\nd:\n  "e\n   f"\ng:\n    - - h\n      - i\n    - j: k\n      l:\n      - m\n',
]
const pieces =
  'a|b: c|- |-|: |,|:|?|? |#| #|# x|\t|\t#| |  |\n|\n  |\n    |\n\n|[|]|{|}|"|\'|"" |\'\'|\\|\\n|\\\n|>|>-|>+|2|---|...|--- |\n---\n|\n...\n|%|&x|*x|!t|@|`|null|true|0x1f|1.5|1e3|2.0|~|key: |k: v\n|- x\n|"q"|\'q\'|"q": |x y|<<: |é|\u2028|\x85|\ufeff|\\u00e9|\\ud83d|\\/'.split(
    '|',
  )
const blankRows = ['', '  ', '\t', '# c', '    # c', '\t# c', ' \t', '   ']
const rowTails = [' ', '\t', ' # c', '\t# c', '#c', '|', ' |-']

function damaged(text: string, choose: Choose): string {
  let now = text
  for (let times = 1 + choose(4); times > 0; times--) {
    const at = choose(now.length + 1)
    const rows = now.split('\n')
    const row = choose(rows.length)
    const way = choose(6)
    if (way < 2) now = now.slice(0, at) + pieces[choose(pieces.length)]! + now.slice(at)
    else if (way === 2) now = now.slice(0, at) + now.slice(at + 1 + choose(4))
    else {
      if (way === 3) rows[row] = ' '.repeat(choose(6)) + rows[row]!.replace(/^ +/, '')
      if (way === 4) rows.splice(row, 0, blankRows[choose(blankRows.length)]!)
      if (way === 5) rows[row] += rowTails[choose(rowTails.length)]!
      now = rows.join('\n')
    }
  }
  return now
}

it('SIGNED-HERE the second verifier reads of the same kinds who signed at the workstation itself', () => {
  const said = [
    ['signature.accepted', { name: 'Otto', here: true }],
    ['holder.acknowledged', { name: 'Hal', payload: { name: 'Another' }, here: true }],
    ['custodian.acknowledged', { payload: { name: 'Cleo' }, here: true }],
    ['custodian.acknowledged', { payload: { name: 'Carl' } }],
    ['custodian.acknowledged', { payload: null, here: true }],
    ['note.made', { name: 'Nora', here: true }],
  ]
  const read = besideVerifier(
    'print(json.dumps([verify.signed_at(*one) for one in json.load(sys.stdin)]))',
    said,
  )
  expect(read).toEqual(['Otto', 'Hal', 'Cleo', null, null, null])
})
