import { expect, test } from 'vitest'
import { errorCodes, inputFault, isOfCore, isOfMain, useCases } from '../../src/contract/index.ts'

const names = Object.keys(useCases)

test('CONTRACT-NAMES core and main serve different names, each within the limit', () => {
  expect(names.filter((name) => isOfMain(name) !== name.startsWith('shell.'))).toEqual([])
  expect(names.filter((name) => isOfMain(name) === isOfCore(name))).toEqual([])
  for (const name of names) expect(name).toMatch(/^[a-z]+\.[a-zA-Z]{1,40}$/)
  for (const name of ['constructor', 'toString', '__proto__', 'ceremonies.nothing'])
    expect(isOfCore(name) || isOfMain(name)).toBe(false)
})

test('CONTRACT-ERRORS every code that a use case may answer with is in the list, once', () => {
  expect(new Set(errorCodes).size).toBe(errorCodes.length)
  for (const { errors } of Object.values(useCases)) {
    expect(new Set(errors).size).toBe(errors.length)
    for (const code of errors) expect(errorCodes).toContain(code)
  }
})

test('CONTRACT-LIMIT each use case has a caller, and an end: a time, or Cancel', () => {
  for (const { callers, limit } of Object.values(useCases)) {
    expect(callers.length).toBeGreaterThan(0)
    expect(limit === null || limit === 30_000).toBe(true)
  }
  expect(useCases['ceremonies.proceed'].limit).toBe(null)
  expect(useCases['tokens.trainingPins'].callers).toEqual(['training window'])
})

const id = '0'.repeat(32)
const heard = { id, step: 'a', by: 'Eve', input: { heard: [{ digest: 'f'.repeat(64), by: ['Eve'] }] } }

test.each<[string | null, Parameters<typeof inputFault>[0], unknown]>([
  [null, 'app.info', {}],
  ['the call’s input has the wrong shape', 'app.info', null],
  ['the call’s input has the wrong shape', 'app.info', []],
  ['surprise', 'app.info', { surprise: 1 }],
  [null, 'ceremonies.proceed', { id, step: 'a', by: 'Eve' }],
  [null, 'ceremonies.proceed', heard],
  ['by', 'ceremonies.proceed', { id, step: 'a' }],
  ['step', 'ceremonies.proceed', { id, step: '', by: 'Eve' }],
  ['id', 'ceremonies.proceed', { ...heard, id: `${id}0` }],
  ['input.heard.0.by', 'ceremonies.proceed', { ...heard, input: { heard: [{ digest: 'f'.repeat(64) }] } }],
  ['input.extra', 'ceremonies.proceed', { ...heard, input: { extra: true } }],
  ['input.values.x', 'ceremonies.proceed', { ...heard, input: { values: { x: 1 } } }],
  [
    'input.values.__proto__',
    'ceremonies.proceed',
    { ...heard, input: { values: JSON.parse('{"__proto__":"x"}') } },
  ],
  ['input.readAt', 'ceremonies.proceed', { ...heard, input: { readAt: 'noon' } }],
  [null, 'ceremonies.proceed', { ...heard, input: { readAt: '2026-12-01T10:00:00Z' } }],
  ['pin', 'ceremonies.enterPin', { id, token: 'T', user: 'so', pin: '' }],
  ['user', 'ceremonies.enterPin', { id, token: 'T', user: 'root', pin: '1' }],
  [null, 'tokens.logIn', { serial: 'T', user: 'so', pin: null }],
  [null, 'scripts.edit', { id, edit: { do: 'move-step', id: 'a', by: -1 } }],
  ['edit', 'scripts.edit', { id, edit: { do: 'move-step', id: 'a', by: 2 } }],
  ['edit', 'scripts.edit', { id, edit: { do: 'undo', id: 'a' } }],
  ['offset', 'transcript.page', { id, offset: -1, limit: 1 }],
  ['limit', 'transcript.page', { id, offset: 0, limit: 1e9 }],
  ['papers.0.pdf', 'bundles.takeAway', { id, folder: '/m', papers: [{ name: 'policy.pdf', pdf: '?' }] }],
  ['textSize', 'settings.set', { textSize: 130 }],
  [null, 'settings.set', { textSize: 125 }],
  ['kind', 'shell.openFile', { kind: 'shadow' }],
])('INPUT-INVALID %s for %s', (fault, name, input) => {
  expect(inputFault(name, input)).toBe(fault)
})
