import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../../../..')

/** The opening tags of buttons in `source`, whole. */
function buttons(source: string): string[] {
  return [...source.matchAll(/<(?:Icon)?[Bb]utton\b/g)].map(({ index }) => {
    let depth = 0
    let end = index
    for (; end < source.length; end += 1) {
      if (source[end] === '{') depth += 1
      if (source[end] === '}') depth -= 1
      if (source[end] === '>' && depth === 0 && source[end - 1] !== '=') break
    }
    return source.slice(index, end)
  })
}

// HTML Standard, section 4.10.6: a button without a type sends the form that it stands in.
test('FORM-BUTTON no button sends a form unless it says so', () => {
  const files = ['apps/*/src/**/*.tsx', 'packages/ui/src/**/*.tsx'].flatMap((glob) =>
    globSync(glob, { cwd: root }),
  )
  const inForms = files.filter((file) => {
    const source = readFileSync(join(root, file), 'utf8')
    return source.includes('<form') || file.includes('/components/')
  })
  expect(inForms.length).toBeGreaterThan(20)
  const silent = inForms.flatMap((file) =>
    buttons(readFileSync(join(root, file), 'utf8'))
      .filter((tag) => !/\btype=/.test(tag))
      .map((tag) => `${file}: ${tag.slice(0, 60)}`),
  )
  expect(silent).toEqual([])
})
