import { closeSync, openSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { EnvironmentError } from '../../refusal.ts'
import type { StateFolder } from './folder.ts'

const busy = 5

/**
 * Runs a command that writes while no other one does; a running server is none and goes on. One that is at work is waited for. The
 * lock is the system's on an empty database, given back when the process dies, so that no stale one has to be judged.
 * Throws STATE-BUSY, which names who holds it.
 */
export async function holdingState<T>(
  state: StateFolder,
  command: string,
  work: () => Promise<T>,
  patienceMs = 60_000,
): Promise<T> {
  makeOnce(state.lock)
  const held = await takeTurn(state, patienceMs)
  try {
    await writeFile(state.lockHolder, `custody-server ${command}, process ${process.pid}`, { mode: 0o600 })
    return await work()
  } finally {
    held.close()
  }
}

/** Never opened again once it is there: whoever closes a file gives back every lock of its process on it (POSIX fcntl). */
function makeOnce(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}

async function takeTurn(state: StateFolder, patienceMs: number): Promise<DatabaseSync> {
  const deadline = Date.now() + patienceMs
  for (let told = false; ; told = true) {
    const held = tryLock(state.lock)
    if (held !== null) return held
    const holder = await readFile(state.lockHolder, 'utf8').catch(() => 'another command')
    if (Date.now() > deadline) throw new EnvironmentError('STATE-BUSY', `${state.root}: ${holder} is at work`)
    if (!told) process.stderr.write(`waiting until ${holder} has ended\n`)
    await sleep(100)
  }
}

function tryLock(path: string): DatabaseSync | null {
  const database = new DatabaseSync(path)
  try {
    database.exec('BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === busy) return null
    throw error
  }
}
