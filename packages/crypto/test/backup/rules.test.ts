import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { backupRules } from '../../src/backup/index.ts'

const src = fileURLToPath(new URL('../../src/backup', import.meta.url))

test('the table lists exactly the rules that the sources refuse by', () => {
  const used = readdirSync(src)
    .filter((name) => name !== 'rules.ts')
    .flatMap((name) => [...readFileSync(join(src, name), 'utf8').matchAll(/'(BACKUP-[A-Z-]+)'/g)])
    .map(([, rule = '']) => rule)
  expect(Object.keys(backupRules)).toEqual([...new Set(used)].toSorted())
})
