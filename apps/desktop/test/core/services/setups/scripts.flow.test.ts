import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256Hex } from '@lux/crypto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type {
  DraftEdit,
  DraftSummary,
  DraftView,
  ScriptView,
  SetupView,
} from '../../../../src/contract/index.ts'
import { findProgram } from '../../../../src/core/program.ts'
import { type CoreInTest, startCore } from '../../support/core-in-test.ts'

vi.setConfig({ testTimeout: 120_000 })

let folder: string
let core: CoreInTest
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scripts-'))
  core = await startCore(folder, findProgram())
})
afterAll(async () => {
  await core.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function said<T>(api: string, input: object): Promise<T> {
  const answer = await core.call(api, input)
  if (!answer.ok) throw new Error(`${api}: ${answer.error.code} ${answer.error.detail}`)
  // Each call answers as the contract says.
  return answer.value as T
}
const refusal = async (api: string, input: object) => {
  const answer = await core.call(api, input)
  return answer.ok ? null : answer.error.code
}
const granted = (use: 'read' | 'write', path: string): string => {
  core.grant({ use, path })
  return path
}
const edit = (id: string, change: DraftEdit) => said<DraftView>('scripts.edit', { id, edit: change })
const faultsOf = ({ faults, parts }: DraftView) => [
  ...faults,
  ...parts.flatMap(({ steps }) => steps.flatMap((step) => step.faults)),
]

test('a script is made, outlives core, is frozen, saved, and run', async () => {
  const { id } = await said<{ id: string }>('scripts.begin', { title: 'Root, our way', from: 'root-kek' })
  const begun = await said<DraftView>('scripts.draft', { id })
  expect(faultsOf(begun)).toEqual([])

  const broken = await edit(id, { do: 'remove-step', id: 'log-in' })
  expect(faultsOf(broken).map(({ step }) => step)).toContain('opening-inventory')
  expect(await refusal('scripts.freeze', { id })).toMatch(/^PLAN-/)

  await core.stop()
  core = await startCore(folder, findProgram())
  const again = await said<DraftView>('scripts.draft', { id })
  expect(again).toEqual(broken)
  const mended = await edit(id, { do: 'undo' })
  expect({ ...mended, canRedo: false }).toEqual(begun)
  await edit(id, { do: 'change-step', id: 'seal', entry: 'text', value: 'Seal it, all of you.' })

  const frozen = await said<DraftView>('scripts.freeze', { id })
  expect(frozen.script).toBe(`own:${frozen.hash}`)
  const { drafts } = await said<{ drafts: DraftSummary[] }>('scripts.drafts', {})
  expect(drafts.map(({ title, faults, frozen: done }) => [title, faults, done])).toEqual([
    ['Root, our way', 0, true],
  ])

  const path = granted('write', join(folder, 'ours.yaml'))
  await said('scripts.save', { id, path })
  expect(sha256Hex(new Uint8Array(readFileSync(path)))).toBe(frozen.hash)

  const { scripts } = await said<{ scripts: ScriptView[] }>('ceremonies.scripts', {})
  expect(scripts.filter((one) => one.frozen !== undefined).map((one) => one.id)).toEqual([frozen.script])
  const run = await said<{ id: string }>('ceremonies.startRehearsal', { script: frozen.script, values: {} })
  expect(run.id).toMatch(/^[0-9a-f]{32}$/)

  // A change makes another script; the frozen one stays what it was.
  const changed = await edit(id, { do: 'title', title: 'Root, another way' })
  expect([changed.frozen, changed.script]).toEqual([null, ''])
  await said('scripts.discard', { id })
  expect(await refusal('scripts.draft', { id })).toBe('DRAFT-UNKNOWN')
})

test('a new ceremony takes the file of a script, whatever it is called, and keeps those bytes', async () => {
  const { id: draft } = await said<{ id: string }>('scripts.begin', { title: 'By file', from: 'root-kek' })
  const { hash } = await said<DraftView>('scripts.draft', { id: draft })
  const path = join(folder, 'by-file.yaml')
  await said('scripts.save', { id: draft, path: granted('write', path) })
  const { id } = await said<{ id: string }>('setups.begin', { title: 'With our script' })
  const taken = await said<SetupView>('setups.take', { id, path: granted('read', path) })
  expect(taken.script.id).toBe(`own:${hash}`)
  expect(taken.script.rolesMissing).toContain('officer')
})

test('what names no script, or no draft, is refused', async () => {
  expect(await refusal('scripts.begin', { title: 'x', from: 'no-such-script' })).toBe('SCRIPT-UNKNOWN')
  expect(await refusal('scripts.begin', { title: 'x', from: `own:${'0'.repeat(64)}` })).toBe('SCRIPT-UNKNOWN')
  expect(await refusal('scripts.begin', { title: 'x', from: '../../etc/passwd' })).toBe('SCRIPT-UNKNOWN')
  expect(await refusal('scripts.draft', { id: '0'.repeat(32) })).toBe('DRAFT-UNKNOWN')
  const { id } = await said<{ id: string }>('scripts.begin', { title: 'x', from: null })
  expect(await refusal('scripts.edit', { id, edit: { do: 'add-step', part: 0, at: 0, step: 'rm' } })).toBe(
    'INPUT-INVALID',
  )
})
