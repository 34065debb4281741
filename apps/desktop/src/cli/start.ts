import { packageFolder } from '../core/program.ts'
import { changedFile } from '../shipped/index.ts'

// The package is looked at before any module of it is loaded that is not needed for looking.

const folder = packageFolder()
const changed = folder === null ? null : changedFile(folder)

if (changed === null) await import('./main.ts')
else refuse(`${changed} is not as it was packed`)

function refuse(detail: string): void {
  const code = 'PROGRAM-CHANGED'
  const remedy = 'find out how it was changed, then install the program again from a medium that was checked'
  if (process.argv.includes('--json'))
    process.stdout.write(`${JSON.stringify({ ok: false, code, detail, remedy })}\n`)
  else process.stderr.write(`${code}: ${detail}\nWhat to do: ${remedy}\n`)
  process.exitCode = 3
}
