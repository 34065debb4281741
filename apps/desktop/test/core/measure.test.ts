import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { measure } from '../../src/core/measure.ts'
import { findProgram } from '../../src/core/program.ts'

const { resources } = findProgram()
const scripts = join(resources, 'scripts')

test('no script says of measuring the machine that a TPM quote is recorded: there is none', () => {
  expect(measure({ files: [], version: '1', commit: null }).tpmQuote).toBe('none')
  const texts = readdirSync(scripts)
    .flatMap((name) => readFileSync(join(scripts, name), 'utf8').split('\n'))
    .filter((line) => line.includes('TPM'))
  expect(texts.length).toBeGreaterThan(0)
  const english: unknown = JSON.parse(readFileSync(join(resources, 'locales/en/script.json'), 'utf8'))
  expect(JSON.stringify(english)).toContain('No TPM quote is taken.')
  expect(texts.filter((line) => !line.includes('No TPM quote is taken.'))).toEqual([])
})
