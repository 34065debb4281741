import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import { openDesktops } from '../desktop/support/desktop.ts'

// Hooks run in the order of their definition (vitest.config.ts), so this one sees the windows before a test's own hook
// closes them.
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return
  const folder = process.env.LUX_ARTIFACTS ?? join(tmpdir(), 'lux-artifacts')
  mkdirSync(folder, { recursive: true })
  const name = task.name.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(0, 80)
  for (const [index, desktop] of [...openDesktops].entries()) {
    const file = join(folder, `${name}-${index + 1}`)
    await desktop.keep(file)
    process.stderr.write(`kept ${file}.*\nin the window:\n${await desktop.told()}\n${desktop.output()}\n`)
  }
})
