import type { OpenedShare } from '@lux/people'
import { expect, test } from 'vitest'
import type { Open } from '../../src/device/kept.ts'
import {
  mayAct,
  nextSession,
  type PreparedRequest,
  releaseSecrets,
  type Session,
  type SessionEvent,
} from '../../src/device/session.ts'

/** Of an opened phone and a request only the secrets play a part here. */
const opened = (): Open => ({ vault: { key: new Uint8Array(32).fill(1) } }) as unknown as Open

function request(): PreparedRequest {
  const shareBytes = new Uint8Array([2])
  const envelope = { shareBytes, share: { seeds: [] } }
  const share = { held: { content: new Uint8Array([3]) }, envelope } as unknown as OpenedShare
  const answer = { partial: new Uint8Array([4]) } as PreparedRequest['answer']
  return { answer, opened: share, files: [], share: {} as PreparedRequest['share'] }
}

const after = (events: readonly SessionEvent[], from: Session = null): NonNullable<Session> => {
  const session = events.reduce(nextSession, from)
  if (session === null) throw new Error('the phone is closed')
  return session
}

const byPasskey = (): SessionEvent => ({ on: 'opened', open: opened(), by: 'passkey' })
const byPassphrase = (): SessionEvent => ({ on: 'opened', open: opened(), by: 'passphrase' })

test('a closed phone stays closed whatever happens, until it is opened', () => {
  for (const event of [
    { on: 'passphrase-given' },
    { on: 'request-read', request: request() },
    { on: 'acted', act: 'log' },
  ] as const)
    expect(nextSession(null, event)).toBeNull()
  expect(after([byPassphrase()])).toMatchObject({ openedBy: 'passphrase', newestTime: '', answering: null })
})

test('a phone that is opened anew keeps nothing of what was read or confirmed before', () => {
  const session = after([
    byPasskey(),
    { on: 'acted', act: 'log' },
    { on: 'passphrase-given' },
    { on: 'time-read', at: '2026-01-31T09:30:00.000Z' },
    { on: 'request-read', request: request() },
    byPasskey(),
  ])
  expect(session).toMatchObject({ confirming: null, newestTime: '', answering: null })
})

test('a passphrase that opened the phone confirms every act', () => {
  expect(mayAct(after([byPassphrase(), { on: 'acted', act: 'log' }]), 'log')).toBe(true)
})

test('a passkey that opened the phone confirms nothing: the passphrase counts once, and for the act that asked for it', () => {
  const asked = after([byPasskey(), { on: 'acted', act: 'log' }])
  expect(mayAct(asked, 'log')).toBe(false)
  const given = after([{ on: 'passphrase-given' }], asked)
  expect(mayAct(given, 'another')).toBe(false)
  expect(mayAct(given, 'log')).toBe(true)
  expect(mayAct(after([{ on: 'acted', act: 'log' }], given), 'log')).toBe(false)
  expect(mayAct(after([{ on: 'acted', act: 'another' }], given), 'log')).toBe(false)
})

test('a passphrase that no act asked for confirms none that comes later', () => {
  const session = after([byPasskey(), { on: 'passphrase-given' }, { on: 'acted', act: 'log' }])
  expect(mayAct(session, 'log')).toBe(false)
})

test('a phone without its passkey counts as opened by its passphrase', () => {
  expect(mayAct(after([byPasskey(), { on: 'passkey-removed' }]), 'log')).toBe(true)
})

test('an answer that was sealed and not written leaves its files, and no other answer does', () => {
  const read = after([byPassphrase(), { on: 'request-read', request: request() }])
  expect(after([{ on: 'request-unwritten' }], read)).toBe(read)
  const sealing = after([{ on: 'request-sealing' }], read)
  expect(after([{ on: 'request-unwritten' }], sealing).answering).toEqual({ step: 'unwritten', files: [] })
  expect(after([{ on: 'request-done' }, { on: 'request-unwritten' }], sealing).answering).toBeNull()
})

test('a request cannot be sealed before it was read', () => {
  expect(after([byPassphrase(), { on: 'request-sealing' }]).answering).toBeNull()
})

test('the share and the part stay while the answer is sealed, and are wiped once it is done, dropped or replaced', () => {
  for (const last of [
    { on: 'request-done' },
    { on: 'request-unwritten' },
    { on: 'closed' },
    { on: 'request-read', request: request() },
  ] as const) {
    const asked = request()
    const read = after([byPassphrase(), { on: 'request-read', request: asked }])
    const sealing = after([{ on: 'request-sealing' }], read)
    releaseSecrets(read, sealing)
    expect([...asked.answer.partial, ...asked.opened.held.content]).toEqual([4, 3])
    releaseSecrets(sealing, nextSession(sealing, last))
    expect([...asked.answer.partial, ...asked.opened.held.content], last.on).toEqual([0, 0])
  }
})

test('the vault’s key is wiped when the phone closes or is opened anew, and by nothing else', () => {
  const open = after([byPassphrase()])
  releaseSecrets(open, nextSession(open, { on: 'time-read', at: '2026-01-31T09:30:00.000Z' }))
  expect(open.vault.key[0]).toBe(1)
  releaseSecrets(open, nextSession(open, byPasskey()))
  expect(open.vault.key[0]).toBe(0)
  const again = after([byPassphrase()])
  releaseSecrets(again, nextSession(again, { on: 'closed' }))
  expect(again.vault.key[0]).toBe(0)
})
