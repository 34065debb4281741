import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pauseReason } from '../../src/contract/pause-reason.ts'

const core = join(import.meta.dirname, '../../src/core')
const read = (file: string): string => readFileSync(join(core, file), 'utf8')

test('RUNNER-PAUSED every reason for which core pauses a run by itself is said in the language of the window', () => {
  const [restarted] = /(?<=interrupted\(')[^']+/.exec(read('runs/run/load-run.ts')) ?? []
  const [host] = /(?<=interrupted\(`)[^$`]+(?=\$\{reason\})/.exec(read('runs/run/run.ts')) ?? []
  const endings = ['services/program.ts', 'open-services.ts'].map(
    (file) => /sessionsEnded\(\w+, '([^']+)'/.exec(read(file))?.[1],
  )
  expect(pauseReason(String(restarted))).toEqual({ key: 'restarted', serial: '' })
  expect(pauseReason(`${host}crashed`)).toEqual({ key: 'host', serial: '' })
  expect(endings.map((what) => pauseReason(`the token 7700AB12 was ${what}`))).toEqual([
    { key: 'locked', serial: '7700AB12' },
    { key: 'pulled-out', serial: '7700AB12' },
  ])
  expect(pauseReason('a fire drill')).toBe(null)
})
