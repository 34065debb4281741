import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Hsm,
  HsmError,
  type StartHsmOptions,
  softTokenEnvironment,
  startHsm,
  type Token,
} from '../src/index.ts'

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
export const soPin = () => utf8('87654321')
export const userPin = () => utf8('12345678')
export const newId = () => randomBytes(16).toString('hex')

export type Bench = {
  readonly dir: string
  readonly tokens: string
  readonly environment: Readonly<Record<string, string>>
  readonly library: string
  readonly hsm: Hsm
  newToken(label: string): Promise<Token>
  loggedIn(label: string): Promise<Token>
  close(): Promise<void>
}

/** A private SoftHSM store in a folder of its own, and a host on it. */
export async function startBench(options: Partial<StartHsmOptions> = {}): Promise<Bench> {
  const dir = mkdtempSync(join(tmpdir(), 'lux-hsm-'))
  const { library, environment, tokens } = softTokenEnvironment(dir)
  const hsm = await startHsm({ library, environment, ...options })
  const newToken = async (label: string) => {
    const info = await hsm.token('new').initialise({ label, soPin: soPin(), userPin: userPin() })
    return hsm.token(info.serial)
  }
  return {
    dir,
    tokens,
    environment,
    library,
    hsm,
    newToken,
    loggedIn: async (label) => {
      const token = await newToken(label)
      await token.logIn({ user: 'user', pin: userPin() })
      return token
    },
    close: async () => {
      await hsm.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** The code of the refusal; a call that succeeds gives 'no error', so that no test passes by accident. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'no error'
  } catch (error) {
    if (error instanceof HsmError) return error.code
    throw error
  }
}

export async function ckr(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'no error'
  } catch (error) {
    if (error instanceof HsmError) return error.ckr?.name ?? 'no ckr'
    throw error
  }
}
