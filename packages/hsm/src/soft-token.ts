import {
  chmodSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { basename, join, resolve } from 'node:path'
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

/**
 * What a vendor's cloning tool does, for SoftHSM, which has none: rehearsals and tests replicate a key between soft tokens
 * with it. It works on the files alone, beside whatever has the library open.
 */

const vendor = 0x8000_0000n + 0x5348n
const label = vendor + 1n
const serial = vendor + 2n

/** Folder of the tokens of a SoftHSM configuration; null when it names none. */
export function softStoreOf({ SOFTHSM2_CONF: conf }: Readonly<Record<string, string>>): string | null {
  if (!conf || !existsSync(conf)) return null
  return /^\s*directories\.tokendir\s*=\s*(.+?)\s*$/m.exec(readFileSync(conf, 'utf8'))?.[1] ?? null
}

/**
 * Gives two tokens one master key, like HSMs of one cloning domain. `to` gets the PINs and master key of `from`, and keeps its serial and
 * label. It must hold no object yet, which could not be opened again. A library that already knows `to` keeps the old master key in memory
 * until it initialises `to` again under the same SO PIN.
 */
export function joinSoftTokens(store: string, { from, to }: { from: string; to: string }): void {
  const home = folderOf(store, from)
  const other = folderOf(store, to)
  if (objectsIn(other).length > 0) throw new RangeError(`to: ${to} holds objects of its own`)
  const file = readFileSync(join(home, tokenFile))
  const before = readFileSync(join(other, tokenFile))
  const own = attributesOf(before)
  const kept = new Set([label, serial])
  const joined = attributesOf(file).map(({ type, bytes }) =>
    kept.has(type) ? (own.find((one) => one.type === type)?.bytes ?? bytes) : bytes,
  )
  replaceFile(join(other, tokenFile), Buffer.concat([nextGeneration(before), ...joined]))
}

/** Copies every object of one token that the other lacks, with its attributes, as it lies there. */
export function copySoftObjects(store: string, { from, to }: { from: string; to: string }): number {
  const home = folderOf(store, from)
  const other = folderOf(store, to)
  const missing = objectsIn(home).filter((name) => !existsSync(join(other, name)))
  for (const name of missing) {
    copyFileSync(join(home, name), join(other, name))
    // SoftHSM destroys no object that has no lock file.
    writeFileSync(join(other, name.replace(/object$/, 'lock')), '', { mode: 0o600 })
  }
  replaceFile(join(other, listFile), nextGeneration(readFileSync(join(other, listFile))))
  return missing.length
}

const tokenFile = 'token.object'
/** The generation of the list of objects. */
const listFile = 'generation'
const generationBytes = 8

/** An open library reads a file anew when this number differs from the one that it knows. */
function nextGeneration(file: Buffer): Buffer {
  const next = Buffer.alloc(generationBytes)
  next.writeBigUInt64BE(file.readBigUInt64BE(0) + 1n)
  return next
}

function folderOf(store: string, serialNumber: string): string {
  const found = readdirSync(store).filter((name) => name.replaceAll('-', '').endsWith(serialNumber))
  const [only] = found
  if (only === undefined || found.length > 1)
    throw new RangeError(`serial: ${found.length} soft tokens end with ${serialNumber}`)
  return join(store, only)
}

const objectsIn = (folder: string) =>
  readdirSync(folder).filter((name) => name.endsWith('.object') && name !== tokenFile)

/** SoftHSM's object file: a generation number, then (type, kind, value), all integers 64-bit big-endian. */
function attributesOf(file: Buffer): { type: bigint; bytes: Buffer }[] {
  const found: { type: bigint; bytes: Buffer }[] = []
  let at = generationBytes
  while (at < file.length) {
    const start = at
    const kind = Number(file.readBigUInt64BE(at + 8))
    at += 16
    if (kind === 1) at += 1
    else if (kind === 2) at += 8
    else if (kind === 3) at += 8 + Number(file.readBigUInt64BE(at))
    else throw new RangeError(`token.object: an attribute of kind ${kind}`)
    found.push({ type: file.readBigUInt64BE(start), bytes: file.subarray(start, at) })
  }
  return found
}

/** Whoever reads it sees the old file or the new one, never a half. */
function replaceFile(path: string, bytes: Uint8Array): void {
  const fresh = join(path, '..', `.${basename(path)}.${process.pid}`)
  writeFileSync(fresh, bytes, { mode: 0o600 })
  renameSync(fresh, path)
}
