import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { makeFolder } from '@lux/node-files'

const usualPlaces = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/lib64/softhsm/libsofthsm.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
]

type SoftTokenEnvironment = {
  readonly library: string
  readonly environment: Readonly<Record<string, string>>
  /** Folder of the token files, 0700. */
  readonly tokens: string
}

/** Path of SoftHSM's library: LUX_SOFTHSM when set, else the usual places; null when it is not installed. */
export function findSoftTokenLibrary(): string | null {
  const chosen = process.env.LUX_SOFTHSM
  if (chosen) return chosen
  return usualPlaces.find((path) => existsSync(path)) ?? null
}

/**
 * A private SoftHSM store under `dir` (softhsm2.conf and tokens/, 0700), for rehearsals, training tokens and servers.
 * `library` is the first usual place when SoftHSM is missing, so that startHsm answers HSM-LIBRARY-MISSING.
 */
export function softTokenEnvironment(dir: string): SoftTokenEnvironment {
  const home = resolve(dir)
  if (/[\n\r]/.test(home)) throw new RangeError('dir: a line break cannot stand in softhsm2.conf')
  const tokens = join(home, 'tokens')
  const conf = join(home, 'softhsm2.conf')
  makeFolder(tokens)
  chmodSync(tokens, 0o700)
  const text = `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n`
  // Another process may be reading it this moment: it is replaced whole, and only when it differs.
  if (!existsSync(conf) || readFileSync(conf, 'utf8') !== text) {
    const fresh = `${conf}.${process.pid}`
    writeFileSync(fresh, text, { mode: 0o600 })
    renameSync(fresh, conf)
  }
  return {
    library: findSoftTokenLibrary() ?? '/usr/lib/softhsm/libsofthsm2.so',
    environment: { SOFTHSM2_CONF: conf },
    tokens,
  }
}
