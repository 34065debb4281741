import { createHash } from 'node:crypto'
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { hsmError } from '../hsm-errors.ts'

const machines: Readonly<Record<string, number>> = { x64: 62, arm64: 183, riscv64: 243, ppc64: 21, s390x: 22 }

const maxLibraryBytes = 512 * 1024 * 1024

/**
 * Looks at a library before anything of it runs: present, a file, on Linux an ELF shared object for this processor.
 * Returns its SHA-256. A loader's own message for a 32-bit file would name neither the file nor the reason.
 */
export function preflightLibrary(path: string): { sha256: string } {
  let size: number
  try {
    const stat = statSync(path)
    if (!stat.isFile()) throw hsmError('HSM-LIBRARY-INVALID', `${path} is not a file`)
    size = stat.size
  } catch (error) {
    if (
      error instanceof Error &&
      'code' in error &&
      typeof error.code === 'string' &&
      /^E/.test(error.code)
    ) {
      throw hsmError('HSM-LIBRARY-MISSING', `${path}: ${error.code}`)
    }
    throw error
  }
  if (size > maxLibraryBytes)
    throw hsmError('HSM-LIBRARY-INVALID', `${path} is larger than any token library`)
  if (process.platform === 'linux') checkElf(path, size)
  return { sha256: createHash('sha256').update(readFileSync(path)).digest('hex') }
}

function checkElf(path: string, size: number): void {
  const head = Buffer.alloc(64)
  const fd = openSync(path, 'r')
  let got: number
  try {
    got = readSync(fd, head, 0, head.length, 0)
  } finally {
    closeSync(fd)
  }
  if (got < 64 || head.readUInt32BE(0) !== 0x7f45_4c46) {
    throw hsmError('HSM-LIBRARY-INVALID', `${path} is not a shared library`)
  }
  if (head[4] !== 2)
    throw hsmError('HSM-LIBRARY-INVALID', `${path} is a 32-bit library; this program is 64-bit`)
  const little = head[5] === 1
  const type = little ? head.readUInt16LE(16) : head.readUInt16BE(16)
  const machine = little ? head.readUInt16LE(18) : head.readUInt16BE(18)
  if (type !== 3) throw hsmError('HSM-LIBRARY-INVALID', `${path} is an ELF file but not a shared library`)
  const expected = machines[process.arch]
  if (expected !== undefined && machine !== expected) {
    throw hsmError('HSM-LIBRARY-INVALID', `${path} is for another processor (ELF machine ${machine})`)
  }
  // The section headers end the file; the loader dies of SIGBUS in a library that was cut short.
  const offset = little ? head.readBigUInt64LE(0x28) : head.readBigUInt64BE(0x28)
  const [entrySize, count] = [0x3a, 0x3c].map((at) =>
    little ? head.readUInt16LE(at) : head.readUInt16BE(at),
  )
  if (offset + BigInt((entrySize ?? 0) * (count ?? 0)) > BigInt(size)) {
    throw hsmError('HSM-LIBRARY-INVALID', `${path} is cut short`)
  }
}
