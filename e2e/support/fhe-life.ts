import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { root } from '../../scripts/root.ts'
import { custody, jsonOf } from './commands.ts'

/** Both verifiers, each in its own words. */
export async function accepted(out: string): Promise<void> {
  const [bundle, policy] = [join(out, 'bundle.zip'), join(out, 'policy.json')]
  jsonOf(await custody('verify', bundle, '--policy', policy, '--json'))
  expect(
    await ended('python3', '-B', join(root, 'tools/verifier/verify.py'), bundle, '--policy', policy),
  ).toBe(0)
}

function ended(program: string, ...args: string[]): Promise<number | null> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { stdio: 'ignore' })
    child.once('error', fail)
    child.once('close', done)
  })
}

type Result = { right: boolean; values: string[] }
/** What the stand-in requester read, and whether it is what was encrypted. */
export const resultOf = (out: string, id: string): Result =>
  JSON.parse(readFileSync(join(out, 'decryptions', id, 'result.json'), 'utf8'))

/** Kills the rehearsal, and the processes below it, as soon as it says that it is at a step. */
export function killedAt(step: string, out: string): Promise<void> {
  return new Promise((done, fail) => {
    const child = spawn(join(root, 'custody'), ['rehearse', 'fhe-life', '--out', out], {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    })
    let said = ''
    child.stderr.on('data', (chunk) => {
      said += chunk
      if (said.includes(`· ${step}\n`) && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    })
    child.once('error', fail)
    child.once('close', (_code, signal) =>
      signal === 'SIGKILL' ? done() : fail(new Error(`it ended before ${step}: ${said}`)),
    )
  })
}
