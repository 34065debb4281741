import { describe, expect, test } from 'vitest'
import { type Paper, paperLimits } from '../../src/contract/index.ts'
import { checkedPaper } from '../../src/main/paper/checked.ts'
import { paperHtml } from '../../src/main/paper/html.ts'

const template =
  '<!doctype html><html lang="en" dir="ltr"><head><title>Lux</title><link nonce="__CSP_NONCE__"></head><body><main></main></body></html>'

const every: Paper = {
  title: 'Verdict',
  language: 'en',
  blocks: [
    { kind: 'heading', text: 'Keys' },
    { kind: 'paragraph', text: 'Accepted.', weight: 'strong' },
    { kind: 'list', items: ['one', 'two'] },
    { kind: 'facts', facts: [{ name: 'Digest', value: 'ab12' }], code: true },
    {
      kind: 'table',
      title: 'Steps',
      columns: [{ title: 'Step', width: 10 }, { title: 'Initials' }],
      rows: [['1', '']],
      toWrite: true,
    },
    {
      kind: 'words',
      title: 'Read aloud',
      words: ['abacus', 'baker', 'cabin', 'dwarf', 'eagle'],
      hex: '0102030405',
    },
    { kind: 'qr', title: 'Code', size: 21, dark: new Uint8Array(441).fill(1, 0, 1) },
    { kind: 'signature', name: 'Ada', role: 'officer' },
    { kind: 'page-break' },
  ],
}

describe('PAPER-HTML', () => {
  test('each kind of block has its own markup', () => {
    const html = paperHtml(template, every, 'n0')
    expect(html).toContain('<h1><bdi>Verdict</bdi></h1>')
    expect(html).toContain('<h2><bdi>Keys</bdi></h2>')
    expect(html).toContain('<p class="strong"><bdi>Accepted.</bdi></p>')
    expect(html).toContain('<li><bdi>two</bdi></li>')
    expect(html).toContain(
      '<th scope="row"><bdi>Digest</bdi></th><td><bdi dir="ltr" class="code">ab12</bdi></td>',
    )
    expect(html).toContain(
      '<caption><bdi>Steps</bdi></caption><thead><tr><th scope="col"><bdi>Step</bdi></th>',
    )
    expect(html).toContain('#table-4 th:nth-child(1){width:10%}')
    expect(html.match(/<ol>/g)).toHaveLength(2)
    expect(html).toContain('<path d="M4 4h1v1h-1z">')
    expect(html).not.toContain('__CSP_NONCE__')
  })

  test('what a paper is stands at the top and at the foot of every page, beside its number', () => {
    const running = { top: 'REHEARSAL  Throw-away keys', bottom: 'REHEARSAL  Root 2026 "}' }
    expect(paperHtml(template, { ...every, running }, 'n0')).toContain(
      '@page{@top-left{content:"REHEARSAL  Throw\\2d away keys"}@bottom-left{content:"REHEARSAL  Root 2026 \\22 \\7d "}}',
    )
    expect(paperHtml(template, every, 'n0')).toContain('@page{@bottom-left{content:"Verdict"}}')
    expect(checkedPaper({ ...every, running })).not.toBe(null)
    expect(checkedPaper({ ...every, running: { ...running, more: 'x' } })).toBe(null)
  })

  test('a paper in Arabic runs from right to left and says its language', () => {
    expect(paperHtml(template, { ...every, language: 'ar' }, 'n0')).toContain('<html lang="ar" dir="rtl">')
  })

  test.each(['</title><script>x</script>', '"><img src=x>', '$&$1', "' onload='x", '\u202eexe.fdp'])(
    'no text becomes markup or turns the text round: %j',
    (nasty) => {
      const html = paperHtml(
        template,
        {
          title: nasty,
          language: 'en',
          blocks: every.blocks.map((block) =>
            block.kind === 'qr'
              ? { ...block, title: nasty }
              : // Each text of each block in turn.
                JSON.parse(JSON.stringify(block), (key, value) =>
                  typeof value === 'string' && key !== 'kind' && key !== 'weight' ? nasty : value,
                ),
          ),
        },
        'n0',
      )
      expect(html).not.toMatch(/<script|<img|onload='/)
      expect(html).not.toContain('\u202e')
      expect(html.match(/<style/g)).toHaveLength(1)
      expect(html.match(/<\/style/g)).toHaveLength(1)
    },
  )
})

describe('PAPER-INPUT', () => {
  test('a paper of every kind of block passes', () => {
    expect(checkedPaper(every)).toEqual(every)
  })

  test.each([
    ['no object', null],
    ['another member', { ...every, script: 'x' }],
    ['another language', { ...every, language: 'xx' }],
    ['another kind', { ...every, blocks: [{ kind: 'html', text: '<b>' }] }],
    ['a member of another kind', { ...every, blocks: [{ kind: 'heading', text: 'x', items: [] }] }],
    ['a kind of every object', { ...every, blocks: [{ kind: 'constructor' }] }],
    ['a number as text', { ...every, blocks: [{ kind: 'heading', text: 1 }] }],
    [
      'a width that is a style',
      { ...every, blocks: [{ kind: 'table', title: '', columns: [{ title: '', width: '1}' }], rows: [] }] },
    ],
    [
      'a row of other length',
      { ...every, blocks: [{ kind: 'table', title: '', columns: [{ title: '' }], rows: [['', '']] }] },
    ],
    [
      'a code of other size',
      { ...every, blocks: [{ kind: 'qr', title: '', size: 21, dark: new Uint8Array(440) }] },
    ],
    ['a long text', { ...every, title: 'x'.repeat(paperLimits.text + 1) }],
    [
      'too many letters',
      {
        ...every,
        blocks: [
          { kind: 'list', items: new Array(paperLimits.letters / 16_384 + 1).fill('x'.repeat(16_384)) },
        ],
      },
    ],
  ])('refused: %s', (_what, input) => {
    expect(checkedPaper(input)).toBe(null)
  })
})
