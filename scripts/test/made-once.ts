import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Names a folder of this run: the first file that needs a server or a database puts it there, the others copy it. */
const variable = 'LUX_MADE_ONCE'

export function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'lux-made-once-'))
  // PostgreSQL's own account passes through.
  chmodSync(folder, 0o711)
  process.env[variable] = folder
  return () => rmSync(folder, { recursive: true, force: true })
}
