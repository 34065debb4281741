import type { Json } from '@lux/crypto'
import { HsmError } from '@lux/hsm'
import { expect, test } from 'vitest'
import { clearAttempts, leftOnTokens } from '../../../../src/core/runs/closing/left-on-tokens.ts'
import type { RunContext } from '../../../../src/core/runs/effects/context.ts'

const id = (digit: string) => digit.repeat(32)
const root = (ckaId: string, bornIn: string) => ({
  id: 'root',
  level: 'root',
  spares: [],
  token: 'ceremony',
  ckaId,
  bornIn,
})
const secret = (ckaId: string, label: string) => ({ id: ckaId, class: 'secret', label })

/** What clearAttempts asks of a run and of its one token; `stuck`: an object that does not go. */
function aborted({ roots, givenUp, stuck }: { roots: object[]; givenUp: string[]; stuck?: string }) {
  const destroyed: string[] = []
  const objects = [secret(id('1'), 'root-kek'), secret(id('2'), 'given up'), secret(id('3'), 'given up too')]
  const token = {
    inventory: async () => ({
      loggedIn: 'user',
      objects: objects.filter((object) => !destroyed.includes(object.id)),
    }),
    destroy: async ({ id: ckaId }: { id: string }) => {
      if (ckaId === stuck)
        throw new HsmError({ code: 'HSM-DUPLICATE-ID', detail: 'two of them', remedy: 'look' })
      destroyed.push(ckaId)
    },
  }
  let written: Json = null
  const folder = {
    state: {
      ceremonyId: id('a'),
      keys: roots,
      replicas: [],
      ceremonyKey: null,
      tokens: [{ role: 'ceremony', serial: 'S1' }],
      steps: [{ step: { token: 'ceremony' }, state: 'Pending', abandoned: givenUp, intent: null }],
    },
    writeDocument(_name: string, document: Json) {
      written = document
    },
    has: () => written !== null,
    readDocument: () => written,
  }
  const hsm = { token: () => token, tokens: async () => [{ serial: 'S1', loggedIn: 'user' }] }
  // The rest of a run has no part in it.
  return { run: { folder, hsm } as unknown as RunContext, destroyed }
}

test('a root of an earlier ceremony, under which the run worked, is in use and not named as left behind', async () => {
  const { run } = aborted({ roots: [root(id('1'), id('b'))], givenUp: [] })
  await clearAttempts(run)
  expect(leftOnTokens(run.folder)).toEqual([])
})

test('a root that the run itself made is named', async () => {
  const { run } = aborted({ roots: [root(id('1'), id('a'))], givenUp: [] })
  await clearAttempts(run)
  expect(leftOnTokens(run.folder)).toEqual([
    { serial: 'S1', ckaId: id('1'), class: 'secret', label: 'root-kek' },
  ])
})

test('an object that does not go is named, and the others go all the same', async () => {
  const { run, destroyed } = aborted({ roots: [], givenUp: [id('2'), id('3')], stuck: id('2') })
  await clearAttempts(run)
  expect(destroyed).toEqual([id('3')])
  expect(leftOnTokens(run.folder).map(({ ckaId }) => ckaId)).toEqual([id('2')])
})
