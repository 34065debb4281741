import { statfsSync } from 'node:fs'
import { networkInterfaces, release, type } from 'node:os'
import { selfTest, utf8 } from '@lux/crypto'
import { checkPassphrase } from '@lux/crypto/passphrase'
import { HsmError } from '@lux/hsm'
import { ExpectedError, writeDurably } from '@lux/node-files'
import { wordsOf } from '@lux/people'
import type { AppInfo, InputOf, StoreBackupView } from '../../contract/index.ts'
import {
  type BackupFacts,
  backUpStore,
  checkStoreBackup,
  noteBackup,
  restoreStore,
} from '../store/store-backup.ts'
import { presentTokens } from './shared/absent-hsm.ts'
import { needed } from './shared/needed.ts'
import type { ServiceContext } from './shared/service-context.ts'

let tested: AppInfo['selfTest'] | null = null

/** Known answers of every primitive, once per start. */
export function testedPrimitives(): AppInfo['selfTest'] {
  tested ??= selfTest().map(({ name, ok }) => ({ name, passed: ok, detail: '' }))
  return tested
}

export async function appInfo({ store, hsm, clock, program, training }: ServiceContext): Promise<AppInfo> {
  const { bavail, blocks, bsize } = statfsSync(store.path)
  return {
    version: program.measurement.version,
    build: program.measurement.build,
    node: process.version,
    system: `${type()} ${release()}`,
    store: store.path,
    training,
    library: libraryOf(hsm),
    tokens: await tokensOf(hsm),
    selfTest: testedPrimitives(),
    interfaces: Object.entries(networkInterfaces())
      .filter(([, addresses]) => addresses?.some(({ internal }) => !internal))
      .map(([name]) => name),
    clock: clock.now(),
    disk: { free: bavail * bsize, total: blocks * bsize },
  }
}

function libraryOf(hsm: ServiceContext['hsm']): AppInfo['library'] {
  try {
    const { path, description, version, sha256 } = hsm().library
    return { path, description, version, sha256 }
  } catch (error) {
    if (error instanceof HsmError) return null
    throw error
  }
}

/** Empty where there is no library, or one that cannot list its tokens now: the tokens' own screen says why. */
async function tokensOf(hsm: ServiceContext['hsm']): Promise<AppInfo['tokens']> {
  try {
    return (await hsm().tokens())
      .filter(({ initialised }) => initialised)
      .map(({ manufacturer, model }) => ({ manufacturer, model }))
  } catch (error) {
    if (error instanceof HsmError) return []
    throw error
  }
}

/**
 * Nobody is at the window: every token is logged out but those that a ceremony's machine works on this moment, and a run
 * that one of them was open for pauses. PINs that were typed and not yet used are forgotten.
 */
export async function lockWindow(
  parts: ServiceContext,
  input: InputOf<'app.lock'>,
): Promise<{ loggedOut: string[] }> {
  input
  const runs = [...parts.runs.all()].map(([, { run }]) => run)
  const busy = new Set(
    runs
      .filter(({ work }) => work !== null)
      .flatMap(({ folder }) => folder.state.tokens.map(({ serial }) => serial)),
  )
  const { tokens } = await presentTokens(parts)
  const loggedOut = tokens
    .filter(({ loggedIn, serial }) => loggedIn !== null && !busy.has(serial))
    .map(({ serial }) => serial)
  for (const serial of loggedOut) await parts.hsm().token(serial).logOut()
  for (const run of runs) {
    run.forgetPins()
    run.sessionsEnded(loggedOut, 'logged out when the window was locked')
  }
  if (loggedOut.length > 0) parts.emit('tokens.changed', {})
  return { loggedOut }
}

/** What support needs: versions, self-test, states and refusal codes. No key, no PIN, no person's name. */
export async function saveReport(
  parts: ServiceContext,
  asked: InputOf<'report.save'>,
): Promise<{ path: string; bytes: number }> {
  parts.paths.write(asked.path)
  const runs = [...parts.runs.all()].map(([id, { run }]) => {
    const view = run.view()
    return {
      id,
      domain: view.domain,
      state: view.state,
      at: view.current,
      exceptions: view.exceptions.map(({ step, about }) => ({ step, about })),
      stuck: run.internalRefusal?.rule ?? null,
    }
  })
  const bytes = utf8(
    `${JSON.stringify({ made: parts.clock.now(), app: await appInfo(parts), runs }, null, 2)}\n`,
  )
  writeDurably(asked.path, bytes)
  return { path: asked.path, bytes: bytes.length }
}

/** Errors: STORE-BUSY while people are in the middle of a ceremony, PASSWORD-WEAK, those of `backUpStore`. */
export async function backUp(
  parts: ServiceContext,
  { path: out, passphrase }: InputOf<'store.backup'>,
): Promise<{ backup: StoreBackupView; elsewhere: string[] }> {
  needed(await checkPassphrase(passphrase))
  if (parts.runs.attention()) throw new ExpectedError('STORE-BUSY', 'a ceremony is under way')
  parts.paths.write(out)
  // They are read again when they are next asked for; until then nobody holds their logs.
  parts.runs.close()
  const by = parts.program.measurement.version
  const { elsewhere, ...facts } = await backUpStore(parts.store, {
    out,
    to: { passphrase },
    made: parts.clock.now(),
    by,
  })
  return { backup: viewOf(out, facts), elsewhere }
}

/** Errors: those of `checkStoreBackup`. */
export async function checkBackup(
  { paths, store }: ServiceContext,
  { path, passphrase }: InputOf<'store.check'>,
): Promise<{ backup: StoreBackupView }> {
  const facts = await checkStoreBackup(paths.read(path), { passphrase })
  noteBackup(store, facts, true)
  return { backup: viewOf(path, facts) }
}

/** Errors: those of `restoreStore`. */
export async function restoreBackup(
  { paths }: ServiceContext,
  asked: InputOf<'store.restore'>,
): Promise<{ backup: StoreBackupView }> {
  const from = paths.read(asked.path)
  const folder = paths.folder(asked.folder)
  const { passphrase } = asked
  return { backup: viewOf(from, await restoreStore(from, { passphrase }, { folder })) }
}

function viewOf(path: string, { digest, bytes, made, runs }: BackupFacts): StoreBackupView {
  return { path, digest, words: wordsOf(digest), bytes, made, runs }
}
