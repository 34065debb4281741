import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkPolicy } from '@lux/ceremony/policy'
import { type Card, cardCodec } from '@lux/ceremony/wire'
import { type Enrolment, enrol } from '@lux/people'
import { afterAll, expect, test } from 'vitest'
import { rehearsalOfScript } from '../../src/core/rehearsal/rehearsal-of-script.ts'
import { listScripts } from '../../src/core/services/ceremonies/begin-ceremony.ts'
import type { ServiceContext } from '../../src/core/services/shared/service-context.ts'
import { systemClock, systemEntropy } from '../../src/core/system.ts'

const resources = fileURLToPath(new URL('../../../../resources', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'rehearsal-mode-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function rehearsed(values: Readonly<Record<string, unknown>>) {
  const script = new Uint8Array(readFileSync(join(resources, 'scripts', 'threshold-fhe.yaml')))
  const request = {
    folder,
    of: { script, values },
    destinations: [],
    library: '0a'.repeat(32),
    measurement: { build: `dev:${'0b'.repeat(20)}` },
    entropy: systemEntropy,
    clock: systemClock,
    keyChild: { execPath: '', entry: '' },
  }
  // Of the measurement only the build is read, and no key child is started by a script that deals its own key.
  return (await rehearsalOfScript(request as never, { script, values })).plan.fhe
}

test('a rehearsal of a script makes no squashing key, which takes minutes, unless somebody asks for it', async () => {
  expect(await rehearsed({})).toMatchObject({ mode: 'F', squash: false })
  expect(await rehearsed({ fheMode: 'S', fheSquash: true })).toMatchObject({ mode: 'S', squash: true })
})

test('the window shows these two in the form of a rehearsal, where they can be chosen', () => {
  // Of the parts only the resources and the store's own scripts are read.
  const parts = { program: { resources }, store: { scripts: () => [] } } as unknown as ServiceContext
  const { scripts } = listScripts(parts)
  const fields = scripts.find(({ id }) => id === 'threshold-fhe')?.fields
  expect(fields).toContainEqual(
    expect.objectContaining({ name: 'fheMode', initial: 'F', choices: ['S', 'F'] }),
  )
  expect(fields).toContainEqual(expect.objectContaining({ name: 'fheSquash', initial: 'false' }))
})

const cardOf = async (name: string, kind: Enrolment['kind'] = 'holder'): Promise<Card> => {
  const made = await enrol({ kind, domain: 'rehearsal', name }, systemEntropy)
  if (!made.ok) throw new Error(made.rule)
  return made.value.key.card
}

async function withOwnDevices(script: string, ...ownDevices: Card[]) {
  const bytes = new Uint8Array(readFileSync(join(resources, 'scripts', `${script}.yaml`)))
  const request = {
    folder,
    of: { script: bytes, values: {} },
    destinations: [],
    ownDevices,
    library: '0a'.repeat(32),
    measurement: { build: `dev:${'0b'.repeat(20)}` },
    entropy: systemEntropy,
    clock: systemClock,
    keyChild: { execPath: '', entry: '' },
  }
  // As above.
  return rehearsalOfScript(request as never, { script: bytes, values: {} })
}

test('REHEARSAL-OWN-DEVICES who comes with a device holds a share by the card of that device, and nobody stands in for them', async () => {
  const card = await cardOf('Lena Fischer')
  const { plan, standIns } = await withOwnDevices('threshold-fhe', card)
  expect(plan.fhe?.holders).toEqual(['Holder One', 'Holder Two', 'Lena Fischer'])
  expect(plan.people).toContainEqual({ role: 'holder', name: 'Lena Fischer', card: cardCodec.digest(card) })
  expect(standIns.map(({ name }) => name)).not.toContain('Lena Fischer')
  expect(standIns.filter(({ role }) => role === 'holder')).toHaveLength(2)
})

test('REHEARSAL-OWN-DEVICES officers and witnesses with a device sit in the last seats of their role, and the policy that lists them is signed all the same', async () => {
  const olga = await cardOf('Olga Weiss', 'officer')
  const own = [
    ...[olga, await cardOf('Anton Berg', 'officer'), await cardOf('Ida Roth', 'officer')],
    await cardOf('Wanda Keller', 'witness'),
  ]
  const { plan, standIns, policy } = await withOwnDevices('first-run', ...own)
  const seated = (role: string) => plan.people.filter((one) => one.role === role).map(({ name }) => name)
  expect(seated('officer')).toEqual(['Ida Roth', 'Anton Berg', 'Olga Weiss'])
  expect(seated('witness')).toEqual(['Witness One', 'Wanda Keller'])
  expect(standIns.some(({ role }) => role === 'officer')).toBe(false)
  expect(policy.policy.officers.map(({ card }) => card)).toContain(cardCodec.digest(olga))
  expect(checkPolicy(policy).ok).toBe(true)
  await expect(withOwnDevices('first-run', ...own, await cardOf('Zoe', 'officer'))).rejects.toThrow(
    'REHEARSAL-OWN-DEVICES',
  )
  await expect(withOwnDevices('first-run', await cardOf('Officer One', 'officer'))).rejects.toThrow(
    'REHEARSAL-OWN-DEVICES',
  )
})

test('REHEARSAL-OWN-DEVICES where the key moves on, they sit where nobody deals again', async () => {
  const { plan } = await withOwnDevices('fhe-life', await cardOf('Lena Fischer'))
  expect(plan.fhe?.holders).toEqual(['Holder One', 'Holder Two', 'Lena Fischer'])
  expect(plan.reshare?.dealers).toEqual(['Holder One', 'Holder Two'])
})

test('REHEARSAL-OWN-DEVICES more devices than seats, a name twice and a script that deals nothing are refused', async () => {
  const cards = await Promise.all(['A', 'B', 'C', 'D'].map((name) => cardOf(name)))
  const [a, b] = cards
  await expect(withOwnDevices('threshold-fhe', ...cards)).rejects.toThrow('REHEARSAL-OWN-DEVICES')
  await expect(withOwnDevices('fhe-life', a!, b!)).rejects.toThrow('REHEARSAL-OWN-DEVICES')
  await expect(withOwnDevices('threshold-fhe', await cardOf('Holder One'))).rejects.toThrow(
    'REHEARSAL-OWN-DEVICES',
  )
  await expect(withOwnDevices('threshold-decryption', a!)).rejects.toThrow('REHEARSAL-OWN-DEVICES')
})
