import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Difference } from '../wycheproof-run.ts'
import type { RealToken } from './real-token.ts'

const child = fileURLToPath(new URL('../wycheproof-child.ts', import.meta.url))

/** All vectors on a token that is initialised, by their file. */
export async function wycheproofOn(
  { library, environment, execPath }: RealToken,
  { serial, pin }: { serial: string; pin: Uint8Array },
): Promise<Readonly<Record<string, readonly Difference[]>>> {
  const { stdout } = await promisify(execFile)(
    execPath ?? process.execPath,
    ['--disable-warning=ExperimentalWarning', child, library, serial, Buffer.from(pin).toString('utf8')],
    { env: { ...environment }, maxBuffer: 1 << 24 },
  )
  // Written by wycheproof-child.ts.
  return JSON.parse(stdout) as Record<string, Difference[]>
}
