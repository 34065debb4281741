import type { Needs } from '@lux/ceremony'
import { expect, test } from 'vitest'
import { keptIn } from '../../../../src/core/runs/folder/places.ts'
import type { Run } from '../../../../src/core/runs/run/run.ts'
import { resultsOf } from '../../../../src/core/services/run-view/step-facts.ts'
import { needsOf } from '../../../../src/core/services/run-view/step-needs.ts'

const around = { standIns: new Set<string>(), tokens: [], requests: [], padMs: 30_000 }
const exported = { kind: 'confirm', names: ['Ada'], willDo: 'write-medium', shows: [] } satisfies Needs
const folder = (domain: 'production' | 'rehearsal') =>
  ({ path: '/store/ceremonies/1', state: { domain } }) as unknown as Run['folder']

test('Export asks for a folder in production, and a rehearsal may go without', () => {
  const optional = (domain: 'production' | 'rehearsal') => {
    const [need] = needsOf({ folder: folder(domain) } as unknown as Run, exported, around)
    return need?.need === 'values' ? (need.fields[0]?.optional ?? false) : null
  }
  expect([optional('production'), optional('rehearsal')]).toEqual([false, true])
})

test('a rehearsal’s bundle in the store is called kept, and one in a chosen folder or of production is not', () => {
  const key = (domain: 'production' | 'rehearsal', value: string) =>
    resultsOf([{ label: 'medium', value }], keptIn(folder(domain)))[0]?.key
  expect(key('rehearsal', '/store/exported/bundle-1.zip')).toBe('stage.kept')
  expect(key('rehearsal', '/media/stick/exported/bundle-1.zip')).toBe(undefined)
  expect(key('production', '/store/exported/bundle-1.zip')).toBe(undefined)
})
