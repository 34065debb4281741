import { spawn } from 'node:child_process'
import { readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { custodyCommand, temporaryFolder } from './support/custody.ts'

test('CLI-MEMORY while it waits for a secret it can write no core dump, and only root may read its memory', async () => {
  const folder = temporaryFolder()
  const [node = '', ...args] = custodyCommand
  const files = ['--out', join(folder, 'ada.json'), '--key', join(folder, 'ada.key'), '--passphrase-fd', '3']
  const child = spawn(
    node,
    [...args, 'officer', 'enrol', '--name', 'Ada', '--domain', 'rehearsal', ...files],
    {
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    },
  )
  onTestFinished(() => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  // Nothing is written to descriptor 3, so it waits.
  const limits = () => readFileSync(`/proc/${child.pid}/limits`, 'utf8')
  await expect.poll(limits, { timeout: 30_000 }).toMatch(/Max core file size\s+0\s+0/)
  expect(statSync(`/proc/${child.pid}/mem`).uid).toBe(0)
  expect(child.exitCode).toBeNull()
})
