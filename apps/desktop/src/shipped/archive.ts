import { closeSync, openSync, readSync } from 'node:fs'

/** The header lists some hundred files. */
const headerLimit = 4 * 1024 * 1024
const fileLimit = 1024 * 1024

export type Entry = Readonly<Record<string, unknown>>

/** An asar archive, read as the plain file that it is: no Electron is needed, and none may stand in between. */
export type Archive = {
  /** Every file of the header as `[path, entry]`, in its order. */
  files: readonly (readonly [string, Entry])[]
  /** A small file that is packed inside. */
  read(path: string): Buffer
}

/** Throws for what is no archive or exceeds the caps. */
export function readArchive(path: string): Archive {
  // Chromium's pickle: sizes of the size, of the header with and without its padding, and of its JSON.
  const sizes = piece(path, 0, 16)
  const [headerSize, length] = [sizes.readUInt32LE(4), sizes.readUInt32LE(12)]
  if (sizes.readUInt32LE(0) !== 4 || length > headerLimit || headerSize < length + 8)
    throw new RangeError(`${path}: no archive`)
  const header: unknown = JSON.parse(piece(path, 16, length).toString('utf8'))
  const files = [...filesOf(header, '')]
  return {
    files,
    read(name) {
      const entry = files.find(([one]) => one === name)?.[1]
      const size = Number(entry?.size)
      const offset = Number(entry?.offset)
      if (!Number.isSafeInteger(size) || !Number.isSafeInteger(offset) || size > fileLimit)
        throw new RangeError(`${path}: holds no ${name}`)
      return piece(path, 8 + headerSize + offset, size)
    },
  }
}

export function isEntry(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function* filesOf(folder: unknown, prefix: string): Generator<readonly [string, Entry]> {
  const files = isEntry(folder) ? folder.files : null
  if (!isEntry(files)) throw new RangeError(`archive: ${prefix} is no folder`)
  for (const [name, entry] of Object.entries(files)) {
    if (!isEntry(entry)) throw new RangeError(`archive: ${prefix}${name} is nothing`)
    if ('files' in entry) yield* filesOf(entry, `${prefix}${name}/`)
    else yield [`${prefix}${name}`, entry]
  }
}

function piece(path: string, position: number, length: number): Buffer {
  // Electron's own fs would take the archive for a folder. Node knows no such switch.
  const before: unknown = Reflect.get(process, 'noAsar')
  Reflect.set(process, 'noAsar', true)
  try {
    const file = openSync(path, 'r')
    try {
      const bytes = Buffer.alloc(length)
      if (readSync(file, bytes, 0, length, position) !== length) throw new RangeError(`${path}: too short`)
      return bytes
    } finally {
      closeSync(file)
    }
  } finally {
    Reflect.set(process, 'noAsar', before)
  }
}
