import { load } from 'koffi'

const PR_SET_PDEATHSIG = 1
const PR_SET_DUMPABLE = 4
const SIGKILL = 9
const RLIMIT_CORE = 4
const F_SETFD = 2
const FD_CLOEXEC = 1

/** Linux: no core dump, and no other process of the same user may attach or read this one's memory. Throws where that fails. */
export function protectProcess(): void {
  if (process.platform !== 'linux') return
  const libc = load('libc.so.6')
  const prctl = libc.func('prctl', 'int', ['int', 'ulong', 'ulong', 'ulong', 'ulong'])
  const setrlimit = libc.func('setrlimit', 'int', ['int', 'void *'])
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) !== 0 || setrlimit(RLIMIT_CORE, Buffer.alloc(16)) !== 0)
    throw new Error('this process could not be kept from dumps and from the eyes of others')
}

/**
 * Linux: this process ends at once with its parent. That holds inside calls that hear no message, such as a pad entry or a WebAssembly key.
 * Not for a token's process at work: killed while it writes, a soft token keeps half an object. Returns what undoes it.
 */
export function endWithParent(): () => void {
  if (process.platform !== 'linux') return () => {}
  const prctl = load('libc.so.6').func('prctl', 'int', ['int', 'ulong', 'ulong', 'ulong', 'ulong'])
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) !== 0)
    throw new Error('this process could not be tied to the life of its parent')
  return () => void prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0)
}

/** These descriptors are closed in whatever program a library starts: it neither hears nor answers for this process. */
export function keepFromPrograms(descriptors: readonly number[]): void {
  if (process.platform !== 'linux') return
  const fcntl = load('libc.so.6').func('fcntl', 'int', ['int', 'int', 'int'])
  for (const descriptor of descriptors)
    if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) !== 0)
      throw new Error('a channel of this process could not be kept from other programs')
}
