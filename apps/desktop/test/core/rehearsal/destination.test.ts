import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readDestination } from '../../../src/core/rehearsal/rehearsal-request.ts'

test('FILE-MISSING a transport file without the server’s card beside it is told what to do', () => {
  const folder = mkdtempSync(join(tmpdir(), 'destination-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const transport = join(folder, 'transport.json')
  writeFileSync(transport, '{}')
  expect(() => readDestination(transport)).toThrow(
    /^FILE-MISSING: .*card\.json: .*card --card-out writes it there$/,
  )
})
