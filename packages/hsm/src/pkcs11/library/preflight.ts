import { createHash } from 'node:crypto'
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { hsmError } from '../../hsm-errors.ts'
import { type ElfNeeds, elfMachines, readElf, readNeeds } from './elf.ts'

const maxLibraryBytes = 512 * 1024 * 1024
const maxLibraries = 256

type Preflight = {
  readonly sha256: string
  /** Libraries that it loads, directly and through others, by the names in the files. */
  readonly needs: readonly string[]
}

/**
 * Checks a library before any of it runs. It must be a file, and the pinned one where the plan pins one (`pinned`, SHA-256 in hex). On
 * Linux it must be an ELF shared object for this processor, with all its own libraries present. A loader's message about a 32-bit file
 * would name neither the file nor the reason.
 */
export function preflightLibrary(path: string, pinned: string | null = null): Preflight {
  const file = readLibrary(path)
  const sha256 = createHash('sha256').update(file).digest('hex')
  if (pinned !== null && pinned !== sha256)
    throw hsmError('HSM-LIBRARY-CHANGED', `${path} has the SHA-256 ${sha256}, pinned is ${pinned}`)
  if (process.platform !== 'linux') return { sha256, needs: [] }
  checkElf(path, file)
  return { sha256, needs: requireDependencies(path, file) }
}

function readLibrary(path: string): Buffer {
  try {
    const stat = statSync(path)
    if (!stat.isFile()) throw hsmError('HSM-LIBRARY-INVALID', `${path} is not a file`)
    if (stat.size > maxLibraryBytes)
      throw hsmError('HSM-LIBRARY-INVALID', `${path} is larger than any token library`)
    return readFileSync(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string' && /^E/.test(error.code))
      throw hsmError('HSM-LIBRARY-MISSING', `${path}: ${error.code}`)
    throw error
  }
}

function checkElf(path: string, file: Buffer): void {
  const elf = readElf(file)
  if (!elf) throw hsmError('HSM-LIBRARY-INVALID', `${path} is not a shared library`)
  if (elf.bits !== 64)
    throw hsmError('HSM-LIBRARY-ARCHITECTURE', `${path} is a 32-bit library; this program is 64-bit`)
  if (!elf.shared) throw hsmError('HSM-LIBRARY-INVALID', `${path} is an ELF file but not a shared library`)
  const expected = elfMachines[process.arch]
  if (expected !== undefined && elf.machine !== expected)
    throw hsmError(
      'HSM-LIBRARY-ARCHITECTURE',
      `${path} is for another processor (ELF machine ${elf.machine})`,
    )
  if (elf.cut) throw hsmError('HSM-LIBRARY-INVALID', `${path} is cut short`)
}

/** A library as the loader took it in, and the one for whose sake. */
type Loaded = ElfNeeds & { readonly at: string; readonly by: Loaded | null }

/**
 * All libraries that this one needs, directly or through others, breadth first like the loader: a library found for one is there for all.
 * Where the loader has no cache (musl) nothing is claimed.
 */
function requireDependencies(path: string, file: Buffer): readonly string[] {
  const cache = loaderCache()
  if (!cache) return []
  const found = new Set<string>()
  const root: Loaded = { ...needsOf(path, file), at: path, by: null }
  const known = new Set(root.soname === null ? [] : [root.soname])
  const queue: Loaded[] = [root]
  for (const library of queue) {
    for (const name of library.needed) {
      if (known.has(name) || found.size > maxLibraries) continue
      known.add(name)
      found.add(name)
      const at = locate(name, foldersFor(library), cache)
      if (!at)
        throw hsmError(
          'HSM-LIBRARY-DEPENDENCY',
          library === root
            ? `${path} needs ${name}, which is not installed`
            : `${path} needs ${library.at}, which needs ${name}; that is not installed`,
        )
      const next: Loaded = { ...needsOf(at, readFileSync(at)), at, by: library }
      if (next.soname !== null) known.add(next.soname)
      queue.push(next)
    }
  }
  return [...found].sort()
}

/** Its RUNPATH. Without one: its RPATH, then the RPATH of the library that loads it. */
function foldersFor(library: Loaded): readonly string[] {
  const from = (at: string, folders: readonly string[]) =>
    folders.map((folder) => folder.replaceAll(/\$(?:ORIGIN\b|\{ORIGIN\})/g, () => dirname(at)))
  if (library.runpath !== null) return from(library.at, library.runpath)
  const folders: string[] = []
  for (let one: Loaded | null = library; one !== null; one = one.by) folders.push(...from(one.at, one.rpath))
  return folders
}

function needsOf(path: string, content: Buffer): ElfNeeds {
  try {
    return readNeeds(content)
  } catch (error) {
    if (error instanceof RangeError)
      throw hsmError('HSM-LIBRARY-INVALID', `${path} is damaged: its tables point outside it`)
    throw error
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}

const usualFolders = ['/lib', '/usr/lib', '/lib64', '/usr/lib64']

function locate(name: string, folders: readonly string[], cache: ReadonlyMap<string, string>): string | null {
  if (name.includes('/')) return isFile(name) ? name : null
  const near = folders.map((folder) => join(folder, name)).find((at) => isFile(at))
  if (near) return near
  const cached = cache.get(name)
  if (cached && isFile(cached)) return cached
  return usualFolders.map((folder) => join(folder, name)).find((at) => isFile(at)) ?? null
}

const cacheMagic = 'glibc-ld.so.cache1.1'
const cacheHeaderBytes = 48
const cacheEntryBytes = 24
const maxCacheBytes = 64 * 1024 * 1024

/** /etc/ld.so.cache of glibc: magic, count (u32), …, then entries of 24 bytes whose second and third u32 are text offsets. */
function loaderCache(): ReadonlyMap<string, string> | null {
  const path = '/etc/ld.so.cache'
  let file: Buffer
  try {
    if (statSync(path).size > maxCacheBytes) return null
    file = readFileSync(path)
  } catch {
    return null
  }
  const start = file.indexOf(cacheMagic)
  if (start < 0) return null
  const count = file.readUInt32LE(start + cacheMagic.length)
  const text = (offset: number) => {
    const end = file.indexOf(0, start + offset)
    return end < 0 ? '' : file.toString('utf8', start + offset, end)
  }
  const libraries = new Map<string, string>()
  for (let i = 0; i < count; i++) {
    const at = start + cacheHeaderBytes + i * cacheEntryBytes
    if (at + cacheEntryBytes > file.length) return null
    const name = text(file.readUInt32LE(at + 4))
    const where = text(file.readUInt32LE(at + 8))
    // The cache lists 32-bit libraries under the same names.
    if (libraries.has(name) && !is64(where)) continue
    libraries.set(name, where)
  }
  return libraries
}

function is64(path: string): boolean {
  const head = Buffer.alloc(64)
  try {
    const fd = openSync(path, 'r')
    try {
      readSync(fd, head, 0, head.length, 0)
    } finally {
      closeSync(fd)
    }
  } catch {
    return false
  }
  return readElf(head)?.bits === 64
}
