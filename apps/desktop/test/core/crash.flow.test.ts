import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { custody, custodyKilled, type KillPoint } from './support/cli.ts'
import { type Destination, makeDestination } from './support/destination.ts'
import { entriesOf, expectWhole, receiptFor, stateOf } from './support/run-end.ts'

// Five at a time, each some ten processes: a busy machine takes its time, and only a hang takes this long.
vi.setConfig({ testTimeout: 180_000 })

const script = fileURLToPath(new URL('./support/chain.yaml', import.meta.url))
let home: string
let destination: Destination
let count = 0

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'crash-'))
  destination = await makeDestination(home)
})
afterAll(async () => {
  await destination.hsm.close()
  rmSync(home, { recursive: true, force: true })
})

function begin(): { dir: string; args: string[] } {
  count += 1
  const dir = join(home, `run-${count}`)
  return { dir, args: ['rehearse', script, '--destination', join(home, 'transport.json'), '--out', dir] }
}

function found(dir: string, step: string): unknown[] {
  return entriesOf(dir)
    .filter(({ kind, stepId }) => kind === 'step.reconciled' && stepId === step)
    .map(({ fact }) => fact.found)
}

/** Of the edges at which a run can be cut; crash.nightly.ts has each. */
type Case = [name: string, point: KillPoint, step: string, found: string]
const program = { who: 'program' as const }
const host = { who: 'host' as const }

describe.concurrent('SIGKILL of the whole program, resumed to a correct end', () => {
  const cases: Case[] = [
    [
      'when the token is initialised and the log does not say so',
      { ...program, when: 'before', entry: 'step.performed', step: 'initialise-token' },
      'initialise-token',
      'adopted',
    ],
    [
      'when the ceremony key is on the token and nothing on disk says what it is',
      { ...program, when: 'before', attempt: 'make-ceremony-key' },
      'make-ceremony-key',
      'absent',
    ],
    [
      'in the window of the root, before its hardened copy is made',
      { ...program, when: 'after', attempt: 'generate-root' },
      'generate-root',
      'absent',
    ],
    [
      'after the window of the root is committed, before the log says so',
      { ...program, when: 'before', entry: 'step.performed', step: 'generate-root' },
      'generate-root',
      'adopted',
    ],
  ]
  test.each(cases)('%s', async (_name, point, step, finding) => {
    const { dir, args } = begin()
    const died = await custodyKilled(point, args)
    expect(died.signal).toBe('SIGKILL')
    const ended = await custody(['ceremony', 'resume', dir])
    expect(ended.stderr).not.toContain('Error')
    expect(ended.code).toBe(4)
    expect(ended.json).toMatchObject({ state: 'Exported', waitingFor: ['receipt'] })
    expect(found(dir, step)).toEqual([finding])
    await expectWhole(dir, destination)
  })

  test('when the word for a step was given and nothing was begun, its PINs are asked for again', async () => {
    const { dir, args } = begin()
    const point: KillPoint = { ...program, when: 'after', entry: 'step.confirmed', step: 'initialise-token' }
    expect((await custodyKilled(point, args)).signal).toBe('SIGKILL')
    expect((await custody(['ceremony', 'resume', dir])).json).toMatchObject({ state: 'Exported' })
    expect(found(dir, 'initialise-token')).toEqual([])
    await expectWhole(dir, destination)
  })

  test('again while it looks at what the first death left, and again while the bundle is written', async () => {
    const { dir, args } = begin()
    const first: KillPoint = { ...program, when: 'before', entry: 'step.performed', step: 'generate-root' }
    await custodyKilled(first, args)
    const second: KillPoint = { ...program, when: 'before', entry: 'step.reconciled' }
    expect((await custodyKilled(second, ['ceremony', 'resume', dir])).signal).toBe('SIGKILL')
    const third: KillPoint = { ...program, when: 'before', entry: 'run.sealed' }
    expect((await custodyKilled(third, ['ceremony', 'resume', dir])).signal).toBe('SIGKILL')
    expect((await custody(['ceremony', 'resume', dir])).json).toMatchObject({ state: 'Exported' })
    expect(found(dir, 'generate-root')).toEqual(['adopted'])
    await expectWhole(dir, destination)
  })
})

describe.concurrent('SIGKILL of the token’s host alone, resumed by the program that goes on', () => {
  const cases: Case[] = [
    [
      'in the window of the root, before its hardened copy is made',
      { ...host, when: 'after', attempt: 'generate-root' },
      'generate-root',
      'absent',
    ],
    [
      'when a key is intended and not made',
      { ...host, when: 'after', entry: 'step.intended', step: 'generate-data' },
      'generate-data',
      'absent',
    ],
  ]
  test.each(cases)('%s', async (_name, point, step, finding) => {
    const { dir, args } = begin()
    const ended = await custodyKilled(point, args)
    expect(ended.stderr).toContain('killed host')
    expect(ended.code).toBe(4)
    expect(ended.json).toMatchObject({ state: 'Exported' })
    expect(found(dir, step)).toEqual([finding])
    expect(entriesOf(dir).filter(({ kind }) => kind === 'run.paused').length).toBe(1)
    await expectWhole(dir, destination)
  })

  test('between an outcome and the next intent the session is opened again and nothing is lost', async () => {
    const { dir, args } = begin()
    const point: KillPoint = {
      ...host,
      when: 'after',
      entry: 'checkpoint.made',
      step: 'generate-organisation',
    }
    const ended = await custodyKilled(point, args)
    expect(ended.json).toMatchObject({ state: 'Exported' })
    const again = entriesOf(dir).filter(({ kind, fact }) => kind === 'step.performed' && fact.again === true)
    expect(again.length).toBe(1)
    await expectWhole(dir, destination)
  })
})

describe('the receipt', () => {
  test('closes the run: close-out signed, ceremony key destroyed, a death in between survived, token gone', async () => {
    const { dir, args } = begin()
    expect((await custody(args)).code).toBe(4)
    const bad = join(home, 'bad-receipt.json')
    const wrong = await receiptFor(dir, destination, (receipt) => ({
      ...receipt,
      bundleDigest: 'ab'.repeat(32),
    }))
    writeFileSync(bad, wrong)
    const refused = await custody(['ceremony', 'receipt', dir, bad])
    expect(refused.code).toBe(1)
    expect(refused.json).toMatchObject({ ok: false, code: 'RECEIPT-01' })
    const good = join(home, 'receipt.json')
    writeFileSync(good, await receiptFor(dir, destination))
    const point: KillPoint = { ...program, when: 'before', entry: 'run.closed' }
    expect((await custodyKilled(point, ['ceremony', 'receipt', dir, good])).signal).toBe('SIGKILL')
    const closed = await custody(['ceremony', 'resume', dir])
    expect(closed.code).toBe(0)
    expect(closed.json).toMatchObject({ ok: true, state: 'Closed' })
    expect(stateOf(dir).ceremonyKey?.destroyed).toBe(true)
    const status = await custody(['ceremony', 'status', dir])
    expect(status.json).toMatchObject({ state: 'Closed', needs: null })
    expect((await custody(['ceremony', 'receipt', dir, good])).json).toMatchObject({
      code: 'SUBMIT-01',
      remedy: expect.stringContaining('it needs no more'),
    })
  })
})
