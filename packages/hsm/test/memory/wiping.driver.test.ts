import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { softTokenEnvironment } from '../../src/index.ts'
import { faultModule } from '../fault-module/build.ts'
import { findInMemory } from './find-in-memory.ts'
import { masked, unmasked } from './masked.ts'
import type { Said } from './secret-user.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

const secretUser = fileURLToPath(new URL('./secret-user.ts', import.meta.url))
const randomPin = () => new TextEncoder().encode(randomBytes(12).toString('base64url'))

describe('the memory of a caller and of its token host', { skip: process.platform !== 'linux' }, () => {
  const pin = randomPin()
  const newPin = randomPin()
  const value = randomBytes(32)
  let dir: string
  /** SoftHSM, behind what can lose its sessions. */
  let library: string
  let client: ChildProcess
  let lines: AsyncIterator<string>
  let said: Said

  const hear = async () => {
    // What the program prints, one of its lines.
    said = JSON.parse((await lines.next()).value) as Said
  }
  const does = async (...steps: readonly string[]) => {
    for (const step of steps) {
      client.stdin?.write(`${step}\n`)
      await hear()
    }
  }
  /** In how many places the secret stands, and where. */
  const places = (secret: Uint8Array) => ({
    client: findInMemory(client.pid ?? 0, secret),
    host: findInMemory(said.host, secret),
  })
  const nowhere = { client: [], host: [] }
  const answered = () => unmasked(said.key ?? '')

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'lux-hsm-memory-'))
    const { environment } = softTokenEnvironment(dir)
    library = faultModule(dir)
    client = spawn(process.execPath, [secretUser, library, masked(pin), masked(newPin), masked(value)], {
      env: { ...environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    if (!client.stdout) throw new Error('no pipe')
    lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]()
    await hear()
  })
  afterEach(async () => {
    const gone = once(client, 'exit')
    client.stdin?.end('end\n')
    await gone
    rmSync(dir, { recursive: true, force: true })
  })

  it('holds no PIN once a token was initialised with it, or somebody logged in', async () => {
    expect(places(pin)).toEqual(nowhere)
    await does('logIn')
    expect(places(pin)).toEqual(nowhere)
    await does('logOut')
    expect(places(pin)).toEqual(nowhere)
  })

  it('holds a PIN that is to be kept in one place of the host, until the log-out', async () => {
    await does('logInAndKeep')
    const { client: inClient, host } = places(pin)
    expect([inClient, host.length]).toEqual([[], 1])
    await does('logOut')
    expect(places(pin)).toEqual(nowhere)
  })

  it('holds a PIN in that place alone where its login waited behind other calls, and where it was sent again for a lost session', async () => {
    const inHost = () => {
      const { client: inClient, host } = places(pin)
      return [inClient, host.length]
    }
    await does('logInBehindOthers')
    expect(inHost()).toEqual([[], 1])
    const random = readFileSync(`${library}.log`, 'utf8').match(/^C_GenerateRandom /gm)?.length ?? 0
    writeFileSync(`${library}.plan`, `C_GenerateRandom@${random + 1}=session-lost`)
    await does('random')
    expect(readFileSync(`${library}.log`, 'utf8').match(/^C_Login /gm)?.length).toBe(3)
    expect(inHost()).toEqual([[], 1])
    await does('logOut')
    expect(places(pin)).toEqual(nowhere)
  })

  it('holds neither the old PIN nor the new one after a change', async () => {
    await does('logIn', 'changePin')
    expect([places(pin), places(newPin)]).toEqual([nowhere, nowhere])
  })

  it.each(['unwrapToMemory', 'decrypt', 'decryptLarge'])(
    'holds what %s answers in the one array that the caller has, and nowhere once that is wiped',
    async (step) => {
      await does('logIn', step)
      const secret = answered()
      const { client: inClient, host } = places(secret)
      expect([inClient.length, host]).toEqual([1, []])
      await does('wipe')
      expect(places(secret)).toEqual(nowhere)
    },
  )

  it('holds no key that was imported', async () => {
    await does('logIn', 'import')
    expect(places(value)).toEqual(nowhere)
  })
})
