import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { root } from './root.ts'

// `npm run site [-- OUT]` builds the docs site from docs/ into OUT (site/dist) and follows every link and fragment inside it.
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

if (!existsSync(join(site, 'node_modules/astro'))) {
  process.stderr.write(
    'site: its packages are not installed: npm ci --ignore-scripts in site/ (npm test does it)\n',
  )
  process.exit(3)
}
if (!linksOnly) run('astro/bin/astro.mjs', ['build', '--outDir', out])
run('../check-links.mjs', [out])
