import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { root } from './root.ts'
import { type ApiDocument, apiReference } from './site/api-reference.ts'
import { linksFromDisk } from './site/from-disk.ts'

// `npm run site [-- OUT]` builds the docs site from docs/ and the server's own API document into OUT (site/dist) and follows every link and fragment inside it.
// `--links OUT` follows them alone.
const site = join(root, 'site')
const args = process.argv.slice(2)
const linksOnly = args.includes('--links')
const out = resolve(args.find((one) => !one.startsWith('--')) ?? join(site, 'dist'))

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
  run('astro/bin/astro.mjs', ['build', '--outDir', out])
  linksFromDisk(out)
}
run('../check-links.mjs', [out])
