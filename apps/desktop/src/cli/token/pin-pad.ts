import { defaultPadDeadlineMs, type Hsm } from '@lux/hsm'
import { say } from '../shell/output.ts'

/** Ctrl-C while somebody is asked at a token's own pad gives that entry up; at any other time it ends the command. */
export async function withPadCancel<T>(hsm: Hsm, work: () => Promise<T>): Promise<T> {
  const stop = () => {
    if (hsm.cancelPadEntry()) return
    process.off('SIGINT', stop)
    process.kill(process.pid, 'SIGINT')
  }
  process.on('SIGINT', stop)
  try {
    return await work()
  } finally {
    process.off('SIGINT', stop)
  }
}

/** `who`: whose PIN of which token. */
export function sayPad(who: string): void {
  const seconds = Math.round(defaultPadDeadlineMs / 1000)
  say(`Enter the ${who} on the token’s own pad, within ${seconds} seconds; Ctrl-C gives it up.`)
}
