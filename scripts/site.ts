import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, posix, resolve } from 'node:path'
import { assurancePage } from './pages/assurance.ts'
import { licencesPage } from './pages/licences.ts'
import { settingsPage } from './pages/settings.ts'
import { figuresPage, readPage, tablesPage } from './pages/tables.ts'
import { tokenTestsPage } from './pages/token-tests.ts'
import { troubleshootingPage } from './pages/troubleshooting.ts'
import { root } from './root.ts'
import { type ApiDocument, apiReference } from './site/api-reference.ts'

// `npm run site [-- OUT]` builds the docs site into OUT (site/dist) and follows every link and fragment inside it. Its pages
// are docs/, those made of sources and tests, and the server's own API document.
// `--links OUT` follows them alone.
const site = join(root, 'site')
const args = process.argv.slice(2)
const linksOnly = args.includes('--links')
const out = resolve(args.find((one) => !one.startsWith('--')) ?? join(site, 'dist'))

/** Pages that are made of what holds them, by the name that docs/ would give them. */
const made: Readonly<Record<string, () => string>> = {
  'ASSURANCE.md': assurancePage,
  'BAD-INPUT.md': () => tablesPage(readPage('scripts/pages/bad-input.json')),
  'CRASH-MATRIX.md': () => tablesPage(readPage('results/crash-matrix.json')),
  'FIGURES.md': figuresPage,
  'TOKEN-TESTS.md': tokenTestsPage,
  'THIRD-PARTY-LICENCES.md': licencesPage,
  'guide/settings.md': settingsPage,
  'guide/troubleshooting.md': troubleshootingPage,
}

function run(program: string, words: readonly string[]): void {
  const { status } = spawnSync(process.execPath, [join(site, 'node_modules', program), ...words], {
    cwd: site,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ASTRO_TELEMETRY_DISABLED: '1', CI: '1' },
  })
  if (status !== 0) process.exit(status ?? 3)
}

function documentOfServer(): ApiDocument {
  const cli = join(root, 'apps/companion-server/src/cli.ts')
  return JSON.parse(
    execFileSync(process.execPath, [cli, 'openapi'], { encoding: 'utf8', maxBuffer: 1 << 26 }),
  )
}

if (!existsSync(join(site, 'node_modules/astro'))) {
  process.stderr.write(
    'site: its packages are not installed: npm ci --ignore-scripts in site/ (npm test does it)\n',
  )
  process.exit(3)
}
if (!linksOnly) {
  writeFileSync(join(site, 'src/content/docs/api.md'), apiReference(documentOfServer()))
  for (const [name, make] of Object.entries(made)) {
    const page = join(site, 'made', name)
    mkdirSync(dirname(page), { recursive: true })
    writeFileSync(page, make())
  }
  run('astro/bin/astro.mjs', ['build', '--outDir', out])
  linksFromDisk(out)
}
run('../check-links.mjs', [out])

/** A link from the top of the site as one from a page of it, which a browser can follow on a disk too. */
function linkFrom(page: string, link: string): string {
  const [, path = '', rest = ''] = /^\/([^?#]*)(.*)$/.exec(link) ?? []
  const file = path === '' || path.endsWith('/') ? `${path}index.html` : path
  return (posix.relative(posix.dirname(page), file) || file) + rest
}

/** Rewrites the links of every page but that of what is not found, which is shown under any address. */
function linksFromDisk(folder: string): void {
  for (const page of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!page.endsWith('.html') || page === '404.html') continue
    const path = join(folder, page)
    const text = readFileSync(path, 'utf8').replaceAll(
      /(\s(?:href|src)=")(\/(?!\/)[^"]*)"/g,
      (_, before, link) => `${before}${linkFrom(page, link)}"`,
    )
    writeFileSync(path, text)
  }
}
