import { open, truncate } from 'node:fs/promises'
import { canonicalString, utf8 } from '@lux/crypto'
import { parseState, readIfPresent } from '../platform/state-folder/private-file.ts'
import { EnvironmentError } from '../refusal.ts'
import type { LifecycleRepository } from './lifecycle-repository.ts'
import type { SignedShredReceipt } from './operations/ending.ts'

/** Receipts of what was shredded, one a line, outside the database: what an older database would bring back is known here. */
export type ShredLog = {
  /** Durable before it resolves. */
  add(line: string): Promise<void>
  read(): Promise<readonly SignedShredReceipt[]>
}

const mostBytes = 64 << 20

export function openShredLog(path: string): ShredLog {
  return {
    async add(line) {
      const file = await open(path, 'a', 0o600)
      try {
        await file.appendFile(`${line}\n`)
        await file.sync()
      } finally {
        await file.close()
      }
    },
    async read() {
      const bytes = await readIfPresent(path, mostBytes)
      if (bytes === 'absent') return []
      const whole = Buffer.from(bytes).lastIndexOf('\n') + 1
      // What follows the last end of line was cut off by a crash, before anything was shredded.
      if (whole < bytes.length) await truncate(path, whole)
      const lines = Buffer.from(bytes).toString('utf8', 0, whole).split('\n')
      return lines.slice(0, -1).map((line) => readLine(path, line))
    },
  }
}

/** Brings a database that was restored from before a shredding to what the log says. */
export async function shredAgain(log: ShredLog, rows: LifecycleRepository): Promise<void> {
  for (const receipt of await log.read()) {
    const { what, id, level } = receipt.payload
    if ((await rows.findTombstone(what, id)) === 'absent')
      await rows.shredKey(id, canonicalString(receipt), receipt.payload)
    if (level === 'S1') await rows.raiseShred(what, id, canonicalString(receipt))
  }
}

function readLine(path: string, line: string): SignedShredReceipt {
  // The server wrote the line, and what is used of it is looked at here.
  const value = parseState(path, utf8(line)) as unknown as SignedShredReceipt
  if (value.payload?.kind === 'shred-receipt' && typeof value.payload.id === 'string') return value
  throw new EnvironmentError('STATE-DAMAGED', `${path} is not a log of shred receipts`)
}
