import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Receipt, receiptCodec } from '@lux/ceremony/wire'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { abortCeremony } from '../../../src/cli/ceremony/abort.ts'
import { resumeCeremony } from '../../../src/cli/ceremony/resume.ts'
import { runCeremony } from '../../../src/cli/ceremony/run.ts'
import { RunFolder } from '../../../src/core/runs/folder/run-folder.ts'
import { type PlannedServer, placeFor, plannedServer } from '../../core/support/planned-server.ts'
import { ended, ProductionPlace } from '../../core/support/production-place.ts'
import { stateOf } from '../../core/support/run-end.ts'

vi.setConfig({ testTimeout: 120_000 })

let server: PlannedServer
let place: ProductionPlace
beforeEach(async () => {
  server = await plannedServer()
  place = placeFor([server])
})
afterEach(() => place.remove())

/** A receipt of bundle number 41, signed by a server of production. */
function receipt(changed: Partial<Receipt> = {}, signer = server): string {
  const payload: Receipt = {
    v: 1,
    kind: 'receipt',
    domain: 'production',
    ceremonyId: 'ab'.repeat(16),
    bundleDigest: 'ff'.repeat(32),
    audience: server.planned.card,
    sequence: '41',
    roots: [],
    policyVersion: 1,
    policyDigest: 'ee'.repeat(32),
    time: '2026-01-01T00:00:00.000Z',
    ...changed,
  }
  const file = place.file('receipt.json')
  const signatures = [receiptCodec.sign(signer.receipt, payload, payload.domain)]
  writeFileSync(file, receiptCodec.file.encode({ payload, signatures }))
  return file
}

const begin = (changed: { after?: string[] } = {}) =>
  ended(runCeremony(place.plan, place.options({ answers: place.answers(null), ...changed }), place.program))
const resume = (bundle: string | null, changed: { after?: string[] } = {}) =>
  ended(resumeCeremony(place.out, { answers: place.answers(bundle), ...changed }, place.program))
const lineage = () => JSON.parse(readFileSync(join(place.out, 'run.json'), 'utf8')).lineage
const follows = { sequence: '42', previous: 'ff'.repeat(32), supersedes: [] }

describe('the receipt that --after names', () => {
  test('is of the plan’s server in the run’s domain, signed by it', async () => {
    expect(await begin({ after: [receipt()] })).toMatchObject({ exit: 4 })
    expect(lineage()).toEqual(follows)
  })

  test.each<[string, () => Promise<string>, RegExp]>([
    ['of another domain', async () => receipt({ domain: 'rehearsal' }), /domain rehearsal/],
    ['of another server', async () => receipt({ audience: 'cd'.repeat(32) }), /of the server cdcd/],
    ['signed by another server', async () => receipt({}, await plannedServer()), /SIGNATURE-/],
  ])('AFTER-RECEIPT is refused where it is %s, and no folder is left', async (_what, file, said) => {
    const refused = await begin({ after: [await file()] })
    expect(refused).toMatchObject({ exit: 1, json: { code: 'AFTER-RECEIPT' } })
    expect(refused.json.detail).toMatch(said)
    expect(RunFolder.isAt(place.out)).toBe(false)
  })

  test('AFTER-BUILT is taken at resume as long as the bundle is not built', async () => {
    let left = await begin()
    expect(lineage()).toMatchObject({ sequence: '1' })
    left = await resume(null, { after: [receipt()] })
    expect(lineage()).toEqual(follows)
    for (let round = 0; round < 10 && left.json.waitingFor !== undefined; round += 1) {
      const [waits] = left.json.waitingFor as string[]
      const [request = ''] = left.json.files as string[]
      if (waits === 'confirm') break
      const names = waits === 'checkpoint' ? ['Wanda'] : ['Otto', 'Ophelia']
      for (const name of names) place.sign(request, name)
      left = await resume(null)
    }
    expect(stateOf(place.out).bundle).not.toBeNull()
    const folder = RunFolder.open(place.out)
    try {
      expect(folder.readDocument('build-bundle.json')).toMatchObject({ lineage: follows })
    } finally {
      folder.close()
    }
    expect(await resume(null, { after: [receipt()] })).toMatchObject({
      exit: 1,
      json: { code: 'AFTER-BUILT' },
    })
  })

  test('AFTER-RECEIPT is not passed over where the run is over', async () => {
    await begin()
    await ended(abortCeremony(place.out, { reason: 'another day' }, place.program))
    expect(await resume(null, { after: [receipt()] })).toMatchObject({
      exit: 1,
      json: { code: 'AFTER-RECEIPT', detail: expect.stringContaining('the run is over') },
    })
  })
})

describe('a plan without a destination', () => {
  test('AFTER-RECEIPT follows no bundle', async () => {
    const file = receipt()
    const other = new ProductionPlace()
    try {
      const options = other.options({ answers: other.answers(null), after: [file] })
      const refused = await ended(runCeremony(other.plan, options, other.program))
      expect(refused).toMatchObject({ exit: 1, json: { code: 'AFTER-RECEIPT' } })
    } finally {
      other.remove()
    }
  })
})
