/**
 * `node write-shown.ts [KRYOPTIC]` writes shown.json anew: what each token of a test machine calls itself and has shown. KRYOPTIC is the
 * library that `npm run interop -- --token` builds; without it kryoptic's row stays as it was. `node scripts/token-tests.ts` makes the page.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Shown, shownBefore } from './shown.ts'
import { kryoptic, shownTokens, showToken } from './shown-tokens.ts'

const path = fileURLToPath(new URL('./shown.json', import.meta.url))
const [library] = process.argv.slice(2)
const rows: Shown[] = []
for (const name of shownTokens) {
  rows.push(await showToken(name))
  process.stderr.write(`${name}\n`)
}
const before = shownBefore()
rows.push(
  ...(library === undefined
    ? before.filter(({ token }) => token === 'kryoptic')
    : [await showToken('kryoptic', kryoptic(library))]),
)
writeFileSync(path, `${JSON.stringify(rows, null, 2)}\n`)
