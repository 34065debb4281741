import { execFile } from 'node:child_process'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../../../../.lux/python/bin')

/** A program of scripts/bootstrap/python-tools.txt, which set-up for tests installs. */
export const pythonTool = (name: string): string => join(folder, name)

/** Runs a client in Python, and gives the JSON that it prints. */
export function python(script: string, ...args: readonly string[]): Promise<unknown> {
  const env = { ...process.env, HOME: '/nonexistent' }
  return new Promise((done, failed) => {
    execFile(
      pythonTool('python'),
      ['-B', '-s', script, ...args],
      { env, maxBuffer: 1 << 24 },
      (error, stdout, stderr) => {
        if (error) failed(new Error(`${script}: ${stderr || error.message}`))
        else done(JSON.parse(stdout))
      },
    )
  })
}
