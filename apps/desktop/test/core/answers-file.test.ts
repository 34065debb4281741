import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readAnswers } from '../../src/core/runs/exchange/answers.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'answers-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test.each([
  ['{\n  "v": 1,\n  kind: "answers"\n}', 'it is no JSON: line 3, column 3'],
  ['{"v": 1,}', 'it is no JSON: line 1, column 9'],
  ['{"v": 1', 'it is no JSON: line 1, column 8'],
  ['{"v": 1, "kind": "answers", "answers": [{"step": "seal"}]}', 'answers.0.by'],
])('ANSWERS-MALFORMED says where %j is wrong', (text, said) => {
  const path = join(folder, 'answers.json')
  writeFileSync(path, text)
  let told = ''
  try {
    readAnswers(path)
  } catch (error) {
    told = String(error instanceof Error ? Reflect.get(error, 'detail') : error)
  }
  expect(told).toContain(said)
  expect(told).toContain(path)
})
