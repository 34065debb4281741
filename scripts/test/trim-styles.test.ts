import { join } from 'node:path'
import { preprocessCSS, resolveConfig } from 'vite'
import { expect, test } from 'vitest'
import { componentClasses, trimStyles } from '../build/trim-styles.ts'
import { root } from '../root.ts'

const renderer = join(root, 'apps/desktop/src/renderer')
const library = join(root, 'node_modules/@radix-ui/themes/dist/esm')

async function trimmed(css: string, layout = true): Promise<string> {
  const kept = { components: new Set(['Button', 'BaseButton']), accents: new Set(['indigo']), layout }
  const config = await resolveConfig(
    { configFile: false, css: { postcss: { plugins: [trimStyles(kept)] } } },
    'build',
  )
  const { code } = await preprocessCSS(css, 'sheet.css', config)
  return code.replace(/\s+/g, ' ').trim()
}

test('STYLES-TRIM what an unused component, accent or width would need is left out, and nothing else', async () => {
  expect(await trimmed('.rt-Button { color: red } .rt-Callout { color: red }')).toBe(
    '.rt-Button { color: red }',
  )
  expect(await trimmed('@media (min-width: 1px) { .md\\:rt-r-p-1 { padding: 0 } }')).toBe('')
  expect(await trimmed('.md\\:-rt-r-m-1 { margin: 0 }')).toBe('')
  expect(
    await trimmed(
      '.rt-r-p-1 { padding: 0 } .-rt-r-m-1 { margin: 0 } .rt-Button:where(.rt-r-size-1) { margin: 0 }',
      false,
    ),
  ).toBe('.rt-Button:where(.rt-r-size-1) { margin: 0 }')
  expect(await trimmed('.rt-r-p-1 { padding: 0 }')).toBe('.rt-r-p-1 { padding: 0 }')
  expect(await trimmed("[data-accent-color='tomato'], [data-accent-color='indigo'] { color: red }")).toBe(
    "[data-accent-color='indigo'] { color: red }",
  )
})

test('STYLES-TRIM a list that names something in use beside something unused stays', async () => {
  const css = ':where(.rt-Button, .rt-Callout) { color: red }'
  expect(await trimmed(css)).toBe(css)
})

test('STYLES-TRIM what a component is made of counts as used', () => {
  const found = componentClasses([renderer], library)
  for (const name of ['Button', 'BaseButton', 'SelectContent', 'DialogContent', 'Spinner']) {
    expect(found).toContain(name)
  }
  expect(found).not.toContain('CalloutRoot')
})
