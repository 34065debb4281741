import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type RunKeyChildOptions, runKeyChild } from '../../../src/core/key-child/client.ts'
import type { KeyChildRequest } from '../../../src/core/key-child/protocol.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'last-message-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Says that it is there, waits for a file, says its last word and is gone. */
const child = `
import { existsSync, writeFileSync } from 'node:fs'
process.once('message', async ({ name, phase, folder }) => {
  writeFileSync(folder + '/ready-' + name, '')
  while (!existsSync(folder + '/go-' + name)) await new Promise((next) => setTimeout(next, 10))
  if (phase) await new Promise((next) => process.send({ kind: 'phase', phase: 'keygen', expectedSeconds: 1 }, next))
  process.send({ kind: 'done', result: name }, () => {
    writeFileSync(folder + '/said-' + name, '')
    process.exit(0)
  })
})
`
const at = (name: string) => join(folder, name)
const block = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

function begin(name: string, options: RunKeyChildOptions = {}): Promise<unknown> {
  // The child here is none that knows requests.
  const request = { name, phase: options.onPhase !== undefined, folder } as unknown as KeyChildRequest
  return runKeyChild(request, { ...options, entry: at('child.mjs') })
}

test('the end of a busy machine’s key process is not heard before its last message', async () => {
  writeFileSync(at('child.mjs'), child)
  // While the first one's phase is taken, the second works and ends; what ends a third process is heard in the same turn.
  const second = begin('second')
  const first = begin('first', {
    onPhase: () => {
      writeFileSync(at('go-second'), '')
      while (!existsSync(at('said-second'))) block(10)
      block(300)
    },
  })
  await expect
    .poll(() => existsSync(at('ready-first')) && existsSync(at('ready-second')), { timeout: 30_000 })
    .toBe(true)
  const third = spawn('sleep', ['0.3'])
  const gone = new Promise((resolve) => third.once('exit', resolve))
  writeFileSync(at('go-first'), '')
  block(1_500)
  expect(await Promise.allSettled([first, second])).toEqual([
    { status: 'fulfilled', value: 'first' },
    { status: 'fulfilled', value: 'second' },
  ])
  await gone
}, 60_000)
