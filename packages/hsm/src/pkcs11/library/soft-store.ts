import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** SoftHSM's own files: what its library hides or gets wrong has to be looked at here. */
export function softTokenStore(): string | null {
  const conf = process.env.SOFTHSM2_CONF
  if (!conf) return null
  try {
    return /^\s*directories\.tokendir\s*=\s*(.+?)\s*$/m.exec(readFileSync(conf, 'utf8'))?.[1] ?? null
  } catch {
    return null
  }
}

/**
 * All token folders, each with the time of its token object's last write. It changes when another program makes a token or enters a wrong
 * PIN.
 */
export function softTokenMarks(): string {
  const root = softTokenStore()
  if (!root) return ''
  try {
    return readdirSync(root)
      .sort()
      .map((name) => {
        // The clock of files is coarse: a file that was replaced within one tick shows only by being another file.
        const { mtimeMs, size, ino } = statSync(join(root, name, 'token.object'))
        return `${name} ${mtimeMs} ${size} ${ino}`
      })
      .join('/')
  } catch {
    // A token that is being made or removed this moment: look again next time.
    return 'changing'
  }
}

/** The token's folder: its name ends with the serial number's 16 digits. */
export function softTokenFolder(serial: string): string | null {
  const root = softTokenStore()
  if (!root) return null
  try {
    const folder = readdirSync(root).find((name) => name.replaceAll('-', '').endsWith(serial))
    return folder ? join(root, folder) : null
  } catch {
    return null
  }
}

export type DamagedFile = {
  readonly name: string
  readonly size: number
  readonly modified: number
  readonly reason: string
  /** The flags and numbers that stand before the cut, by CKA_: texts of a private object are encrypted there. */
  readonly holds: ReadonlyMap<number, boolean | bigint>
}

const maxObjectBytes = 1 << 20

/**
 * Object files that are empty or cut off. SoftHSM 2.6.1 leaves empty ones when it is killed while writing. On a full disk it reports
 * success for an unfinished file, and the key is gone with the process.
 */
export function damagedObjectFiles(serial: string): DamagedFile[] {
  const folder = softTokenFolder(serial)
  if (!folder) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith('.object'))
    .sort()
    .flatMap((name) => damageOf(folder, name) ?? [])
}

/** Null of a file that is whole, and of one that another program took away meanwhile. */
function damageOf(folder: string, name: string): DamagedFile | null {
  const path = join(folder, name)
  try {
    const { size, mtimeMs: modified } = statSync(path)
    const empty = { name, size, modified, holds: new Map<number, boolean | bigint>() }
    if (size === 0) return { ...empty, reason: 'an empty object file: a write was cut off' }
    const { whole, holds } =
      size <= maxObjectBytes ? readObjectFile(readFileSync(path)) : { ...empty, whole: false }
    return whole ? null : { ...empty, holds, reason: 'an object file that was cut off: its key is lost' }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** A generation number, then attributes of (type, kind, value), all integers 64-bit big-endian. Kinds as in ObjectFile.cpp. */
function readObjectFile(file: Buffer): Pick<DamagedFile, 'holds'> & { whole: boolean } {
  const holds = new Map<number, boolean | bigint>()
  let at = 8
  const long = (): number => {
    const value = at + 8 <= file.length ? Number(file.readBigUInt64BE(at)) : Number.NaN
    at += 8
    return value
  }
  while (at < file.length) {
    const type = long()
    const kind = long()
    if (kind === 1) {
      if (at < file.length) holds.set(type, file[at] !== 0)
      at += 1
    } else if (kind === 2) {
      if (at + 8 <= file.length) holds.set(type, file.readBigUInt64BE(at))
      at += 8
    } else if (kind >= 3 && kind <= 5) {
      const length = long()
      at += kind === 5 ? 8 * length : length
    } else return { whole: false, holds }
  }
  return { whole: at === file.length, holds }
}

const blockBytes = 4096

/** Why a soft token's folder cannot be written, as the system names it (ENOSPC, EROFS, EACCES, EFBIG), or null. */
export function storeProblem(folder: string): string | null {
  const trial = join(folder, `.write-trial-${randomUUID()}`)
  try {
    writeFileSync(trial, Buffer.alloc(blockBytes), { flag: 'wx', mode: 0o600 })
    return null
  } catch (error) {
    return error instanceof Error && 'code' in error && typeof error.code === 'string'
      ? error.code
      : 'unknown'
  } finally {
    try {
      unlinkSync(trial)
    } catch {
      // It was never made, or the store is gone; both are what is being reported.
    }
  }
}
