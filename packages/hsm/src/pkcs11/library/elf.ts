/** What an ELF file says of itself, 64-bit only. Numbers: System V ABI, gABI 4 chapters 4 and 5. */
type Elf = {
  readonly bits: 32 | 64
  readonly machine: number
  readonly shared: boolean
  /** Section headers end the file; the loader dies of SIGBUS in a library that was cut short. */
  readonly cut: boolean
}

/** `rpath` is empty where there is a RUNPATH, which hides it. */
export type ElfNeeds = {
  readonly needed: readonly string[]
  readonly rpath: readonly string[]
  readonly runpath: readonly string[] | null
  /** What it calls itself. */
  readonly soname: string | null
}

const needsNothing: ElfNeeds = { needed: [], rpath: [], runpath: null, soname: null }

export const elfMachines: Readonly<Record<string, number>> = {
  x64: 62,
  arm64: 183,
  riscv64: 243,
  ppc64: 21,
  s390x: 22,
}

const headerBytes = 64
const programHeaderBytes = 56
const dynamicEntryBytes = 16
const PT_LOAD = 1
const PT_DYNAMIC = 2
const DT_NEEDED = 1n
const DT_STRTAB = 5n
const DT_SONAME = 14n
const DT_RPATH = 15n
const DT_RUNPATH = 29n

type Reader = { u16(at: number): number; u32(at: number): number; u64(at: number): bigint }

function reader(file: Buffer): Reader {
  const little = file[5] === 1
  return {
    u16: (at) => (little ? file.readUInt16LE(at) : file.readUInt16BE(at)),
    u32: (at) => (little ? file.readUInt32LE(at) : file.readUInt32BE(at)),
    u64: (at) => (little ? file.readBigUInt64LE(at) : file.readBigUInt64BE(at)),
  }
}

/** null: no ELF file. */
export function readElf(file: Buffer): Elf | null {
  if (file.length < headerBytes || file.readUInt32BE(0) !== 0x7f45_4c46) return null
  const read = reader(file)
  const bits = file[4] === 2 ? 64 : 32
  const end = bits === 64 ? read.u64(0x28) + BigInt(read.u16(0x3a) * read.u16(0x3c)) : 0n
  return { bits, machine: read.u16(18), shared: read.u16(16) === 3, cut: end > BigInt(file.length) }
}

/** DT_NEEDED, DT_SONAME, and the folders of RPATH and RUNPATH as they are written there; nothing of a file that is not 64-bit ELF. Throws RangeError on a file that lies about itself. */
export function readNeeds(file: Buffer): ElfNeeds {
  if (readElf(file)?.bits !== 64) return needsNothing
  const read = reader(file)
  const at = Number(read.u64(0x20))
  const count = read.u16(0x38)
  const segments = Array.from({ length: count }, (_, i) => {
    const p = at + i * programHeaderBytes
    return {
      type: read.u32(p),
      offset: Number(read.u64(p + 8)),
      address: read.u64(p + 16),
      size: Number(read.u64(p + 32)),
    }
  })
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC)
  if (!dynamic) return needsNothing
  const entries: [bigint, bigint][] = []
  for (let i = 0; i + dynamicEntryBytes <= dynamic.size; i += dynamicEntryBytes)
    entries.push([read.u64(dynamic.offset + i), read.u64(dynamic.offset + i + 8)])
  const table = entries.find(([tag]) => tag === DT_STRTAB)?.[1]
  const home = segments.find(
    (s) =>
      s.type === PT_LOAD && table !== undefined && table >= s.address && table < s.address + BigInt(s.size),
  )
  if (table === undefined || !home) return needsNothing
  const strings = home.offset + Number(table - home.address)
  const text = (offset: bigint): string => {
    const start = strings + Number(offset)
    const end = file.indexOf(0, start)
    return end < 0 ? '' : file.toString('utf8', start, end)
  }
  const all = (tag: bigint) => entries.filter(([one]) => one === tag).map(([, value]) => text(value))
  const folders = (tag: bigint) => all(tag).flatMap((list) => list.split(':'))
  const runpath = folders(DT_RUNPATH)
  return {
    needed: all(DT_NEEDED),
    rpath: runpath.length > 0 ? [] : folders(DT_RPATH),
    runpath: runpath.length > 0 ? runpath : null,
    soname: all(DT_SONAME)[0] ?? null,
  }
}
