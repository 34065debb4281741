import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type Source = { path: string; text: string }

/** TypeScript files below `folders` of the checkout, in order. */
export function readSources(root: string, folders: readonly string[]): Source[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !/(^|\/)(node_modules|\.types|vectors)\//.test(name))
      .sort()
      .map((name) => ({ path: `${folder}/${name}`, text: readFileSync(join(root, folder, name), 'utf8') })),
  )
}

/** The top-level functions and tables that mention `'id'`, as `path` and `name`. */
export function enforcers(sources: readonly Source[], id: string): { path: string; name: string }[] {
  return sources.flatMap(({ path, text }) => {
    const lines = text.split('\n')
    const names = lines.flatMap((line, at) => (line.includes(`'${id}'`) ? [enclosing(lines, at)] : []))
    return [...new Set(names)].map((name) => ({ path, name }))
  })
}

function enclosing(lines: readonly string[], at: number): string {
  for (let line = at; line >= 0; line--) {
    const found = /^(?:export )?(?:async )?(?:function\*?|const|class|type) (\w+)/.exec(lines[line] ?? '')
    if (found?.[1] !== undefined) return found[1]
  }
  return 'module'
}

/** Titles of tests that begin with the rule, or, where a test takes its rules from a table, the files that list it. */
export function testsOf(tests: readonly Source[], id: string): { path: string; title: string | null }[] {
  const title = new RegExp(`\\(\\s*(['"\`])(${id} (?:(?!\\1)[^\\n])*)\\1`, 'g')
  const named = tests.flatMap(({ path, text }) =>
    [...text.matchAll(title)].map(([, , words]) => ({ path, title: words ?? null })),
  )
  if (named.length > 0) return named
  const listed = new RegExp(`'${id}'|^\\s+${id}: `, 'm')
  return tests.filter(({ text }) => listed.test(text)).map(({ path }) => ({ path, title: null }))
}
