import { existsSync } from 'node:fs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { resumeCeremony } from '../../src/cli/ceremony/resume.ts'
import { runCeremony } from '../../src/cli/ceremony/run.ts'
import { ended, ProductionPlace } from './support/production-place.ts'
import { verdictOf } from './support/run-end.ts'

vi.setConfig({ testTimeout: 180_000 })

const proxy = ['x86_64-linux-gnu/', 'aarch64-linux-gnu/', '']
  .map((folder) => `/usr/lib/${folder}p11-kit-proxy.so`)
  .find((path) => existsSync(path))

let place: ProductionPlace
beforeAll(() => {
  if (proxy === undefined) throw new Error('p11-kit-proxy.so is not installed: apt-get install libp11-kit0')
  place = new ProductionPlace({ library: () => proxy })
})
afterAll(() => place?.remove())

/** Who signs what the run waits for; a bundle's digest is confirmed by the answers. */
const signers: Readonly<Record<string, readonly string[]>> = {
  opening: ['Otto', 'Ophelia'],
  checkpoint: ['Wanda'],
  bundle: ['Otto', 'Ophelia'],
  confirm: [],
}

test('a whole production run on a token behind p11-kit’s proxy ends closed, and the policy accepts its bundle', async () => {
  let left = await ended(
    runCeremony(place.plan, place.options({ answers: place.answers(null) }), place.program),
  )
  for (let round = 0; round < 20 && left.json.state !== 'Closed'; round += 1) {
    const [waitingFor = ''] = left.json.waitingFor as string[]
    const [request = ''] = left.json.files as string[]
    for (const name of signers[waitingFor] ?? []) place.sign(request, name)
    const bundle = waitingFor === 'confirm' ? String(left.json.digest) : null
    left = await ended(resumeCeremony(place.out, { answers: place.answers(bundle) }, place.program))
    expect(left.json.refused).toEqual([])
  }
  expect(left).toMatchObject({ exit: 0, json: { state: 'Closed', domain: 'production' } })
  expect(await verdictOf(place.out)).toBe('accepted')
})
