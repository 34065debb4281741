import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { CSSOptions } from 'vite'

/** A plugin as Vite hands it to PostCSS. */
type Plugin = NonNullable<Exclude<NonNullable<CSSOptions['postcss']>, string>['plugins']>[number]

/** Styles of a width that no property of ours is given for. */
const breakpoint = /\.(xs|sm|md|lg|xl)\\:-?rt-/
/** A class of a margin, a width or a place alone, which components take by properties. */
const layoutClass = /^\.-?rt-r-/
const component = /\.rt-([A-Z][A-Za-z]*)/g
const accent = /\[data-accent-color='?"?([a-z]+)/g

/** `layout`: whether a component is given a margin, a width or a place. */
export type Kept = { components: ReadonlySet<string>; accents: ReadonlySet<string>; layout?: boolean }

/**
 * Removes styles of the component library that the window cannot show: unused components and accents, all breakpoints, and unused layout. A
 * rule stays when one of its selectors does.
 */
export function trimStyles({ components, accents, layout = true }: Kept): Plugin {
  const keeps = (selector: string): boolean =>
    !breakpoint.test(selector) &&
    (layout || !layoutClass.test(selector)) &&
    mayMatch(names(selector, component), components) &&
    mayMatch(names(selector, accent), accents)
  return {
    postcssPlugin: 'trim-styles',
    OnceExit(sheet) {
      sheet.walkRules((rule) => {
        const kept = rule.selectors.filter(keeps)
        if (kept.length === 0) rule.remove()
        else if (kept.length < rule.selectors.length) rule.selectors = kept
      })
      sheet.walkAtRules((rule) => {
        if (rule.nodes?.length === 0 && rule.name !== 'layer') rule.remove()
      })
    },
  }
}

/** A list inside :is() or :not() may name others beside what is used, so one name in use keeps the selector. */
function mayMatch(named: readonly string[], used: ReadonlySet<string>): boolean {
  return named.length === 0 || named.some((name) => used.has(name))
}

function names(selector: string, pattern: RegExp): string[] {
  return [...selector.matchAll(pattern)].flatMap(([, name]) => (name === undefined ? [] : [name]))
}

/** Names of the `rt-…` classes in the code of the components that the sources below `folders` import, and of what those import. */
export function componentClasses(folders: readonly string[], library: string): Set<string> {
  const index = readFileSync(join(library, 'components/index.js'), 'utf8')
  const files = new Map<string, string>()
  for (const [, what, from] of index.matchAll(/import\s*(\{[^}]*\}|\*\s*as\s+\w+)\s*from"([^"]+)"/g)) {
    for (const local of (what ?? '').matchAll(/as (\w+)/g)) files.set(local[1] ?? '', from ?? '')
  }
  const exported = new Map<string, string>()
  for (const [, list] of index.matchAll(/export\s*\{([^}]*)\}/g)) {
    for (const [, local, name] of (list ?? '').matchAll(/(\w+) as (\w+)/g)) {
      const file = files.get(local ?? '')
      if (file !== undefined) exported.set(name ?? '', file)
    }
  }
  const found = new Set<string>()
  const seen = new Set<string>()
  const visit = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    const code = readFileSync(file, 'utf8')
    for (const [, name] of code.matchAll(/rt-([A-Z][A-Za-z]*)/g)) if (name !== undefined) found.add(name)
    for (const [, from] of code.matchAll(/from"(\.[^"]+)"/g)) visit(join(dirname(file), from ?? ''))
  }
  for (const name of new Set(folders.flatMap((folder) => [...importedNames(folder)]))) {
    const file = exported.get(name)
    if (file === undefined) throw new Error(`${name}: not a component of the library`)
    visit(join(library, 'components', file))
  }
  return found
}

/** What the sources import from the component library, types left out. */
function importedNames(folder: string): Set<string> {
  const imported = new Set<string>()
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!entry.endsWith('.tsx')) continue
    const code = readFileSync(join(folder, entry), 'utf8')
    for (const [, list] of code.matchAll(/import \{([^}]*)\} from '@radix-ui\/themes'/g)) {
      for (const name of (list ?? '').split(',').map((one) => one.trim())) {
        if (name !== '' && !name.startsWith('type ')) imported.add(name)
      }
    }
  }
  return imported
}
