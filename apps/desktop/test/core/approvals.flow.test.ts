import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Approvals, ApprovalView, RunView } from '../../src/contract/index.ts'
import { findProgram } from '../../src/core/program.ts'
import { type CoreInTest, startCore } from './support/core-in-test.ts'

vi.setConfig({ testTimeout: 120_000 })

let folder: string
let core: CoreInTest
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'approvals-'))
  core = await startCore(folder, findProgram())
})
afterAll(async () => {
  await core?.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function asked<T>(api: string, input: object): Promise<T> {
  const answer = await core.call(api, input)
  if (!answer.ok) throw new Error(`${api}: ${answer.error.code} ${answer.error.detail}`)
  // Each caller names what its API answers with.
  return answer.value as T
}

const requests = async (): Promise<ApprovalView[]> => (await asked<Approvals>('approvals.list', {})).requests

/** Plays everybody up to the step, which stays undone. */
async function leadTo(id: string, step: string): Promise<void> {
  for (;;) {
    const view = await asked<RunView>('ceremonies.view', { id })
    const { current } = view
    if (current === null) throw new Error(`the run is over before ${step}`)
    if (current.blocked === 'machine-works') {
      await new Promise((resolve) => setTimeout(resolve, 50))
      continue
    }
    if (current.id === step) return
    const sign = current.needs.find((need) => need.need === 'sign')
    if (sign !== undefined) {
      const { name = '' } = sign.signers.find(({ signed, standIn }) => standIn && !signed) ?? {}
      await asked('ceremonies.signAsStandIn', { id, what: sign.what, name })
      continue
    }
    const values = current.needs.some(({ need }) => need === 'values')
      ? { values: { 'wall-clock': new Date().toISOString() } }
      : {}
    const input = { ...values, heard: current.compares.map(({ digest }) => ({ digest, by: [] })) }
    await asked('ceremonies.proceed', { id, step: current.id, by: current.actor.name, input })
  }
}

const said = ({ voices }: ApprovalView) =>
  voices.map(({ name, said: word, at }) => `${name} ${word}${at === null ? '' : ' at a time'}`)

test('APPROVALS the queue says of each request who was asked, who has answered, how many more it takes, until when and what it costs', async () => {
  expect(await asked<Approvals>('approvals.list', {})).toEqual({ requests: [], unreadable: [] })
  const { id } = await asked<{ id: string }>('ceremonies.startRehearsal', { script: 'fhe-life', values: {} })
  await leadTo(id, 'approve-request')

  const [approving, ...none] = await requests()
  if (approving === undefined) throw new Error('no request')
  expect(none).toEqual([])
  expect(approving).toMatchObject({
    ceremony: id,
    domain: 'rehearsal',
    simulated: true,
    // What approvers' own devices tell of the same bytes.
    shown: {
      what: 'decryption-approval',
      digest: approving.digest,
      act: { changes: [{ told: { name: 'act-decryption' } }, { told: { name: 'act-decrypted' } }] },
    },
    id: 'first',
    state: 'approving',
    what: 'the sum of all readings',
    epoch: 0,
    ciphertexts: 1,
    approversNeeded: 2,
    answersNeeded: 3,
    before: null,
    outcome: null,
  })
  expect(approving.budget).toBeGreaterThan(0)
  expect(approving.expiry > new Date().toISOString()).toBe(true)
  expect(approving.words).toHaveLength(32)
  const approvers = approving.voices.filter(({ role }) => role === 'approver').map(({ name }) => name)
  const holders = approving.voices.filter(({ role }) => role === 'holder').map(({ name }) => name)
  expect(holders).toEqual(['Holder One', 'Holder Two', 'Holder Three'])
  expect(said(approving).every((line) => line.endsWith(' asked'))).toBe(true)

  for (const name of approvers.slice(0, 2))
    await asked('ceremonies.signAsStandIn', { id, what: 'decryption-approval', name })
  await leadTo(id, 'answer-request')
  await asked('ceremonies.signAsStandIn', { id, what: 'holder-answer', name: 'Holder Two' })
  const [answering] = await requests()
  expect(answering).toMatchObject({ state: 'answering' })
  expect(said(answering!)).toEqual([
    ...approvers.map((name) => `${name} approved at a time`),
    'Holder One asked',
    'Holder Two approved at a time',
    'Holder Three asked',
  ])
  // Of whoever has answered it is known what is left; of the others it is not, and nothing is made up.
  const left = answering!.voices.filter(({ role }) => role === 'holder').map((one) => one.left)
  expect(left).toEqual([null, expect.any(Number), null])

  for (const name of ['Holder One', 'Holder Three'])
    await asked('ceremonies.signAsStandIn', { id, what: 'holder-answer', name })
  await leadTo(id, 'take-result')
  const [combining] = await requests()
  expect(combining).toMatchObject({ state: 'combining' })
  // The window combines with the name that the request has of who asked.
  const { requester } = combining!
  await asked('ceremonies.signAsStandIn', { id, what: 'decryption-result', name: requester })
  const [decided] = await requests()
  expect(decided).toMatchObject({ state: 'decided', outcome: 'combined' })
})
