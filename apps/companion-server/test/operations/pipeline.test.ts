import { expect, test } from 'vitest'
import type { Caller } from '../../src/access/authorize.ts'
import { nobody } from '../../src/access/duties/rules.ts'
import { openRecord, type Record } from '../../src/audit/record.ts'
import { bytes, entry, type Permission, paged, pageOf, reads } from '../../src/operations/entry.ts'
import { openPipeline } from '../../src/operations/pipeline.ts'
import { Type } from '../../src/operations/schema.ts'
import { accept, type Outcome, refuse } from '../../src/refusal.ts'

const none = async () => accept(null)

const place = { organisation: 'o', project: 'p' }
const two = { count: 2, by: ['ada', 'grace'] }
const able = (conditions: object | null = null, provedAt = new Date()): Caller => ({
  identity: 'i',
  grants: [{ role: 'crypto-officer', ...place, conditions }],
  session: { provedAt },
})

type Refuses = { find?: true; fits?: true; approvals?: true; run?: true }

const key = (action: 'key.export' | 'key.manage', id: string) => ({
  action,
  resource: { kind: 'key' as const, ...place, name: id, algorithm: 'a' },
  key: id,
})

/** An operation that says which of its stages it came to, and the audit's entries. */
function traced(refuses: Refuses) {
  const came: string[] = []
  const back: string[] = []
  const entries: {
    outcome: string
    asked: string
    key: string | null
    input: readonly Uint8Array[]
    output: number
  }[] = []
  const at = <T>(stage: keyof Refuses, value: T): Outcome<T> => {
    came.push(stage)
    return refuses[stage] ? refuse(`AT-${stage.toUpperCase()}`, stage) : accept(value)
  }
  const one = entry({
    name: 'key.tried',
    isChange: false,
    touches: nobody,
    input: { id: Type.String({ maxLength: 9 }), data: bytes(4) },
    find: ({ id }) => at('find', { id }),
    permissions: ({ id }) => [key('key.export', 'wrapper'), key('key.manage', id)],
    secondFactor: true,
    shown: ({ data }, { fitting }) => `${data.length} bytes, ${fitting}`,
    hashed: ({ data }, fitting) => (fitting === null ? [data] : [data, Buffer.from(fitting)]),
    fits: () => at('fits', 'fitting'),
    repeats: 'done-again',
    deadline: 1000,
    run: async () => at('run', 7),
    output: (value) => [Uint8Array.of(value)],
  })
  const record: Record = async (_call, operation, work) => {
    const subject = {
      operation,
      asked: '' as string | (() => string),
      key: null as string | null,
      version: null,
      organisation: null,
      project: null,
      input: [],
      output: [] as Uint8Array[],
    }
    const outcome = await work(subject)
    const asked = typeof subject.asked === 'string' ? subject.asked : subject.asked()
    entries.push({
      outcome: outcome.ok ? 'ok' : outcome.rule,
      asked,
      key: subject.key,
      input: subject.input,
      output: subject.output.length,
    })
    return outcome
  }
  const perform = openPipeline({
    record,
    approvals: {
      take: async () => at('approvals', 'request 1'),
      change: none,
      giveBack: async (ids) => {
        back.push(...ids)
      },
    },
  })
  return {
    came,
    back,
    entries,
    async ask(caller: Caller, data = new Uint8Array(4)) {
      const call = { caller, door: 'direct', reqId: 'r', receipt: null } as const
      const outcome = await perform(one, { ...call }, { id: 'k', data })
      return outcome.ok ? 'ok' : outcome.rule
    },
  }
}

const waits = { approvals: two }
const everything = ['find', 'fits', 'approvals', 'run']

test('OPERATION-ORDER what one stage refuses, no later one is asked, and the audit has the refusal', async () => {
  const longAgo = new Date(0)
  for (const [refuses, caller, rule, stages, data] of [
    [{ find: true }, able(waits, longAgo), 'AT-FIND', ['find'], 9],
    [{}, { ...able(), grants: [] }, 'OBJECT-ABSENT', ['find'], 9],
    [{}, able({ keyNames: ['other'] }, longAgo), 'CONDITION-UNMET', ['find'], 9],
    [{}, able(waits, longAgo), 'SECOND-FACTOR-ANEW', ['find'], 9],
    [{}, able(waits), 'BODY-TOO-LONG', ['find'], 5],
    [{ fits: true }, able(waits), 'AT-FITS', ['find', 'fits'], 4],
    [{ approvals: true }, able(waits), 'AT-APPROVALS', ['find', 'fits', 'approvals'], 4],
    [{ run: true }, able(waits), 'AT-RUN', everything, 4],
    [{}, able(waits), 'ok', everything, 4],
    // Who needs no approval is asked for none.
    [{}, able(), 'ok', ['find', 'fits', 'run'], 4],
  ] as const) {
    const tried = traced(refuses)
    expect(await tried.ask(caller, new Uint8Array(data))).toBe(rule)
    expect(tried.came, rule).toEqual(stages)
    // What is refused after all uses up no approval.
    expect(tried.back, rule).toEqual(rule === 'AT-RUN' ? ['request 1'] : [])
    expect(tried.entries).toMatchObject([{ outcome: rule, output: rule === 'ok' ? 1 : 0 }])
  }
})

test('OPERATION-ORDER approvers, audit and run see one input, which is whole once it fits', async () => {
  const tried = traced({})
  const data = Uint8Array.of(1, 2, 3)
  await tried.ask(able(waits), data)
  expect(tried.entries[0]).toMatchObject({ asked: '3 bytes, fitting' })
  expect(tried.entries[0]?.input).toEqual([data, Buffer.from('fitting')])
  const refused = traced({ fits: true })
  await refused.ask(able(waits), data)
  expect(refused.entries[0]?.input).toEqual([data])
})

test('OPERATION-ORDER it is entered by the last key that it asks for, whichever of them waited for approval', async () => {
  for (const actions of [['key.export'], ['key.manage'], ['key.export', 'key.manage']]) {
    const tried = traced({})
    expect(await tried.ask(able({ approvals: { ...two, actions } }))).toBe('ok')
    expect(tried.entries, String(actions)).toMatchObject([{ key: 'k' }])
    expect(tried.came).toEqual(everything)
  }
})

test('OPERATION-ORDER nobody hears an outcome that the audit log does not have', async () => {
  const closed = { append: () => Promise.reject(new Error('full')) } as never
  const record = openRecord(
    closed,
    () => new Date(),
    async () => new Uint8Array(32),
  )
  const perform = openPipeline({
    record,
    approvals: { take: none, change: none, giveBack: async () => undefined },
  })
  const call = { caller: able(), door: 'direct' as const, reqId: 'r', receipt: null }
  const one = entry({
    name: 'key.tried',
    isChange: false,
    touches: nobody,
    input: {},
    find: () => accept(null),
    secondFactor: false,
    shown: null,
    permissions: () => [{ action: 'project.read', resource: { kind: 'project', ...place }, key: null }],
    hashed: () => [],
    fits: () => accept(null),
    repeats: 'done-again',
    deadline: 1,
    output: () => [],
    run: async () => accept(7),
  })
  await expect(perform(one, call, {})).rejects.toMatchObject({ code: 'AUDIT-UNAVAILABLE' })
})

const open = openPipeline({
  record: (_call, operation, work) =>
    work({
      ...{ operation, asked: '', organisation: null, project: null, key: null, version: null },
      ...{ input: [], output: [] },
    }),
  approvals: { take: none, change: none, giveBack: async () => undefined },
})
const asking = (caller: Caller) => ({ caller, door: 'direct' as const, reqId: 'r', receipt: null })

test('OPERATION-LIMITS a number is within the bounds of its entry, whatever door it came by', async () => {
  const listed = entry({
    ...reads,
    name: 'key.tried',
    input: paged,
    find: () => accept(null),
    permissions: () => ['for-caller'],
    run: async ({ input }) => accept(pageOf(input)),
  })
  const ask = (input: object) => open(listed, asking(able()), input)
  expect(await ask({})).toEqual(accept({ offset: 0, limit: 100 }))
  expect(await ask({ offset: 7, limit: 1 })).toEqual(accept({ offset: 7, limit: 1 }))
  for (const input of [{ limit: 101 }, { limit: 0 }, { offset: -1 }, { limit: 1.5 }, { offset: Number.NaN }])
    expect(await ask(input)).toMatchObject({ rule: 'REQUEST-FIELDS' })
})

test('OPERATION-UNSEEN what may not be seen is refused in the words for what is not there', async () => {
  const unseen = refuse('KMIP-CLIENT-ABSENT', 'none')
  const one = entry({
    ...reads,
    name: 'key.tried',
    input: {},
    find: () => accept(null),
    permissions: () => [
      { action: 'project.appoint', resource: { kind: 'project', ...place }, key: null, unseen },
    ],
    run: async () => accept(1),
  })
  expect(await open(one, asking({ identity: 'x', grants: [] }), {})).toEqual(unseen)
  expect(await open(one, asking(able()), {})).toMatchObject({ rule: 'ROLE-REFUSED' })
})

test('OPERATION-UNSEEN where it is, is not entered of who may not see it: he may read his own entry', async () => {
  const unseen = refuse('KMIP-CLIENT-ABSENT', 'none')
  const grant = { role: 'service', ...place } as const
  const resource = { kind: 'project', ...place } as const
  const entered: unknown[] = []
  const perform = openPipeline({
    approvals: { take: none, change: none, giveBack: async () => undefined },
    async record(_call, operation, work) {
      const subject = { operation, asked: '', organisation: null, project: null, key: null, version: null }
      const all = { ...subject, input: [], output: [] }
      const outcome = await work(all)
      entered.push(all.project)
      return outcome
    },
  })
  const asked: readonly Permission[] = [
    { governs: { identity: 'other', roles: [{ grant, action: 'project.appoint', resource }] } },
    { gives: { grant, action: 'project.appoint', resource } },
    { action: 'project.read', resource, key: null, unseen },
  ]
  for (const one of asked)
    for (const grants of [[], [{ role: 'organisation-admin', ...place, project: null }]] as const) {
      const permissions = () => [one]
      const fields = { ...reads, name: 'key.tried', input: {}, find: () => accept(null), permissions }
      await perform(entry({ ...fields, run: async () => accept(1) }), asking({ identity: 'x', grants }), {})
    }
  expect(entered).toEqual([null, 'p', null, 'p', null, 'p'])
})

test('OPERATION-WHOLE an entry that leaves a stage out does not compile', () => {
  const whole = {
    name: 'x',
    isChange: false,
    touches: nobody,
    input: {},
    find: () => accept(null),
    secondFactor: false,
    shown: null,
  } as const
  const rest = { hashed: () => [], fits: () => accept(null), output: () => [], run: async () => accept(1) }
  const permissions = () => [{ action: 'key.read', resource: { kind: 'deployment' }, key: null }] as const
  // @ts-expect-error: it has no deadline.
  entry({ ...whole, ...rest, permissions: () => [...permissions()], repeats: 'done-again' })
  // @ts-expect-error: nothing says whether it is done again.
  entry({ ...whole, ...rest, permissions: () => [...permissions()], deadline: 1 })
  // @ts-expect-error: nobody is asked whether it may be done.
  entry({ ...whole, ...rest, repeats: 'done-again', deadline: 1 })
  // @ts-expect-error: these bytes have no limit.
  expect(() => bytes()).not.toThrow()
})
