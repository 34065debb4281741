import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import transcript from '../../../../resources/locales/en/transcript.json' with { type: 'json' }

const verifier = readFileSync(join(import.meta.dirname, '../../../../tools/verifier/verify.py'), 'utf8')
const account = readFileSync(join(import.meta.dirname, '../../src/account/account.ts'), 'utf8')

test('SIGNED-KINDS the verifier in Python names every kind of signature that the account of a run tells', () => {
  const table = /^RECORDED_KINDS = \{\n(.*?)^$/ms.exec(verifier)?.[1] ?? ''
  const told = account.split('function signedIn')[1]?.split('\n}')[0] ?? ''
  const entries = [...told.matchAll(/case '([a-z]+\.[a-z]+)'/g)].map(([, kind]) => kind ?? '')
  expect(entries.length).toBeGreaterThan(8)
  expect([...table.matchAll(/'([a-z]+\.[a-z]+)':/g)].map(([, kind]) => kind).toSorted()).toEqual(
    entries.toSorted(),
  )
  // Signatures that are asked for have one entry for all, and each its own words.
  const own = [...told.matchAll(/what: '([a-z-]+)'/g)].map(([, what]) => what)
  const asked = Object.keys(transcript.signed).filter((what) => !own.includes(what))
  expect([...table.matchAll(/'([a-z-]+)': (?:'|None)/g)].map(([, what]) => what).toSorted()).toEqual(
    asked.toSorted(),
  )
})
