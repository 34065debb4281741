import { execFileSync } from 'node:child_process'
import { userCommand } from '../../scripts/electron/launch.ts'

/**
 * While `work` runs, no file of the process grows over `bytes`: to a program that writes, a disk with no more room. It
 * needs no rights that a tester may lack, as a small file system would.
 */
export async function onFullDisk(pid: number, bytes: number, work: () => Promise<void>): Promise<void> {
  const limit = (soft: string): void => {
    const [program, args] = userCommand('prlimit', [`--fsize=${soft}:`, '--pid', String(pid)])
    execFileSync(program, args, { stdio: 'inherit' })
  }
  limit(String(bytes))
  try {
    await work()
  } finally {
    limit('unlimited')
  }
}
