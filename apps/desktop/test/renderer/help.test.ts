import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../../../..')
const renderer = join(root, 'apps/desktop/src/renderer')

/** The names in a list of the sources, which cannot be imported without a window. */
function namesIn(file: string, list: string): string[] {
  const source = readFileSync(join(renderer, file), 'utf8')
  const [, names = ''] = new RegExp(`const ${list} = \\[([^\\]]*)\\] as const`).exec(source) ?? []
  return [...names.matchAll(/'([a-z-]+)'/g)].map(([, name = '']) => name)
}

type Texts = {
  screen: Record<string, { what?: string; next?: string }>
  key: Record<string, { keys?: string; does?: string }>
}

test.each(['en', 'ar'])(
  'F1 says in %s of every screen what it is for and what comes next, and every key',
  (language) => {
    const routes = namesIn('stores/route.ts', 'routeNames')
    const shortcuts = namesIn('shell/help.tsx', 'shortcuts')
    expect(routes).toEqual(expect.arrayContaining(['home', 'setup', 'script', 'approvals']))
    expect(shortcuts).toEqual(expect.arrayContaining(['palette', 'hear', 'differs', 'move']))
    const file = join(root, 'resources/locales', language, 'help.json')
    const { screen, key }: Texts = JSON.parse(readFileSync(file, 'utf8'))
    expect(routes.filter((name) => !screen[name]?.what || !screen[name]?.next)).toEqual([])
    expect(shortcuts.filter((name) => !key[name]?.keys || !key[name]?.does)).toEqual([])
    expect(Object.keys(screen).toSorted()).toEqual(routes.toSorted())
    expect(Object.keys(key).toSorted()).toEqual(shortcuts.toSorted())
  },
)
