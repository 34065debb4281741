import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { root } from '../root.ts'

/** The first program of a fresh checkout, with an `npm` that never ends. */
function freshCheckout(): { bootstrap: string; path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'lux-bootstrap-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'scripts'))
  cpSync(join(root, 'scripts/bootstrap.cjs'), join(folder, 'scripts/bootstrap.cjs'))
  cpSync(join(root, 'scripts/bootstrap'), join(folder, 'scripts/bootstrap'), { recursive: true })
  for (const name of ['package.json', 'package-lock.json', 'site/package-lock.json'])
    cpSync(join(root, name), join(folder, name))
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin/npm'), '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 })
  return { bootstrap: join(folder, 'scripts/bootstrap.cjs'), path: join(folder, 'bin') }
}

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
  ['SIGHUP', 129],
] as const)(
  'SUMMING-LINE `npm test` that %s ends during set-up says its one line, and that it goes on from there',
  async (signal, code) => {
    const { bootstrap, path } = freshCheckout()
    const child = spawn(process.execPath, [bootstrap, 'test'], {
      env: { ...process.env, PATH: `${path}:${process.env.PATH}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
      // A step has begun: it says what it does.
      if (/^set-up: .* …$/m.test(stderr)) child.kill(signal)
    })
    const ended = await new Promise((resolve) => child.once('close', resolve))
    expect({ ended, stdout }, stderr).toEqual({ ended: code, stdout: '0 passed, 1 failed\n' })
    expect(stderr).toContain(`set-up: ended by ${signal}`)
  },
)

test.each([
  ['a process that is gone', () => `99999999 1 ${'{{root}}'}`],
  ['a process that is another one now', () => `${process.pid} 1 ${'{{root}}'}`],
  ['another checkout', () => `${process.pid} 1 /elsewhere`],
  ['an older version', () => `${process.pid}`],
])('SET-UP-LOCK a lock of %s is named and passed over', async (_, lock) => {
  const { bootstrap, path } = freshCheckout()
  const folder = join(bootstrap, '../..')
  mkdirSync(join(folder, '.lux'))
  writeFileSync(join(folder, '.lux/set-up.lock'), lock().replace('{{root}}', folder))
  const child = spawn(process.execPath, [bootstrap, 'install'], {
    env: { ...process.env, PATH: `${path}:${process.env.PATH}` },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
    if (/^set-up: .* …$/m.test(stderr)) child.kill('SIGTERM')
  })
  await new Promise((resolve) => child.once('close', resolve))
  expect(stderr).toMatch(/^set-up: passing over .*set-up\.lock, whose process is not setting up here$/m)
})
