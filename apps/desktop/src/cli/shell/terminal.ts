import type { ReadStream } from 'node:tty'
import { wipe } from '@lux/crypto'
import { ExpectedError } from '@lux/node-files'
import { escapeForTerminal, escapeLinesForTerminal } from './safe-text.ts'
import { surroundings } from './surroundings.ts'
import { WrongUse } from './wrong-use.ts'

const interrupt = 3
const endOfFile = 4
const lineEnds = [10, 13]
const erasers = [8, 127]

/** One line typed without echo, as bytes that the caller wipes. Errors: SECRET-NO-TERMINAL, SECRET-CANCELLED. */
export async function askSecret(prompt: string, instead: string): Promise<Uint8Array> {
  const { err, terminal: open } = surroundings()
  const terminal = open()
  if (terminal === null) throw new WrongUse('SECRET-NO-TERMINAL', `${prompt}: there is no terminal`, instead)
  // Echo is off before anybody is asked: who types at once is not shown either.
  terminal.setRawMode(true)
  try {
    err(`${escapeForTerminal(prompt)}: `)
    return await readHidden(terminal, prompt)
  } finally {
    terminal.setRawMode(false)
    terminal.destroy()
    err('\n')
  }
}

function readHidden(terminal: ReadStream, prompt: string): Promise<Uint8Array> {
  const typed = new Uint8Array(1024)
  let length = 0
  return new Promise((resolve, reject) => {
    const stop = (act: () => void) => {
      terminal.removeAllListeners('data')
      act()
      wipe(typed)
    }
    terminal.on('data', (chunk: Buffer) => {
      for (const byte of chunk) {
        if (lineEnds.includes(byte)) stop(() => resolve(typed.slice(0, length)))
        else if (byte === interrupt || byte === endOfFile)
          stop(() => reject(new WrongUse('SECRET-CANCELLED', `${prompt}: nothing was entered`)))
        else if (erasers.includes(byte)) length = withoutLastCharacter(typed, length)
        else if (length < typed.length) typed[length++] = byte
      }
      chunk.fill(0)
    })
  })
}

/** UTF-8: the continuation bytes of a character go with its first byte. */
function withoutLastCharacter(typed: Uint8Array, length: number): number {
  let at = length
  while (at > 0 && ((typed[at - 1] ?? 0) & 0xc0) === 0x80) at -= 1
  return Math.max(0, at - 1)
}

/**
 * In production a person at the terminal says yes to what was shown, unless the command's `--yes` says it. `not`: what is so where they do
 * not. Errors: REQUEST-DECLINED, CONFIRM-NO-TERMINAL.
 */
export async function mustAgree(
  question: string,
  { domain, yes }: { domain: string; yes: boolean | undefined },
  not = 'nothing was signed',
): Promise<void> {
  if (domain === 'production' && yes !== true && !(await askYes(question)))
    throw new ExpectedError('REQUEST-DECLINED', `you did not say yes; ${not}`)
}

/** Whether the person typed `yes`. Errors: CONFIRM-NO-TERMINAL. */
async function askYes(question: string): Promise<boolean> {
  const { err, terminal: open } = surroundings()
  const terminal = open()
  if (terminal === null) {
    throw new WrongUse('CONFIRM-NO-TERMINAL', 'production asks a person, and there is no terminal')
  }
  err(`${escapeLinesForTerminal(question)} Type yes to sign: `)
  try {
    for await (const chunk of terminal) return String(chunk).trim() === 'yes'
    return false
  } finally {
    terminal.destroy()
  }
}
