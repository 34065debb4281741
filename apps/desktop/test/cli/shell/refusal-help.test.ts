import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkIds } from '@lux/ceremony/bundle'
import { FormatError } from '@lux/crypto'
import { hsmErrorCodes } from '@lux/hsm'
import { ExpectedError } from '@lux/node-files'
import { expect, test } from 'vitest'
import { runIsOver } from '../../../src/cli/ceremony/outcome.ts'
import { failureOutcome } from '../../../src/cli/shell/output.ts'
import { refusalHelp } from '../../../src/cli/shell/refusal-help.ts'

const root = join(import.meta.dirname, '../../../../..')
const sources = [
  'packages/crypto/src',
  'packages/ceremony/src',
  'packages/hsm/src',
  'apps/desktop/src/cli',
  'apps/desktop/src/core',
]
/** Where a source names the code of a failure or refusal. */
const named =
  /(?:new (?:ExpectedError|WrongUse|FormatError)\(|\brefused?\(|\brefusal\(|\bfault\(|\brule:)\s*'([A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*)'/g

test('CLI-REMEDY every code that a source names says what to do, whoever threw it', () => {
  const codes = sources.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => [...readFileSync(join(root, folder, file), 'utf8').matchAll(named)])
      .map(([, code]) => code ?? ''),
  )
  const all = new Set([...codes, ...checkIds, ...hsmErrorCodes])
  expect(all.size).toBeGreaterThan(350)
  expect([...all].filter((code) => !refusalHelp(code)?.remedy.trim()).sort()).toEqual([])
})

test('CLI-REMEDY a refusal of the engine and a file that cannot be read say why and what to do, in text and in JSON', () => {
  const refused = failureOutcome(new ExpectedError('RUN-06', 'the run is paused'))
  expect(refused.text).toMatch(/^RUN-06: the run is paused\nWhy: .+\nWhat to do: Start or resume the run/)
  expect(refused.json).toMatchObject({ code: 'RUN-06', why: expect.any(String), remedy: expect.any(String) })
  const malformed = failureOutcome(new FormatError('JSON-SYNTAX', 'not JSON'))
  expect(malformed.text).toMatch(/^JSON-SYNTAX: not JSON\nWhat to do: .+/)
})

test('CLI-REMEDY a run that is over says where its end is read, and where a receipt belongs', () => {
  const texts = [
    runIsOver('abort', '/run', 'Closed'),
    runIsOver('receipt', '/run', 'Closed'),
    runIsOver('receipt', '/run', 'Aborted'),
  ].map((error) => failureOutcome(error).text)
  for (const text of texts) expect(text).toContain('custody ceremony status /run')
  expect(texts[0]).toContain('RUN-06: the run is Closed')
  expect(texts[1]).toContain('/run/receipts')
  expect(texts[2]).toContain('an aborted run has no bundle')
})
