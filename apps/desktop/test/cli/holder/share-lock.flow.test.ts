import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openWithPassphrase } from '@lux/crypto'
import { parseShareEnvelope } from '@lux/crypto/fhe'
import { encodeState, freshState, parseHeldShare } from '@lux/people'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { approve as approveHere } from '../../../src/cli/holder/approve.ts'
import { lockPath, lockShare } from '../../../src/cli/holder/share-lock.ts'
import { within } from '../../../src/cli/shell/surroundings.ts'
import { custodyJson } from '../support/custody.ts'
import * as place from '../support/decryption-place.ts'
import { passphrase } from '../support/people.ts'

const { approve, at, gather, remove, requested } = place

let requests: Record<'six' | 'nine' | 'odd', string>
beforeAll(async () => {
  await gather()
  requests = { six: await requested('six'), nine: await requested('nine'), odd: await requested('odd') }
}, 120_000)
afterAll(remove)

const state = (i: number) => JSON.parse(readFileSync(at(`share-${i}.sealed.state`), 'utf8')).payload

describe('a share whose budget is 10 blocks', () => {
  test('HOLDER-BUSY two commands at once do not answer 12 of them', async () => {
    const asked = ['six', 'nine'] as const
    const both = await Promise.all(asked.map((what) => approve(1, requests[what], what, what)))
    // On a busy machine one may be over before the other begins; else it is kept out, and answers when it is asked again.
    for (const [at, { exit, json }] of both.entries()) {
      if (exit === 0) continue
      expect([exit, json.code]).toEqual([3, 'HOLDER-BUSY'])
      const what = asked[at]!
      both[at] = await approve(1, requests[what], what, `${what}-again`)
    }
    expect(both.map(({ exit }) => exit)).toEqual([0, 0])
    expect(new Set(both.map(({ json }) => json.left))).toEqual(
      new Set([
        { at64: 6, at128: 0 },
        { at64: 2, at128: 0 },
      ]),
    )
    expect(await approve(1, requests.odd, 'odd', 'c')).toMatchObject({ exit: 1 })
    expect(state(1)).toMatchObject({ spent: { at64: 8 } })
  }, 60_000)

  test('HOLDER-BUSY a process that holds it keeps others out, and dead none', async () => {
    const share = at('share-2.sealed')
    const from = join(import.meta.dirname, '../../../src/cli/holder/share-lock.ts')
    const script = `const { lockShare } = await import(${JSON.stringify(from)}); globalThis.release = lockShare(${JSON.stringify(share)}); console.log('held'); setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const gone = once(child, 'exit')
    try {
      await once(child.stdout, 'data')
      expect(await approve(2, requests.six, 'six', 'held')).toMatchObject({ json: { code: 'HOLDER-BUSY' } })
    } finally {
      child.kill('SIGKILL')
    }
    await gone
    lockShare(share)()
    expect(existsSync(lockPath(share))).toBe(true)
    expect(await approve(2, requests.six, 'six', 'free')).toMatchObject({ exit: 0 })
  }, 60_000)

  test('HOLDER-STATE-CHANGED a record that was changed meanwhile is not written over', async () => {
    const share = at('share-3.sealed')
    const kept = new Uint8Array(readFileSync(share))
    const held = parseHeldShare(await openWithPassphrase(passphrase, kept))
    if (!held.ok) throw new Error(held.detail)
    const of = { key: place.holders[2]!, envelope: parseShareEnvelope(held.value.content) }
    const leaving = 'ab'.repeat(32)
    // The command has read the record when it shows what it answers.
    const whenShown = () => writeFileSync(`${share}.state`, encodeState({ ...freshState(), leaving }, of))
    const asked = within({ out() {}, err: whenShown, terminal: () => null }, () =>
      approveHere(requests.six, {
        share,
        key: place.holders[2]!.keyPath,
        policy: at('policy.json'),
        ciphertext: [at('six.bin')],
        out: at('changed.json'),
        passphraseFile: at('passphrase'),
      }),
    )
    await expect(asked).rejects.toMatchObject({ code: 'HOLDER-STATE-CHANGED' })
    expect(state(3)).toMatchObject({ leaving, spent: { at64: 0 } })
    expect([at('changed.json'), at('changed.age')].filter((path) => existsSync(path))).toEqual([])
    expect(await approve(3, requests.nine, 'nine', 'then')).toMatchObject({
      json: { code: 'HOLDER-LEAVING' },
    })
  }, 60_000)

  test('an answer that could not be written costs nothing', async () => {
    const before = state(2)
    const into = (out: string) =>
      custodyJson([
        ...['holder', 'approve', requests.nine, '--share', at('share-2.sealed')],
        ...[
          '--key',
          place.holders[1]!.keyPath,
          '--policy',
          at('policy.json'),
          '--ciphertext',
          at('nine.bin'),
        ],
        ...['--out', out, '--passphrase-file', at('passphrase')],
      ])
    expect((await into('/dev/null/answer.json')).json.code).toMatch(/^FOLDER-|^FILE-/)
    expect(state(2)).toEqual(before)
    expect(await into(at('written.json'))).toMatchObject({ exit: 0 })
    expect(existsSync(at('written.json.part'))).toBe(false)
  }, 60_000)
})
