import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseSync } from 'vite'
import { expect, test } from 'vitest'
import { root } from '../root.ts'

type Node = { type: string; start: number; end: number } & Record<string, unknown>

/** Lines above a cast, or of its own, in which its reason has to begin or end. */
const near = 4

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

/** Casts without a comment beside them, each as "line: text". `as const` says what is there and claims nothing. */
function unexplained(name: string, source: string): string[] {
  const { program, comments } = parseSync(name, source)
  const lineOf = (at: number): number => source.slice(0, at).split('\n').length
  const said = comments.map(({ start, end }) => ({ from: lineOf(start), to: lineOf(end) }))
  const found: string[] = []
  function visit(value: unknown): void {
    if (Array.isArray(value)) for (const one of value) visit(one)
    if (!isNode(value)) return
    const claims = value.type === 'TSAsExpression' || value.type === 'TSTypeAssertion'
    const type = source.slice(value.start, value.end)
    if (claims && !/\bas const$/.test(type)) {
      const [first, last] = [lineOf(value.start), lineOf(value.end)]
      if (!said.some(({ from, to }) => to >= first - near && from <= last)) found.push(`${first}: ${type}`)
    }
    for (const child of Object.values(value)) visit(child)
  }
  visit(program)
  return found
}

test('CAST-REASON a cast is found wherever it stands, and a comment beside it is its reason', () => {
  expect(unexplained('a.ts', "const a = b as C\nconst d = ['x'] as const\n")).toEqual(['1: b as C'])
  expect(unexplained('a.ts', '// The schema checked it.\nconst a = f(b as C)\n')).toEqual([])
  expect(unexplained('a.ts', '// Far away.\n\n\n\n\n\nconst a = f(b as unknown as C)\n')).toHaveLength(2)
})

test('CAST-REASON every cast in the sources has its reason in a comment beside it', () => {
  const sources = ['packages', 'apps']
    .flatMap((part) => readdirSync(join(root, part)).map((name) => join(root, part, name, 'src')))
    .flatMap((folder) => readdirSync(folder, { withFileTypes: true, recursive: true }))
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
  const found = sources.flatMap((path) =>
    unexplained(path, readFileSync(path, 'utf8')).map((cast) => `${relative(root, path)}:${cast}`),
  )
  expect(found).toEqual([])
})
