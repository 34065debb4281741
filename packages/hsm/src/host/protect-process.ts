import { load } from 'koffi'

const PR_SET_DUMPABLE = 4
const RLIMIT_CORE = 4

/** Linux: no core dump, and no other process of the same user may attach or read this one's memory. */
export function protectProcess(): void {
  if (process.platform !== 'linux') return
  const libc = load('libc.so.6')
  const prctl = libc.func('prctl', 'int', ['int', 'ulong', 'ulong', 'ulong', 'ulong'])
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
  const setrlimit = libc.func('setrlimit', 'int', ['int', 'void *'])
  setrlimit(RLIMIT_CORE, Buffer.alloc(16))
}
